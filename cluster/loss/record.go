package loss

import (
	"bytes"
	"strconv"
	"time"

	"sluice/cluster/record"
)

// keyDropped is the field by which a record is known to be about a loss.
const keyDropped = "dropped"

// AppendRecord appends the loss as it stands in a recording: a bunyan record of
// level warn on one line, without a line break.
func (l *Loss) AppendRecord(dst []byte, now time.Time) []byte {
	return record.AppendNotice(
		dst, now, record.Warn, l.Text(),
		"stream", l.Stream, keyDropped, l.Count, "unknown", l.Unknown, "source", l.Source, "hop", l.Hop, "cause", l.Reason,
	)
}

// AppendInBand appends what a consolidator writes to a foreign ZeroMQ reader that lost
// so many records: a bunyan record of level warn on one line, without a line break.
func AppendInBand(dst []byte, now time.Time, count uint64, reason string) []byte {
	return record.AppendNotice(dst, now, record.Warn, dropped(count)+": "+reason, keyDropped, count)
}

// dropped is a number of records as in-band records and readers of text get it.
func dropped(n uint64) string {
	if n == 1 {
		return "1 record dropped"
	}
	return strconv.FormatUint(n, 10) + " records dropped"
}

// ParseRecord reads a record about a loss, in any of the forms that this package
// writes; ok is false for any other. A field that the form does not have is left
// empty; without a reason of its own the record's message is the reason.
func ParseRecord(line []byte) (l Loss, ok bool) {
	if !bytes.Contains(line, []byte(`"sluice"`)) || !bytes.Contains(line, []byte(`"`+keyDropped+`"`)) {
		return Loss{}, false // quickly, for nearly all records
	}
	r := record.Parse(line)
	if !r.JSON || r.Name != "sluice" {
		return Loss{}, false
	}
	count, ok := r.Field(keyDropped)
	if !ok {
		return Loss{}, false
	}
	n, err := strconv.ParseUint(count, 10, 64)
	unknown, _ := r.Field("unknown")
	l.Count, l.Unknown = n, err != nil || unknown == "true"
	first := func(keys ...string) string {
		for _, key := range keys {
			if value, ok := r.Field(key); ok {
				return value
			}
		}
		return ""
	}
	l.Stream = first("stream")
	l.Source = first("source", "consolidator")
	l.Hop = first("hop")
	if l.Reason = first("cause", "reason"); l.Reason == "" {
		l.Reason = r.Msg
	}
	return l, true
}
