package before_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/tui/before"
	"sluice/tui/rows"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// growing is an archive that has one life of a log, of which more comes each time that it is
// read.
type growing struct {
	epoch uint64
	held  []int // records that are held, at each reading
	reads int
}

func (g *growing) Read(_ context.Context, q before.Query, hand func([]stream.Record, []stream.Notice) error) (map[string]loss.Position, error) {
	n := g.held[min(g.reads, len(g.held)-1)]
	g.reads++
	if n == 0 {
		return nil, nil
	}
	if at := q.Before["vm-1"]; at.Epoch == g.epoch {
		n = min(n, int(at.Seq))
	}
	from := 0
	if at, ok := q.After["vm-1"]; ok {
		from = int(at.Seq)
	} else if q.Last > 0 {
		from = max(n-q.Last, 0)
	}
	var records []stream.Record
	for i := from; i < n; i++ {
		records = append(records, stream.Record{
			Stream: q.Stream, Source: "vm-1", Position: loss.Position{Epoch: g.epoch, Seq: uint64(i)},
			Data: fmt.Appendf(nil, `{"time":%q,"seq":%d}`, start.Add(time.Duration(i)*time.Second).Format(time.RFC3339), i),
		})
	}
	return map[string]loss.Position{"vm-1": {Epoch: g.epoch, Seq: uint64(n)}}, hand(records, nil)
}

// texts are the rows of pages.
func texts(pages ...*rows.Page) (all []string) {
	for _, p := range pages {
		for i := range p.Len() {
			e, data := p.Row(i)
			if e.Kind.Notice() {
				all = append(all, string(data))
			} else {
				all = append(all, fmt.Sprint((e.Time-start.UnixMilli())/1000))
			}
		}
	}
	return all
}

func begins(epoch, seq uint64) rows.Edges {
	e := make(rows.Edges)
	e.Set("system", "vm-1", loss.Position{Epoch: epoch, Seq: seq})
	return e
}

// What is on its way into the archive is waited for: it is neither lost nor does the archive
// begin before it. What does not come is lost, exactly or, of another life of the log, with
// what nobody knows.
func TestWhatIsOnItsWayIntoTheArchiveIsWaitedFor(t *testing.T) {
	const lost3, lost2 = "3 records lost at vm-1 (archive): the archive does not have them", "2 records lost, and an unknown number more at vm-1 (archive): the archive does not have them"
	for _, c := range []struct {
		name  string
		held  []int
		begin rows.Edges
		live  bool
		want  []string
		reads int
	}{
		{"it is there", []int{2, 5}, begins(1, 2), true, []string{"0", "1"}, 1},
		{"it comes", []int{2, 2, 5}, begins(1, 5), true, []string{"0", "1", "2", "3", "4"}, 3},
		{"the first comes", []int{0, 3}, begins(1, 3), true, []string{"0", "1", "2"}, 2},
		{"it does not come", []int{2}, begins(1, 5), true, []string{"0", "1", lost3}, 6},
		{"nothing right before it is live", []int{2}, begins(1, 5), false, []string{"0", "1", lost3}, 1},
		{"the consolidator was restarted", []int{2}, begins(9, 2), true, []string{"0", "1", lost2}, 6},
		{"and has nothing before it", []int{2}, begins(9, 0), true, []string{"0", "1"}, 1},
		{"nothing is held", []int{0}, begins(1, 3), true, nil, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &growing{epoch: 1, held: c.held}
				ask := &before.Ask{Streams: []string{"system"}, Begin: c.begin, Live: c.live, Want: 10, MaxRows: 100, MaxBytes: 1 << 20, Progress: new(before.Progress)}
				f, err := before.Older(t.Context(), a, ask)
				if err != nil || !f.All {
					t.Fatalf("%+v, %v", f, err)
				}
				if got := texts(f.Pages...); !slices.Equal(got, c.want) || a.reads != c.reads {
					t.Errorf("%q in %d readings, want %q in %d", got, a.reads, c.want, c.reads)
				}
			})
		})
	}
}

// What comes between a place and what is live is waited for as well.
func TestWhatLeadsUpToLiveIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &growing{epoch: 1, held: []int{4, 4, 6}}
		r, err := before.Newer(t.Context(), a, &before.Onward{
			Streams: []string{"system"}, After: begins(1, 3), Before: begins(1, 6), Want: 10, MaxBytes: 1 << 20, Progress: new(before.Progress),
		})
		if err != nil || !r.Joined {
			t.Fatalf("%+v, %v", r, err)
		}
		if got := texts(r.Page); !slices.Equal(got, []string{"3", "4", "5"}) || a.reads != 3 {
			t.Errorf("%q in %d readings", got, a.reads)
		}
	})
	// With more to come than is wanted, nothing is missing.
	a := &growing{epoch: 1, held: []int{9}}
	r, err := before.Newer(t.Context(), a, &before.Onward{
		Streams: []string{"system"}, After: begins(1, 3), Before: begins(1, 20), Want: 2, MaxBytes: 1 << 20, Progress: new(before.Progress),
	})
	if err != nil || r.Joined || a.reads != 1 {
		t.Fatalf("%+v, %v, in %d readings", r, err, a.reads)
	}
}
