package proxy

import (
	"strconv"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// appendLossText appends a loss as readers of text get it: a bunyan record.
func appendLossText(dst []byte, loss stream.LossEvent) []byte {
	what := strconv.FormatUint(loss.Count, 10) + " records dropped"
	switch {
	case loss.Unknown && loss.Count == 0:
		what = "an unknown number of records dropped"
	case loss.Unknown:
		what += ", and an unknown number"
	}
	fields := []any{
		"dropped", loss.Count, "unknown", loss.Unknown, "total", loss.Total, "since", loss.Since,
		"stream", loss.Stream, "hop", loss.Hop, "reason", loss.Reason,
	}
	if loss.Consolidator != "" {
		fields = append(fields, "consolidator", loss.Consolidator)
	}
	dst = record.AppendNotice(dst, time.Now(), record.Warn, what+": "+loss.Reason, fields...)
	return append(dst, '\n')
}
