package stream

import (
	"fmt"
	"strconv"
	"time"

	"sluice/cluster/record"
)

// AwayText is what a notice of KindAway says to people, sanitised: "vm-2 was away
// 6 s; what its publishers dropped meanwhile is unknown".
func (n *Notice) AwayText() string {
	verb := "was away"
	if n.Stood {
		verb = "stood still for"
	}
	return record.Safe(n.Source) + " " + verb + " " + span(n.Away) + "; what its publishers dropped meanwhile is unknown"
}

// AppendAway appends a notice of KindAway as it stands in a recording, and as a reader
// of text gets it: a bunyan record of level warn on one line, without a line break.
func (n *Notice) AppendAway(dst []byte) []byte {
	return record.AppendNotice(dst, n.Time, record.Warn, n.AwayText(), "source", n.Source, "away", n.AwaySeconds(), record.NoticeKey, record.NoticeAway)
}

// AwaySeconds is Away in seconds, exact to a millisecond, as it is written.
func (n *Notice) AwaySeconds() float64 { return float64(n.Away.Milliseconds()) / 1000 }

// span is a duration for people: "1.3 s", "42 s", "3 min 5 s".
func span(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64) + " s"
	case d < time.Minute:
		return strconv.Itoa(int(d.Round(time.Second).Seconds())) + " s"
	case d < time.Hour:
		d = d.Round(time.Second)
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
}
