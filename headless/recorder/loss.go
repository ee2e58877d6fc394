package recorder

import (
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// loss is something that a recording does not have, as it stands in it.
type loss struct {
	stream  string
	source  string // the consolidator, or the proxy; may be empty
	hop     string // "consolidator", "proxy", "network", or empty
	cause   string // why, for people
	count   uint64 // records, exactly
	unknown bool   // and a number that nobody knows
}

// appendLoss appends a loss as a bunyan record of level warn, without a line
// break.
func appendLoss(dst []byte, now time.Time, l *loss) []byte {
	n := stream.Notice{Stream: l.stream, Source: l.source, Hop: l.hop, Reason: l.cause, Count: l.count, Unknown: l.unknown}
	return record.AppendNotice(
		dst, now, record.Warn, gapText(&n),
		"stream", l.stream, "dropped", l.count, "unknown", l.unknown, "source", l.source, "hop", l.hop, "cause", l.cause,
	)
}

func lossOf(n *stream.Notice) loss {
	return loss{stream: n.Stream, source: n.Source, hop: n.Hop, cause: n.Reason, count: n.Count, unknown: n.Unknown}
}
