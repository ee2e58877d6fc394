package groups_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/tui/groups"
	"sluice/tui/query"
	"sluice/tui/rows"
)

var start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// log is a store of which every owner is a test.
type log struct {
	all   *rows.Stores
	store *rows.Store
	woken chan struct{}
}

func open(t testing.TB) *log {
	l := &log{all: rows.NewStores(1<<30, 1<<40), woken: make(chan struct{}, 1)}
	l.store, _ = l.all.Open([]string{"system"}, start)
	t.Cleanup(func() { l.all.Close(l.store) })
	return l
}

func (l *log) wake() {
	select {
	case l.woken <- struct{}{}:
	default:
	}
}

// add adds n records, a tenth of a second apart: of ten, one is an error, and three are
// of users.
func (l *log) add(n int) {
	for range n {
		k := l.store.Next()
		at := start.Add(time.Duration(k) * 100 * time.Millisecond)
		level, msg := 30, fmt.Sprintf("request %d took %d ms", k, k%97)
		switch {
		case k%10 == 0:
			level, msg = 50, fmt.Sprintf("upstream 10.0.0.%d timed out", k%7)
		case k%10 < 4:
			msg = "session of " + strings.Fields("ann bob cid dora emil fritz gus hans")[k/10%8] + " ended"
		}
		data := fmt.Appendf(nil, `{"v":0,"level":%d,"name":"app","time":%q,"msg":%q}`, level, at.Format("2006-01-02T15:04:05.000Z"), msg)
		l.store.Add(&stream.Record{Stream: "system", Source: "vm-1", Data: data, Arrived: at.UnixNano()}, at)
	}
}

func (l *log) now() time.Time {
	return start.Add(time.Duration(l.store.Next()) * 100 * time.Millisecond)
}

// folds steps until a condition holds.
func (l *log) folds(t testing.TB, g *groups.Groups, what string, until func(*groups.List) bool) *groups.List {
	t.Helper()
	wait.For(t, what, func() bool {
		g.Step(l.store.Next(), l.now())
		l.all.Sweep()
		list := g.List()
		return list != nil && until(list)
	})
	return g.List()
}

// all is whether everything that is kept is counted.
func (l *log) counted(list *groups.List) bool {
	return list.Complete && list.Records == uint64(l.store.Held())
}

func text(list *groups.List) string {
	var b strings.Builder
	for _, u := range list.Templates {
		fmt.Fprintf(&b, "%d %s\n", u.Count, u.Text)
	}
	return b.String()
}

func TestGroups(t *testing.T) {
	l := open(t)
	l.add(20_000)
	g := groups.New(l.store, query.Filter{}, l.wake)
	groups.Eager(g)
	defer g.Close()
	list := l.folds(t, g, "all groups", l.counted)
	if want := "12000 request <*> took <*>\n6000 session of <*> ended\n2000 upstream <*> timed out\n"; text(list) != want {
		t.Fatalf("the groups are\n%s", text(list))
	}
	up := list.Templates[2]
	if up.Levels[4] != 2000 || up.First != start.UnixMilli() || up.Last != start.Add(1999*time.Second).UnixMilli() || up.Recent < 55 || up.Recent > 65 || up.Dropped {
		t.Fatalf("%+v", up)
	}
	if list.Read != 20_000 || list.Gone != 0 {
		t.Fatalf("%d were read, %d are gone", list.Read, list.Gone)
	}

	// What comes is counted, what is let go is not any more.
	l.add(10_000)
	l.folds(t, g, "what came", func(list *groups.List) bool { return list.Records == 30_000 })
	l.store.EvictTo(8192)
	list = l.folds(t, g, "what was let go", func(list *groups.List) bool { return list.Gone > 0 })
	if list.Gone != 8192 || list.Records != 30_000-8192 {
		t.Fatalf("%d are gone, %d are left", list.Gone, list.Records)
	}
	if u := list.Templates[0]; u.First != start.Add(8194*100*time.Millisecond).UnixMilli() || !u.Dropped {
		t.Fatalf("%+v", u)
	}
	l.store.EvictTo(l.store.Next())
	l.folds(t, g, "all to be gone", func(list *groups.List) bool { return list.Records == 0 })
	l.add(100)
	list = l.folds(t, g, "what came then", l.counted)
	if text(list) != "60 request <*> took <*>\n30 session of <*> ended\n10 upstream <*> timed out\n" {
		t.Fatalf("the groups are\n%s", text(list))
	}
}

// Only what a filter shows is counted, and of a view that is paused nothing that came
// later.
func TestOfWhatIsShown(t *testing.T) {
	l := open(t)
	l.add(10_000)
	for _, f := range []query.Filter{{Level: record.Error}, parsed(t, "upstream"), parsed(t, `msg like "upstream <*> timed out"`)} {
		g := groups.New(l.store, f, l.wake)
		wait.For(t, "the groups", func() bool {
			g.Step(9_000, l.now())
			l.all.Sweep()
			return g.List() != nil && g.List().Complete
		})
		if text(g.List()) != "900 upstream <*> timed out\n" || g.List().Read != 9_000 {
			t.Errorf("of %v the groups are\n%s", f.Chips(), text(g.List()))
		}
		g.Close()
	}
}

func parsed(t *testing.T, text string) query.Filter {
	terms, err := query.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return query.Filter{}.With(terms...)
}

func TestNothing(t *testing.T) {
	l := open(t)
	g := groups.New(l.store, query.Filter{}, l.wake)
	groups.Eager(g)
	defer g.Close()
	if list := l.folds(t, g, "an empty list", l.counted); len(list.Templates) != 0 {
		t.Fatalf("%+v", list)
	}
	l.add(10)
	l.folds(t, g, "what came", l.counted)
}

// The owner of the store is woken when there is something for it, and no other list is
// made when nothing has changed.
func TestWaking(t *testing.T) {
	l := open(t)
	l.add(9_000)
	g := groups.New(l.store, query.Filter{}, l.wake)
	groups.Eager(g)
	defer g.Close()
	now := l.now().Add(time.Hour) // so nothing is recent
	for complete := false; !complete; complete = g.List() != nil && g.List().Complete {
		g.Step(l.store.Next(), now)
		l.all.Sweep()
		<-l.woken
	}
	list := g.List()
	for range 100 {
		g.Step(l.store.Next(), now)
		l.all.Sweep()
		runtime.Gosched()
	}
	if g.List() != list {
		t.Fatal("there is another list although nothing has changed")
	}
}

func BenchmarkGroups(b *testing.B) {
	l := open(b)
	l.add(1_000_000)
	var first, all time.Duration
	for b.Loop() {
		g := groups.New(l.store, query.Filter{}, l.wake)
		begun, known := time.Now(), false
		for complete := false; !complete; complete = g.List() != nil && g.List().Complete {
			g.Step(l.store.Next(), l.now())
			l.all.Sweep()
			if !known && g.List() != nil {
				first += time.Since(begun)
				known = true
			}
			<-l.woken
		}
		all += time.Since(begun)
		g.Close()
	}
	b.ReportMetric(float64(first.Milliseconds())/float64(b.N), "first-ms")
	b.ReportMetric(float64(all.Milliseconds())/float64(b.N), "all-ms")
}
