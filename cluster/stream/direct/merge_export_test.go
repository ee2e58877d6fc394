package direct

import (
	"context"
	"time"

	"sluice/cluster/rescue"
	"sluice/cluster/stream"
)

// Merge is the merging of one tail's backfill.
type Merge struct{ *merge }

// NewMerge waits for more than will be held.
func NewMerge(ctx context.Context, out *stream.Handover, name string, from stream.Backfill) Merge {
	m := newMerge(out, name, from, time.Hour)
	context.AfterFunc(ctx, m.stop)
	m.waiting[nil] = true
	m.begin(rescue.NewGroup(ctx))
	return Merge{m}
}

// Hold keeps what came from one source, and panics when it is too late.
func (m Merge) Hold(recs []stream.Record, notices ...stream.Notice) {
	if !m.hold(recs, notices) {
		panic("the merging is over")
	}
}

// Answered ends the waiting.
func (m Merge) Answered() { m.answered(nil) }
