package loss

import (
	"strconv"
	"time"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
)

// keyDropped is the field that counts.
const keyDropped = "dropped"

// AppendRecord appends the loss as it stands in a recording: a bunyan record of
// level warn on one line, without a line break.
func (l *Loss) AppendRecord(dst []byte, now time.Time) []byte {
	return record.AppendNotice(
		dst, now, record.Warn, l.Text(),
		"stream", l.Stream, keyDropped, l.Count, "unknown", l.Unknown, "source", l.Source, "hop", l.Hop, "cause", l.Reason,
		record.NoticeKey, record.NoticeDropped,
	)
}

// AppendInBand appends what a consolidator writes to a foreign ZeroMQ reader that lost
// so many records: a bunyan record of level warn on one line, without a line break.
// Anybody can publish one that looks the same, so nobody of ours believes it.
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

// ParseRecord reads what [Loss.AppendRecord] and [Event.AppendText] write; ok is false
// for anything else, whatever it says: no record that passed a recorder or a proxy ends
// so. See record.IsLoss. A field that is missing is left empty; without a reason of its own
// the record's message is the reason.
func ParseRecord(line []byte) (l Loss, ok bool) {
	if !record.IsLoss(line) || !jsonscan.ValidObject(line) {
		return Loss{}, false
	}
	r := record.Parse(line)
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
