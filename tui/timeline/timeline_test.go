package timeline_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/timeline"
)

var start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// log is a store and its timeline, of which the owner is a test.
type log struct {
	testing.TB
	all   *rows.Stores
	store *rows.Store
	line  *timeline.Timeline
	at    time.Time
}

func open(t testing.TB) *log {
	l := &log{TB: t, all: rows.NewStores(1<<30, 1<<40), at: start}
	l.store, _ = l.all.Open([]string{"system"}, start)
	l.line = timeline.New(l.store, func() {})
	t.Cleanup(func() { l.line.Close(); l.all.Close(l.store) })
	return l
}

// add adds n records, steps apart on average; some are late, and some are gaps.
func (l *log) add(rng *rand.Rand, n int, step time.Duration) {
	for range n {
		l.at = l.at.Add(time.Duration(rng.Int64N(2 * int64(step))))
		at := l.at.Add(-time.Duration(rng.Int64N(int64(10 * step))))
		k := rng.IntN(1000)
		switch k {
		case 0:
			l.store.Gap(&stream.Notice{Kind: stream.KindGap, Time: at, Stream: "system", Count: 3}, []byte("lost"))
		case 1:
			l.store.State(&stream.Notice{Kind: stream.KindAway, Time: at, Stream: "system"}, []byte("away"))
		}
		level := []int{10, 20, 30, 30, 30, 30, 40, 50, 60, 35}[k%10]
		data := fmt.Appendf(nil, `{"v":0,"level":%d,"name":"app","time":%q,"msg":"request %d"}`, level, at.Format("2006-01-02T15:04:05.000Z"), k)
		l.store.Add(&stream.Record{Stream: "system", Source: "vm-1", Data: data, Arrived: l.at.UnixNano()}, l.at)
	}
}

// scan is a complete scan of what passes a filter.
func (l *log) scan(f query.Filter) *query.Scan {
	s := query.NewScan(l.store, l.store.Next(), f.Probe())
	wait.For(l, "the filter", func() bool {
		s.Step(time.Now().Add(time.Hour), time.Now)
		l.all.Sweep()
		return s.Complete()
	})
	return s
}

// makes steps until the chart is one of what is asked for.
func (l *log) makes(ask timeline.Ask, want *timeline.Chart) {
	l.Helper()
	wait.For(l, "the chart", func() bool {
		timeline.Hurry(l.line)
		l.line.Step(ask)
		l.all.Sweep()
		c := l.line.Chart()
		return c != nil && reflect.DeepEqual(c, want)
	})
}

// simple is the chart, record by record.
func (l *log) simple(ask timeline.Ask) *timeline.Chart {
	return timeline.Simple(l.store, ask)
}

// Whatever is looked at, in whatever order, a chart is what counting record by record
// says.
func TestChartsAreWhatIsThere(t *testing.T) {
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 7))
		l := open(t)
		l.add(rng, 25_000, 50*time.Millisecond)
		errors, found := l.scan(query.Filter{Level: record.Error}), l.scan(parsed(t, "99"))
		var asks []timeline.Ask
		first, last, _ := timeline.Span(l.store, nil, l.store.Next())
		whole := timeline.Fit(first, last, 100)
		for _, a := range []timeline.Axis{whole, whole.Zoom(1, (first+last)/2, 100), whole.Zoom(6, first+1000, 50), whole.Zoom(-3, last, 100), {From: 0, Step: 1000, Width: 10}} {
			asks = append(asks, timeline.Ask{Axis: a, End: l.store.Next()}, timeline.Ask{Axis: a, End: l.store.Next(), Rows: errors}, timeline.Ask{Axis: a, End: 20_000, Matches: found}, timeline.Ask{Axis: a, End: l.store.Next(), Rows: errors, Matches: found})
		}
		for range 8 {
			ask := asks[rng.IntN(len(asks))]
			l.makes(ask, l.simple(ask))
		}
		ask := asks[0]
		l.store.EvictTo(9_000)
		l.makes(ask, l.simple(ask))
		l.add(rng, 5_000, 50*time.Millisecond)
		ask.End = l.store.Next()
		l.makes(ask, l.simple(ask))
	}
}

func parsed(t *testing.T, text string) query.Filter {
	terms, err := query.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return query.Filter{}.With(terms...)
}

