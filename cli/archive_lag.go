package cli

import (
	"context"
	"slices"
	"time"

	"sluice/archive/holdings"
	"sluice/archive/importer"
	"sluice/cluster/loss"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
)

// headsWait is how long consolidators have to say where their streams stand: they do each
// second.
const headsWait = 2500 * time.Millisecond

// heads is where the streams of consolidators stand, as those told just now.
type heads map[lagging]loss.Position

type lagging struct{ consolidator, stream string }

// askHeads asks consolidators where their streams stand. Of one that is not reached, or says
// nothing in time, nothing is in the answer.
func askHeads(ctx context.Context, c direct.Config) (heads, error) {
	c.Inbox = 1 << 20 // no record comes
	each, err := direct.NewEach(c)
	if err != nil {
		return nil, err
	}
	each.WatchStreams(true)
	all := make(heads)
	err = rescue.Beside(ctx, "ask the consolidators", each.Run, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, headsWait)
		defer cancel()
		look := time.NewTicker(20 * time.Millisecond)
		defer look.Stop()
		for {
			told := make(map[string]bool)
			for _, h := range each.AppendHeads(nil, time.Time{}) {
				all[lagging{h.Source, h.Stream}] = h.Next
				told[h.Source] = true
			}
			if answered(each.Status(), told) {
				return nil
			}
			select {
			case <-look.C:
			case <-ctx.Done():
				return nil
			}
		}
	})
	return all, err
}

// answered reports that no consolidator has anything to say any more: each has told where its
// streams stand, or was not reached.
func answered(all []stream.Status, told map[string]bool) bool {
	for _, s := range all {
		if s.State == stream.StateConnecting && s.Err == "" || s.State == stream.StateLive && !told[s.Name] {
			return false
		}
	}
	return len(all) > 0
}

// lag is how many records of a lane were published and are not archived; unknown: and how
// many more is not known. A stream of which its consolidator says nothing has had no record
// for a minute, or its consolidator was not reached: nothing is known.
func (h heads) lag(l *holdings.Lane) (behind uint64, unknown bool) {
	head, ok := h[lagging{l.Consolidator, l.Stream}]
	switch {
	case !ok || l.Err != nil:
		return 0, true
	case head.Epoch != l.Next.Epoch:
		return head.Seq, true // and what came last before the consolidator was restarted
	case head.Seq > l.Next.Seq:
		return head.Seq - l.Next.Seq, false
	}
	return 0, false
}

// silent are the consolidators of lanes that have told nothing of any stream, in order; what was
// imported is of none.
func (h heads) silent(lanes []holdings.Lane) (all []string) {
	told := map[string]bool{importer.Consolidator: true}
	for l := range h {
		told[l.consolidator] = true
	}
	for i := range lanes {
		if c := lanes[i].Consolidator; !told[c] {
			told[c] = true
			all = append(all, c)
		}
	}
	slices.Sort(all)
	return all
}
