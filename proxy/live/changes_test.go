package live_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
	"sluice/proxy/live"
)

// source is the streams that a test says are live.
type source struct {
	streams map[string]stream.Live
	asked   int
}

func (s *source) Streams() []stream.Live {
	s.asked++
	return slices.Collect(maps.Values(s.streams))
}

// become has streams with these names live, and no others.
func (s *source) become(names ...string) {
	s.streams = make(map[string]stream.Live)
	for _, name := range names {
		s.streams[name] = stream.Live{Name: name, Rate: 1}
	}
}

// watcher puts together what one reader is told.
type watcher struct {
	page   live.Page
	opens  func(string) bool
	cursor *live.Cursor
	has    map[string]httpapi.LiveEvent
	next   string
}

func newWatcher(p live.Page, opens func(string) bool) *watcher {
	return &watcher{page: p, opens: opens, cursor: live.NewCursor(p, opens)}
}

// tell tells it what there is, and reports whether that was all.
func (w *watcher) tell(t *testing.T, l *live.List, size int) (e httpapi.ChangesEvent, all bool) {
	t.Helper()
	e, any := l.Changes(w.cursor, size)
	if !any {
		if len(e.Changed)+len(e.Gone) > 0 || e.All || e.More {
			t.Fatalf("nothing is %+v", e)
		}
		return e, true
	}
	if e.All {
		w.has = make(map[string]httpapi.LiveEvent)
	}
	for _, s := range e.Changed {
		if slices.Contains(e.Gone, s.Name) {
			t.Fatalf("%q has changed and has gone, in one piece", s.Name)
		}
		w.has[s.Name] = s
	}
	for _, name := range e.Gone {
		delete(w.has, name)
	}
	if !e.More {
		w.next = e.Next
	}
	return e, !e.More
}

// check compares what it has to the list.
func (w *watcher) check(t *testing.T, l *live.List) {
	t.Helper()
	var want httpapi.StreamsEvent
	if err := json.Unmarshal(answered(l.Answer(w.page, w.opens), 100), &want); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range want.Streams {
		names = append(names, s.Name)
		if had := w.has[s.Name]; near(had.Rate, s.Rate) && near(float64(had.Records), float64(s.Records)) && had.Sources == s.Sources {
			continue
		}
		t.Fatalf("it has %+v of %+v", w.has[s.Name], s)
	}
	if got := slices.Sorted(maps.Keys(w.has)); !slices.Equal(got, names) || w.next != want.Next {
		t.Fatalf("page %+v: it has %q and next %q, want %q and %q", w.page, got, w.next, names, want.Next)
	}
}

// near reports whether a is b, to a tenth twice.
func near(a, b float64) bool { return min(a, b) >= max(a, b)*0.9*0.9 }

// Whatever comes, goes and changes, and however little of it a reader is told at a time,
// what it was told is the list, or the page of it, once there is no more to come.
func TestWhatChangesPutTogetherIsTheList(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			s := &source{streams: make(map[string]stream.Live)}
			l := live.New(s)
			odd := func(name string) bool { return name[len(name)-1]%2 == 1 }
			var watchers []*watcher
			for _, p := range []live.Page{{}, {Prefix: "b"}, {Limit: 7}, {After: "a5", Limit: 20}, {Prefix: "a", After: "a3", Limit: 3}} {
				watchers = append(watchers, newWatcher(p, nil), newWatcher(p, odd))
			}
			for range 60 {
				for range r.IntN(40) {
					name := fmt.Sprintf("%c%d", 'a'+rune(r.IntN(3)), r.IntN(40))
					if r.IntN(3) == 0 {
						delete(s.streams, name)
						continue
					}
					s.streams[name] = stream.Live{
						Name: name, Rate: float64(r.IntN(30)), Records: s.streams[name].Records + uint64(r.IntN(5)), Sources: r.IntN(3),
					}
				}
				time.Sleep(live.Every)
				for _, w := range watchers {
					for range r.IntN(4) {
						if _, all := w.tell(t, l, 1+r.IntN(2000)); all {
							w.check(t, l)
						}
					}
				}
			}
			time.Sleep(live.Every)
			for _, w := range watchers {
				for all := false; !all; {
					_, all = w.tell(t, l, 300)
				}
				w.check(t, l)
				if e, any := l.Changes(w.cursor, 1000); any {
					t.Fatalf("and then %+v", e)
				}
			}
		})
	}
}

// names are so many of one prefix.
func names(prefix string, n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("%s%06d", prefix, i))
	}
	return list
}

