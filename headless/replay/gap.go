package replay

import (
	"bytes"
	"strconv"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// gapOf reads a record in which Sluice recorded a loss, as a recorder writes it
// or a consolidator tells it to foreign readers, as a notice without a place. at is its time, in Unix milliseconds.
func gapOf(line []byte, at int64) (stream.Notice, bool) {
	if !bytes.Contains(line, []byte(`"sluice"`)) || !bytes.Contains(line, []byte(`"dropped"`)) {
		return stream.Notice{}, false
	}
	r := record.Parse(line)
	if !r.JSON || r.Name != "sluice" {
		return stream.Notice{}, false
	}
	dropped, ok := r.Field("dropped")
	if !ok {
		return stream.Notice{}, false
	}
	n := stream.Notice{Kind: stream.KindGap, Time: time.UnixMilli(at)}
	count, err := strconv.ParseUint(dropped, 10, 64)
	unknown, _ := r.Field("unknown")
	n.Count, n.Unknown = count, err != nil || unknown == "true"
	n.Source, _ = r.Field("source")
	n.Hop, _ = r.Field("hop")
	if n.Reason, ok = r.Field("cause"); !ok {
		n.Reason = r.Msg
	}
	return n, true
}
