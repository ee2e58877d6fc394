package record

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"sluice/cluster/jsonscan"
)

var hostname = sync.OnceValue(func() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "unknown"
	}
	return name
})

// AppendNotice appends a bunyan record by Sluice itself, such as a report of a
// loss: name "sluice", this host, this process. fields are keys, which are
// strings, and values in turn; a last key without a value is left out. Values
// may be anything that encoding/json can write; errors and anything else stand
// as their text. It is one line, without a line break at its end. One that is no record
// has [NoticeKey] as its last field.
func AppendNotice(dst []byte, now time.Time, level Level, msg string, fields ...any) []byte {
	dst = appendHead(dst, "sluice", hostname(), os.Getpid())
	dst = strconv.AppendInt(dst, int64(level), 10)
	dst = append(dst, `,"time":"`...)
	dst = now.UTC().AppendFormat(dst, timeLayout)
	dst = append(dst, `","msg":`...)
	dst = jsonscan.AppendString(dst, msg)
	for ; len(fields) >= 2; fields = fields[2:] {
		dst = append(dst, ',')
		dst = jsonscan.AppendString(dst, fmt.Sprint(fields[0]))
		dst = append(dst, ':')
		dst = appendValue(dst, fields[1])
	}
	return append(dst, '}')
}

func appendValue(dst []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return jsonscan.AppendString(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case uint64:
		return strconv.AppendUint(dst, v, 10)
	case error:
		return jsonscan.AppendString(dst, v.Error())
	}
	out, err := jsonscan.Marshal(value)
	if err != nil {
		return jsonscan.AppendString(dst, fmt.Sprint(value))
	}
	return append(dst, out...)
}