// A reader that is told nothing while more streams go than are remembered begins anew.
func TestAReaderThatIsFarBehindBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		l := live.New(s)
		late, good := newWatcher(live.Page{}, nil), newWatcher(live.Page{}, nil)
		s.become("a")
		late.tell(t, l, 1000)
		for i := range 30 {
			s.become(names(fmt.Sprint("s", i, "/"), 500)...)
			time.Sleep(live.Every)
			if e, _ := good.tell(t, l, 1<<20); e.All && i > 0 {
				t.Fatalf("who is told all the time begins anew after %d turns", i)
			}
			good.check(t, l)
		}
		if e, _ := late.tell(t, l, 1<<20); !e.All {
			t.Error("who is far behind does not begin anew")
		}
		late.check(t, l)
	})
}

// When little changes of a long list, little is told, and only that: however many
// readers there are, the source is asked once.
func TestLittleIsToldWhenLittleChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const streams = 10_000
		s := &source{}
		s.become(names("tenant/", streams)...)
		l := live.New(s)
		var watchers []*watcher
		for range 5 {
			w := newWatcher(live.Page{}, nil)
			for all := false; !all; {
				_, all = w.tell(t, l, 64<<10)
			}
			if len(w.has) != streams {
				t.Fatalf("it begins with %d streams", len(w.has))
			}
			watchers = append(watchers, w)
		}
		delete(s.streams, "tenant/000007")
		s.streams["tenant/000008"] = stream.Live{Name: "tenant/000008", Rate: 20, Records: 3}
		s.streams["tenant/000009"] = stream.Live{Name: "tenant/000009", Rate: 1.05}
		s.streams["system"] = stream.Live{Name: "system", Rate: 2}
		time.Sleep(live.Every)
		asked := s.asked
		for _, w := range watchers {
			e, all := w.tell(t, l, 64<<10)
			b, err := json.Marshal(e)
			if err != nil || !all || len(b) > 400 || !strings.Contains(string(b), `"gone":["tenant/000007"]`) {
				t.Fatalf("it is told %d bytes, %.400s", len(b), b)
			}
			w.check(t, l)
		}
		if s.asked != asked+1 {
			t.Errorf("the source was asked %d times for %d readers", s.asked-asked, len(watchers))
		}
	})
}

// Of few active streams every figure is exact each second; of many each has its turn.
func TestSmallChangesAreToldInTurn(t *testing.T) {
	for _, c := range []struct{ streams, seconds int }{{300, 1}, {2000, 5}} {
		synctest.Test(t, func(t *testing.T) {
			s := &source{}
			s.become(names("s", c.streams)...)
			l := live.New(s)
			w := newWatcher(live.Page{}, nil)
			w.tell(t, l, 1<<20)
			for name, stream := range s.streams {
				stream.Rate = 1.01
				s.streams[name] = stream
			}
			for range c.seconds {
				time.Sleep(live.Every)
				for range 3 { // who asks more often gets no more
					newWatcher(live.Page{}, nil).tell(t, l, 1)
				}
				if e, _ := w.tell(t, l, 1<<20); len(e.Changed) > 400 {
					t.Fatalf("%d streams are told in a second", len(e.Changed))
				}
			}
			exact := 0
			for _, s := range w.has {
				if s.Rate == 1.01 {
					exact++
				}
			}
			if exact != c.streams {
				t.Errorf("after %d seconds %d of %d are exact", c.seconds, exact, c.streams)
			}
		})
	}
}

// What one watcher of 100,000 streams costs each second when few of them have changed, a
// tenth, or all.
func BenchmarkChanges(b *testing.B) {
	for _, changed := range []int{0, 10, 10_000, 100_000} {
		b.Run(fmt.Sprint(changed), func(b *testing.B) {
			var l live.Changes
			list := make([]httpapi.LiveEvent, 100_000)
			for i, name := range names("tenant/", len(list)) {
				list[i] = httpapi.LiveEvent{Name: name, Rate: 1}
			}
			l.Update(list)
			c := live.NewCursor(live.Page{}, nil)
			for l.Advance(c, 1<<30).More {
			}
			for b.Loop() {
				b.StopTimer()
				list = slices.Clone(list)
				for i := range changed {
					list[i].Rate = 3 - list[i].Rate
				}
				l.Update(list)
				b.StartTimer()
				if e := l.Advance(c, 1<<30); len(e.Changed) != changed {
					b.Fatalf("%d are told", len(e.Changed))
				}
			}
		})
	}
}

// What the same costs once for all of them.
func BenchmarkUpdate(b *testing.B) {
	var l live.Changes
	list := make([]httpapi.LiveEvent, 100_000)
	for i, name := range names("tenant/", len(list)) {
		list[i] = httpapi.LiveEvent{Name: name, Rate: 1}
	}
	for b.Loop() {
		l.Update(list)
	}
}
