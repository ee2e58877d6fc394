package tui_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/cluster/rescue"
	"sluice/tui"
)

// A row's text is the same in whichever way it is made.
func FuzzQuickText(f *testing.F) {
	f.Add([]byte(`{"v":0,"name":"a","component":"c","hostname":"h","pid":1,"level":30,"time":"2026-03-04T12:00:00.000Z","msg":"m n","k":"v","e":"","b":"x y","q":"a=b","n":1.5,"o":{"p":[1, 2]}}`))
	f.Add([]byte(`{"msg":"a","msg":"b"}`))
	f.Add([]byte(`{"level":"info","pid":-1,"time":0,"name":null}`))
	f.Add([]byte(`{"time":"2026-03-04T12:00:00.000Z","time":"x","level":30,"level":1e2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if quick, usual, ok := tui.QuickText(data); ok && quick != usual {
			t.Fatalf("%q says %q, and the quick way %q", data, usual, quick)
		}
	})
}

func TestMostRecordsHaveAQuickText(t *testing.T) {
	if _, _, ok := tui.QuickText(record240(1)); !ok {
		t.Error("the usual record has none")
	}
}

// found is a sorted set of numbers that loses its lowest.
func TestFound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		f := tui.NewFound()
		var want []uint64
		start := r.Uint64N(100_000)
		low := uint64(0)
		for range 3000 {
			switch r.IntN(20) {
			case 0:
				low = max(low, start+r.Uint64N(20_000))
				f.Trim(low)
				want = slices.DeleteFunc(want, func(n uint64) bool { return n < low })
			default:
				n := start + r.Uint64N(30_000)
				if n < low {
					continue
				}
				f.Add(n)
				if i, ok := slices.BinarySearch(want, n); !ok {
					want = slices.Insert(want, i, n)
				}
			}
		}
		if f.Count() != len(want) {
			t.Fatalf("%d numbers, want %d", f.Count(), len(want))
		}
		for i, n := range want {
			if f.At(i) != n || f.Ord(n) != i || f.Ord(n+1) != i+1 {
				t.Fatalf("number %d is %d at %d, want %d", i, f.At(i), f.Ord(n), n)
			}
			if _, next := slices.BinarySearch(want, n+1); !f.Has(n) || f.Has(n+1) != next {
				t.Fatalf("it has %d: %v; %d: %v, want %v", n, f.Has(n), n+1, f.Has(n+1), next)
			}
		}
		from := low + 5000
		i := f.Ord(from)
		f.Each(from, func(n uint64) bool {
			if n != want[i] {
				t.Fatalf("after %d comes %d, want %d", from, n, want[i])
			}
			i++
			return true
		})
		if i != len(want) {
			t.Fatalf("each ended at %d of %d", i, len(want))
		}
	}
}

// What is tested in the background, while records come and go, is what a
// simple loop finds.
func TestScansFindWhatALoopFinds(t *testing.T) {
	words := []string{"alpha", "Beta", "gamma", `\u0061lpha`, "caf\u00e9", "\u212aelvin", "tab\\tbed", "vm-2"}
	for _, pattern := range []string{"alpha", "beta", "kelvin", "é", "ga+mma", "nothing", "a b", "vm-2", "msg=", "BETA", "x{3}a", "5 alpha"} {
		t.Run(pattern, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(3, uint64(len(pattern))))
			s := tui.NewStore("system")
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
					s.Append(fmt.Sprintf("vm-%d", r.IntN(2)+1), []byte(data))
				}
			}
			grow(30_000)
			s.EvictTo(777)
			scan := s.Scan(pattern, 12_000)
			evicted := uint64(777)
			deadline := time.Now().Add(time.Minute)
			for i := 0; !scan.Step(); i++ {
				if i < 50 {
					grow(100)
					evicted += uint64(r.IntN(750))
					s.EvictTo(evicted)
				}
				if time.Now().After(deadline) {
					t.Fatal("the scan does not end")
				}
			}
			grow(5000)
			s.EvictTo(evicted + 3000)
			for !scan.Step() {
			}
			if got, want := scan.Numbers(), s.Loop(pattern); !slices.Equal(got, want) {
				t.Fatalf("%d found, want %d", len(got), len(want))
			}
			s.Free()
		})
	}
}

// A step of a search whose time is over tests no more than a few records, and
// one over many records none at all: they are tested in the background.
func TestSearchStepsAreSmall(t *testing.T) {
	s := tui.NewStore("system")
	defer s.Free()
	grow := func(n int) {
		for range n {
			s.Append("vm-1", []byte(`{"msg":"line"}`))
		}
	}
	grow(10_000)
	tested, before := 0, 0
	scan := s.ScanBy(5000, func() bool { tested++; return true })
	for scan.StepLate() {
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
	scan = s.ScanBy(200_000, func() bool { <-release; return true })
	go func() {
		for range 100 {
			scan.StepLate()
		}
		close(stepped)
	}()
	select {
	case <-stepped:
	case <-time.After(time.Minute):
		t.Fatal("a step waits for the records to be tested")
	}
	close(release)
	for !scan.Step() {
	}
	if scan.Count() != 200_000 {
		t.Fatalf("%d records were found, want 200,000", scan.Count())
	}
}

// A panic of who searches in the background comes out where the terminal can be
// restored.
func TestAPanicInASearchIsHandedOn(t *testing.T) {
	s := tui.NewStore("system")
	defer s.Free()
	for i := range 50_000 {
		s.Append("vm-1", record240(i))
	}
	scan := s.ScanBy(50_000, func() bool { panic("boom") })
	err := rescue.Call("search", func() error {
		for deadline := time.Now().Add(time.Minute); !scan.Step(); {
			if time.Now().After(deadline) {
				return nil
			}
		}
		return nil
	})
	var fault *rescue.Error
	if !errors.As(err, &fault) || fault.Value != "boom" || !bytes.Contains(fault.Stack, []byte("examine")) {
		t.Fatalf("the error is %v, want the worker's panic", err)
	}
}

// Ten million records are held within 1.3 times their bytes: what is kept beside
// the bytes is small, and a block has room for exactly its entries.
func TestEntriesAreSmall(t *testing.T) {
	if size, reckoned := tui.EntrySizes(); size != reckoned || size > 32 {
		t.Errorf("an entry takes %d bytes, and %d are reckoned with; want at most 32", size, reckoned)
	}
}

// BenchmarkSearch searches ten million records (or what -benchtime allows) in
// memory.
func BenchmarkSearch(b *testing.B) {
	const records = 2_000_000
	s := tui.NewStore("system")
	defer s.Free()
	for i := range records {
		s.Append("vm-1", record240(i))
	}
	for _, pattern := range []string{"needle", "request", "tenant", `status=5\d\d`, `[a-c]{3}\d`, "1999999"} {
		b.Run(pattern, func(b *testing.B) {
			for b.Loop() {
				scan := s.Scan(pattern, records-60)
				for !scan.Step() {
					time.Sleep(100 * time.Microsecond)
				}
				b.ReportMetric(float64(scan.Count()), "found")
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/records*1e7, "s/10M")
		})
	}
}

// record240 is the i-th of many records of 240 bytes.
func record240(i int) []byte {
	data := fmt.Appendf(nil, `{"v":0,"name":"webtask","hostname":"vm-1","pid":4711,"level":30,"time":"2026-03-04T12:00:00.000Z","msg":"request %d completed","tenant":"acme","status":%d,"ms":%d`, i, 200+i%5*100, i%997)
	if i%100_000 == 99_999 {
		data = append(data, `,"n":"needle"`...)
	}
	data = append(data, `,"pad":"`...)
	for len(data) < 238 {
		data = append(data, byte('a'+i%26))
	}
	return append(data, `"}`...)
}

func BenchmarkVerify(b *testing.B) {
	data := record240(1)
	for _, pattern := range []string{"request", "tenant", "acme", `status=300`, "request.*completed"} {
		b.Run(pattern, func(b *testing.B) {
			m := tui.NewMatcher(pattern)
			began := cpuTime(b)
			for b.Loop() {
				if !m.Match(data) {
					b.Fatal("no match")
				}
			}
			b.ReportMetric(float64(cpuTime(b)-began)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime is what this process has used of the processors.
func cpuTime(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
