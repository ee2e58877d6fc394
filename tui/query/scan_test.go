package query_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// store is a store of one stream.
type store struct {
	*rows.Store
	all *rows.Stores
}

func newStore(t testing.TB) *store {
	all := rows.NewStores(1<<30, 1<<40)
	s, _ := all.Open([]string{"system"}, time.Time{})
	t.Cleanup(func() { all.Close(s) })
	return &store{s, all}
}

func (s *store) append(source string, data []byte) {
	s.Add(&stream.Record{Stream: "system", Source: source, Data: data, Backfill: true}, time.Time{})
}

// evict lets n records go.
func (s *store) evict(n int) { s.EvictTo(s.First() + uint64(n)) }

// search is a search that goes on step by step.
func (s *store) search(pattern string, from uint64) *query.Scan {
	return query.NewScan(s.Store, from, query.NewMatcher(pattern).Probe(query.Filter{}))
}

// scan finds what a test passes.
func (s *store) scan(from uint64, test func() bool) *query.Scan {
	return query.NewScan(s.Store, from, query.Probe{Test: func(*query.Row) bool { return test() }})
}

// step goes on and reports whether everything was tested.
func (s *store) step(scan *query.Scan) bool {
	scan.Step(time.Now().Add(time.Millisecond), time.Now)
	s.all.Sweep()
	return scan.Complete()
}

// late is a step whose time is over already.
func late(scan *query.Scan) (more bool) { return scan.Step(time.Time{}, time.Now) }

func numbersOf(scan *query.Scan) (numbers []uint64) {
	scan.Each(0, func(n uint64) bool { numbers = append(numbers, n); return true })
	return numbers
}

// loop is the numbers that a search finds in a simple way.
func (s *store) loop(pattern string) (numbers []uint64) {
	re := regexp.MustCompile(pattern)
	if strings.ToLower(pattern) == pattern {
		re = regexp.MustCompile("(?i)" + pattern)
	}
	for n := s.First(); n < s.Next(); n++ {
		e := s.Entry(n)
		if t := rowtext.Of(e, s.Data(e), rowtext.InSearch); re.MatchString(t.Body) || re.MatchString(t.Label) || re.MatchString(s.Source(e)) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// What is tested in the background, while records come and go, is what a
// simple loop finds.
func TestScansFindWhatALoopFinds(t *testing.T) {
	words := []string{"alpha", "Beta", "gamma", `\u0061lpha`, "caf\u00e9", "\u212aelvin", "tab\\tbed", "vm-2"}
	for _, pattern := range []string{"alpha", "beta", "kelvin", "é", "ga+mma", "nothing", "a b", "vm-2", "msg=", "BETA", "x{3}a", "5 alpha"} {
		t.Run(pattern, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(3, uint64(len(pattern))))
			s := newStore(t)
			grow := func(n int) {
				for range n {
					word := words[r.IntN(len(words))]
					if r.IntN(3) > 0 {
						word = "plain"
					}
					data := fmt.Sprintf(`{"msg":"%d %s","k":"%s %s"}`, r.IntN(100), word, strings.Repeat("x", r.IntN(40)), words[r.IntN(len(words))])
					if r.IntN(500) == 0 {
						data = "no json " + word + strings.Repeat("y", r.IntN(1000))
					}
					s.append(fmt.Sprintf("vm-%d", r.IntN(2)+1), []byte(data))
				}
			}
			grow(18_000)
			s.evict(777)
			scan := s.search(pattern, 9_000)
			i := 0
			wait.For(t, "the scan to end", func() bool {
				if i++; i < 50 {
					grow(100)
					s.evict(r.IntN(750))
				}
				return s.step(scan)
			})
			grow(2000)
			s.evict(3000)
			wait.For(t, "the scan to end", func() bool { return s.step(scan) })
			if got, want := numbersOf(scan), s.loop(pattern); !slices.Equal(got, want) {
				t.Fatalf("%d found, want %d", len(got), len(want))
			}
		})
	}
}

// A step of a search whose time is over tests no more than a few records, and
// one over many records none at all: they are tested in the background.
func TestSearchStepsAreSmall(t *testing.T) {
	s := newStore(t)
	grow := func(n int) {
		for range n {
			s.append("vm-1", []byte(`{"msg":"line"}`))
		}
	}
	grow(10_000)
	tested, before := 0, 0
	scan := s.scan(5000, func() bool { tested++; return true })
	for late(scan) {
		if tested-before > 128 { // a stride forward and one back
			t.Fatalf("a step tested %d records", tested-before)
		}
		before = tested
	}
	if tested != 10_000 || scan.Count() != 10_000 {
		t.Fatalf("%d records were tested and %d found, want 10,000", tested, scan.Count())
	}

	grow(190_000)
	release, stepped := make(chan struct{}), make(chan bool)
	scan = s.scan(200_000, func() bool { <-release; return true })
	go func() {
		for range 100 {
			late(scan)
		}
		close(stepped)
	}()
	select {
	case <-stepped:
	case <-time.After(wait.Limit):
		t.Fatal("a step waits for the records to be tested")
	}
	close(release)
	wait.For(t, "the scan to end", func() bool { return s.step(scan) })
	if scan.Count() != 200_000 {
		t.Fatalf("%d records were found, want 200,000", scan.Count())
	}
}

// A panic of who searches in the background comes out where the terminal can be
// restored.
func TestAPanicInASearchIsHandedOn(t *testing.T) {
	s := newStore(t)
	for i := range 50_000 {
		s.append("vm-1", record240(i))
	}
	scan := s.scan(50_000, func() bool { panic("boom") })
	err := rescue.Call("search", func() error {
		wait.Until(func() bool { return s.step(scan) })
		return nil
	})
	var fault *rescue.Error
	if !errors.As(err, &fault) || fault.Value != "boom" || !bytes.Contains(fault.Stack, []byte("examine")) {
		t.Fatalf("the error is %v, want the worker's panic", err)
	}
}
