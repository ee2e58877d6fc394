package trace_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/trace"
)

var start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// cluster is stores of streams whose records a test makes.
type cluster struct {
	t   testing.TB
	all *rows.Stores
	n   int
}

func newCluster(t testing.TB, records int) *cluster {
	return &cluster{t: t, all: rows.NewStores(records, 1<<30)}
}

func (c *cluster) open(streams ...string) *rows.Store {
	s, _ := c.all.Open(streams, start)
	return s
}

// record puts a record of a request into a stream, a millisecond after the last one.
func (c *cluster) record(name, id string, backfill bool) {
	c.n++
	at := start.Add(time.Duration(c.n) * time.Millisecond)
	data := fmt.Appendf(nil, `{"level":30,"time":%q,"msg":"line %d","id":%q}`, at.Format("2006-01-02T15:04:05.000Z"), c.n, id)
	for _, s := range c.all.Of(name) {
		s.Add(&stream.Record{Stream: name, Source: "vm-1", Arrived: at.UnixNano(), Data: data, Backfill: backfill}, at)
	}
}

// begin begins a trace of a request.
func (c *cluster) begin(id string) *trace.Trace {
	t := trace.New(c.all, c.all.OpenApart(id), query.Value("id", id), c.clock)
	c.t.Cleanup(func() {
		for _, s := range t.Close() {
			c.all.Close(s)
		}
	})
	return t
}

// clock is when the last record was made.
func (c *cluster) clock() time.Time { return start.Add(time.Duration(c.n) * time.Millisecond) }

// finish goes on until all was looked through, and everything has its place.
func (c *cluster) finish(t *trace.Trace) {
	c.t.Helper()
	for {
		more, _ := t.Step(time.Now().Add(time.Millisecond), time.Now)
		c.all.Sweep()
		if !more && t.Complete() {
			break
		}
	}
	c.all.Settle(start.Add(time.Hour))
}

// want fails unless the steps of a trace are some lines, in their order.
func (c *cluster) want(t *trace.Trace, lines ...int) {
	c.t.Helper()
	var got []int
	s := t.Store()
	for n := s.First(); n < s.Next(); n++ {
		var line int
		e := s.Entry(n)
		_, message, _ := strings.Cut(string(s.Data(e)), `"line `)
		fmt.Sscanf(message, "%d", &line)
		got = append(got, line)
	}
	if fmt.Sprint(got) != fmt.Sprint(lines) {
		c.t.Fatalf("the steps are %v, want %v", got, lines)
	}
}

func TestStepsStandInTheOrderOfTheirTimes(t *testing.T) {
	c := newCluster(t, 1<<20)
	c.open("a")
	c.open("b")
	c.open("a", "b") // has both, and none stands twice
	for i := range 9 {
		c.record([]string{"a", "b", "a"}[i%3], []string{"x", "x", "y"}[i%3], true)
	}
	c.all.Settle(start.Add(time.Second))
	tr := c.begin("x")
	c.finish(tr)
	c.want(tr, 1, 2, 4, 5, 7, 8)
	c.record("b", "x", false)
	c.record("a", "y", false)
	c.record("a", "x", false)
	c.all.Settle(start.Add(time.Hour))
	c.finish(tr)
	c.want(tr, 1, 2, 4, 5, 7, 8, 10, 12)
	if steps, took, beyond, unseen := tr.Steps(); steps != 8 || took != 11*time.Millisecond || beyond != 0 || unseen != 0 {
		t.Fatalf("%d steps in %v, %d beyond, %d unseen", steps, took, beyond, unseen)
	}
}

// What is let go is a step, or counted as what was never seen.
func TestWhatIsLetGoIsTakenOrCounted(t *testing.T) {
	c := newCluster(t, 1<<20)
	a := c.open("a")
	for range 100 {
		c.record("a", "x", true)
	}
	a.EvictTo(10)
	tr := c.begin("x")
	a.EvictTo(30) // before anything was tested
	c.finish(tr)
	if steps, _, _, unseen := tr.Steps(); steps != 70 || unseen != 30 {
		t.Fatalf("%d steps, %d unseen", steps, unseen)
	}
	for range 50 {
		c.record("a", "x", false)
	}
	a.EvictTo(120) // 20 of those that came
	c.finish(tr)
	a.EvictTo(150) // these are steps already
	if steps, _, _, unseen := tr.Steps(); steps != 100 || unseen != 50 || tr.Store().Held() != 100 {
		t.Fatalf("%d steps, %d unseen, %d held", steps, unseen, tr.Store().Held())
	}
}

// Where positions are kept, records have other numbers: what was let go is counted the same.
func TestWhatWasLetGoIsCountedWherePositionsAreKept(t *testing.T) {
	c := newCluster(t, 1<<20)
	c.all.KeepPositions()
	a := c.open("a")
	for range 100 {
		c.record("a", "x", true)
	}
	a.EvictTo(a.First() + 10)
	tr := c.begin("x")
	c.finish(tr)
	if steps, _, _, unseen := tr.Steps(); steps != 90 || unseen != 10 {
		t.Fatalf("%d steps, %d unseen", steps, unseen)
	}
}

// Of what is held no more than so many are copied; the rest is counted.
func TestTooManySteps(t *testing.T) {
	c := newCluster(t, 1<<20)
	c.open("a")
	for range trace.MaxSteps + 500 {
		c.record("a", "x", true)
	}
	tr := c.begin("x")
	c.finish(tr)
	if steps, _, beyond, unseen := tr.Steps(); steps != trace.MaxSteps || beyond != 500 || unseen != 0 {
		t.Fatalf("%d steps, %d beyond, %d unseen", steps, beyond, unseen)
	}
	if p := tr.Progress(); p != 1 {
		t.Fatalf("it is at %v", p)
	}
}

// A stream that its store gives up is taken from the next one that has it.
func TestAStreamChangesItsStore(t *testing.T) {
	c := newCluster(t, 1<<20)
	s := c.all.OpenGrowing("*")
	c.all.Grow(s, "a", false, start)
	c.record("a", "x", true)
	c.all.Settle(start.Add(time.Second))
	tr := c.begin("x")
	c.finish(tr)
	c.want(tr, 1)
	c.all.Shed(s, "a")
	c.finish(tr)
	c.open("a")
	c.record("a", "x", false)
	c.finish(tr)
	c.want(tr, 1, 2)
}

func BenchmarkTrace(b *testing.B) {
	c := newCluster(b, 1<<30)
	c.open("a")
	const records = 1_000_000
	for i := range records {
		id := "other"
		if i%100_000 == 5 {
			id = "r-17"
		}
		c.record("a", id, true)
	}
	for b.Loop() {
		tr := trace.New(c.all, c.all.OpenApart("r-17"), query.Value("id", "r-17"), c.clock)
		for {
			tr.Step(time.Now().Add(8*time.Millisecond), time.Now)
			c.all.Sweep()
			if tr.Complete() {
				break
			}
			time.Sleep(100 * time.Microsecond)
		}
		if steps, _, _, _ := tr.Steps(); steps != 10 {
			b.Fatalf("%d steps", steps)
		}
		for _, s := range tr.Close() {
			c.all.Close(s)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/1M")
}