// A chart of rows that were not all known is made again when they are, even if there
// are no more of them.
func TestAChartBecomesComplete(t *testing.T) {
	l := open(t)
	l.add(rand.New(rand.NewPCG(3, 3)), 1000, time.Second)
	s := query.NewScan(l.store, l.store.Next(), parsed(t, "nothing-has-this").Probe())
	ask := timeline.Ask{Axis: timeline.Fit(start.UnixMilli(), l.at.UnixMilli(), 50), Rows: s, End: l.store.Next()}
	made := func(complete bool) func() bool {
		return func() bool {
			l.line.Step(ask)
			l.all.Sweep()
			return l.line.Chart() != nil && l.line.Chart().Complete == complete
		}
	}
	wait.For(t, "a chart of what is known", made(false))
	for s.Step(time.Now().Add(time.Hour), time.Now) {
	}
	wait.For(t, "a chart of all", made(true))
}

func TestNothing(t *testing.T) {
	l := open(t)
	if _, _, ok := timeline.Span(l.store, nil, 0); ok {
		t.Error("nothing takes time")
	}
	ask := timeline.Ask{Axis: timeline.Fit(0, 1, 10), End: l.store.Next()}
	l.makes(ask, l.simple(ask))
	if n, ok := l.line.Chart().Nearest(3); ok {
		t.Errorf("record %d is near", n)
	}
}

// A few records with a wild time are outside, and do not make all others one column.
func TestWildTimes(t *testing.T) {
	l := open(t)
	rng := rand.New(rand.NewPCG(1, 1))
	l.add(rng, 5_000, time.Second)
	l.at = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	l.add(rng, 3, time.Second)
	l.at = start.Add(5000 * time.Second)
	l.add(rng, 5_000, time.Second)
	first, last, ok := timeline.Span(l.store, nil, l.store.Next())
	if !ok || first < start.Add(-time.Minute).UnixMilli() || last > l.at.UnixMilli() {
		t.Fatalf("the span is from %v to %v", time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC())
	}
	ask := timeline.Ask{Axis: timeline.Fit(first, last, 80), End: l.store.Next()}
	l.makes(ask, l.simple(ask))
	c := l.line.Chart()
	if c.Before < 3 || c.Before > 30 || c.Most() > 500 {
		t.Errorf("%d are before, and %d in one column", c.Before, c.Most())
	}
	middle := len(c.Columns) / 2
	at, ok := c.Nearest(middle)
	n, _ := c.Columns[at].First()
	if e := l.store.Entry(n); !ok || e.Time < c.At(middle) || e.Time >= c.At(middle+1) {
		t.Errorf("in the middle is record %d, of %v", n, time.UnixMilli(l.store.Entry(n).Time).UTC())
	}
}

// How long the first chart takes, and the next one after a zoom.
func BenchmarkTimeline(b *testing.B) {
	l := open(b)
	const n = 2_000_000
	for k := range n {
		at := start.Add(time.Duration(k) * 10 * time.Millisecond)
		l.store.Add(&stream.Record{Stream: "system", Data: fmt.Appendf(nil, `{"level":%d,"time":%q,"msg":"m"}`, 30+k%100/98*20, at.Format("2006-01-02T15:04:05.000Z")), Arrived: at.UnixNano()}, at)
	}
	rowsOf := map[string]timeline.Rows{"all": nil, "filtered": l.scan(query.Filter{Level: record.Info})}
	for name, in := range rowsOf {
		b.Run(name, func(b *testing.B) {
			woken := make(chan struct{}, 1)
			var first, next time.Duration
			for b.Loop() {
				line := timeline.New(l.store, func() { woken <- struct{}{} })
				begun := time.Now()
				from, to, _ := timeline.Span(l.store, in, n)
				ask := timeline.Ask{Axis: timeline.Fit(from, to, 200), Rows: in, End: n}
				line.Step(ask)
				<-woken
				first += time.Since(begun)
				begun = time.Now()
				ask.Axis = ask.Zoom(1, (from+to)/2, 200)
				line.Step(ask)
				<-woken
				next += time.Since(begun)
				line.Close()
				l.all.Sweep()
			}
			b.ReportMetric(float64(first.Microseconds())/float64(b.N)/1000, "first-ms")
			b.ReportMetric(float64(next.Microseconds())/float64(b.N)/1000, "zoomed-ms")
		})
	}
}
