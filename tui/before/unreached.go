package before

import (
	"context"
	"maps"
	"slices"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// What came last may be on its way into an archive: that is waited for, so often at most in
// one reading, however many streams it is of.
const (
	onItsWay = 300 * time.Millisecond
	waits    = 5
)

// patience is how often what is on its way is waited for still.
type patience struct{ left int }

// until reads again while what is read of a stream does not lead up to the places where it
// should end, as long as there is patience. read returns where it came to, and whether it
// went on to the end.
func (w *patience) until(ctx context.Context, to map[string]loss.Position, read func() (ends map[string]loss.Position, ended bool, err error)) error {
	for {
		ends, ended, err := read()
		if err != nil || !ended || w.left == 0 || !behind(to, ends) {
			return err
		}
		w.left--
		select {
		case <-time.After(onItsWay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// behind reports whether what was read of some source does not lead up to a place.
func behind(want, ends map[string]loss.Position) bool {
	for source, to := range want {
		at, ok := ends[source]
		if _, lost := missing(at, to); lost || !ok && to.Seq > 0 {
			return true
		}
	}
	return false
}

// missing is what lies between where reading a source has come to and a place behind that.
func missing(at, to loss.Position) (l loss.Loss, some bool) {
	switch {
	case at.Epoch == to.Epoch && at.Seq < to.Seq:
		return loss.Loss{Count: to.Seq - at.Seq}, true
	case at.Epoch != 0 && at.Epoch != to.Epoch && to.Seq > 0: // and what came last before the restart
		return loss.Loss{Count: to.Seq, Unknown: true, After: to}, true
	}
	return l, false
}

// unreached adds a gap where a source's records end before the place where they should, and
// moves the places to there.
func unreached(p *rows.Page, of int, name string, before, ends map[string]loss.Position, to rows.Edges) {
	for _, source := range slices.Sorted(maps.Keys(before)) {
		at := ends[source]
		lost, some := missing(at, before[source])
		if !some {
			continue
		}
		when := time.Now()
		if p.Len() > 0 {
			e, _ := p.Row(p.Len() - 1)
			when = time.UnixMilli(e.Time)
		}
		lost.Stream, lost.Source, lost.Hop, lost.Reason = name, source, loss.AtArchive, notArchived
		n := stream.GapNotice(lost, when)
		p.Gap(&n, rowtext.AppendGap(nil, &n), of)
		to.Set(name, source, at)
	}
}

// notArchived is why records are lost that are not in the archive, for people.
const notArchived = "the archive does not have them"
