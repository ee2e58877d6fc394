package record

import "bytes"

// PeekTime is [Peek] for those who need the time alone, and need it of millions
// of records: Unix milliseconds, 0 when unknown. Of a JSON object it is what Peek
// finds.
func PeekTime(data []byte) int64 {
	if value, ok := plainTime(data); ok {
		if value == nil {
			return 0
		}
		sec, nsec, ok := timeOf(value)
		if !ok {
			return 0
		}
		return sec*1000 + int64(nsec/1e6)
	}
	return Peek(data).Time
}

var quotedTime = []byte(`"time"`)

// plainTime finds the value of the key time without looking at all that stands
// before it, where that cannot be anything else: it stands there once, nothing
// is escaped, and no object or array begins before it. It reports false when it
// cannot tell, and a nil value when there is none.
func plainTime(data []byte) (value []byte, ok bool) {
	if len(data) == 0 || data[0] != '{' || bytes.IndexByte(data, '\\') >= 0 {
		return nil, false
	}
	at := bytes.Index(data, quotedTime)
	if at < 0 {
		return nil, true
	}
	before, after := data[1:at], data[at+len(quotedTime):]
	if bytes.IndexByte(before, '{') >= 0 || bytes.IndexByte(before, '[') >= 0 || bytes.Contains(after, quotedTime) {
		return nil, false
	}
	// A key follows the beginning or a comma, and a colon follows it.
	i := at - 1
	for i > 0 && skipSpace(data[i:at], 0) > 0 {
		i--
	}
	if data[i] != ',' && i != 0 {
		return nil, false
	}
	j := skipSpace(after, 0)
	if j == len(after) || after[j] != ':' {
		return nil, false
	}
	j = skipSpace(after, j+1)
	if j == len(after) {
		return nil, false
	}
	end := -1
	if after[j] == '"' {
		if n := bytes.IndexByte(after[j+1:], '"'); n >= 0 {
			end = j + 1 + n + 1
		}
	} else if n := bytes.IndexAny(after[j:], ",} \t\r\n"); n > 0 {
		end = j + n
	}
	if end < 0 || after[j] == '{' || after[j] == '[' {
		return nil, false
	}
	return after[j:end], true
}
