package consume_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/archive/consume"
)

// taken runs a worker until it has nothing to do, and returns the first record of each
// batch in the order in which they were handled. Before the calls that are named, in
// their order, something is done.
func taken(t *testing.T, w *world, c consume.Config, before map[int]func()) (all []string) {
	t.Helper()
	c.Archive, c.Group, c.Streams, c.Drain = w.engine.Client, "g", []string{"system/*"}, true
	c.Handle = func(_ context.Context, b *consume.Batch) error {
		if do := before[len(all)]; do != nil {
			do()
		}
		all = append(all, string(b.Records[0]))
		return nil
	}
	if err := worker(t, c).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWhatIsNewComesBeforeWhatWasThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 300 {
		w.write("system/a", fmt.Sprint("old ", i))
	}
	all := taken(t, w, consume.Config{}, map[int]func(){0: func() { w.write("system/a", "new") }})
	if at := slices.Index(all, "new"); len(all) != 301 || at < 0 || at > 200 { // it is behind what was fetched before
		t.Errorf("%d were done, and the new one after %d", len(all), at)
	}
}

func TestGroupThatIsBehindTakesWhatIsNewFirst(t *testing.T) {
	consume.SetBehind(t, 0)
	w := newWorld(t)
	w.write("system/a", "the first")
	taken(t, w, consume.Config{}, nil)
	for i := range 300 { // while there is no worker
		w.write("system/a", fmt.Sprint("late ", i))
	}
	all := taken(t, w, consume.Config{}, map[int]func(){1: func() { w.write("system/a", "new") }})
	seen := map[string]bool{}
	for _, r := range all {
		if seen[r] {
			t.Errorf("%s was done twice", r)
		}
		seen[r] = true
	}
	if at := slices.Index(all, "new"); len(all) != 301 || at < 0 || at > 200 {
		t.Errorf("%d were done, and the new one after %d", len(all), at)
	}
	w.write("system/a", "the last")
	if all := taken(t, w, consume.Config{}, nil); !slices.Equal(all, []string{"the last"}) {
		t.Errorf("afterwards: %q", all)
	}
}

func TestNewGroupsBeginWhereTheyAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 5 {
		w.write("system/a", lines("a", i*10, 10)...)
		w.write("system/b", lines("b", i*10, 10)...)
	}
	for name, c := range map[string]struct {
		start consume.Start
		want  int
	}{
		"oldest": {consume.Start{}, 100}, "last": {consume.Start{Last: 13}, 26}, "more than held": {consume.Start{Last: 1000}, 100}, "new": {consume.Start{New: true}, 0},
	} {
		for _, ordered := range []bool{false, true} {
			var d done
			x := worker(t, consume.Config{
				Archive: w.engine.Client, Group: fmt.Sprint(strings.ReplaceAll(name, " ", "_"), ordered), Streams: []string{"system/*"}, Handle: d.handle, Start: c.start, Ordered: ordered, Drain: true,
			})
			if err := x.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if d.count() != c.want {
				t.Errorf("%s, ordered %t: %d records, want %d", name, ordered, d.count(), c.want)
			}
		}
	}
}
