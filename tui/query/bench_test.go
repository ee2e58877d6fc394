package query_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"sluice/tui/query"
)

// BenchmarkSearch searches ten million records (or what -benchtime allows) in
// memory.
func BenchmarkSearch(b *testing.B) {
	const records = 2_000_000
	s := newStore(b)
	for i := range records {
		s.append("vm-1", record240(i))
	}
	for _, pattern := range []string{"needle", "request", "tenant", "tenant=acme", `status=5\d\d`, `[a-c]{3}\d`, `[xy]{9}z`, "1999999"} {
		b.Run(pattern, func(b *testing.B) {
			began := cpuTime(b)
			for b.Loop() {
				scan := s.search(pattern, records-60)
				for !s.step(scan) {
					time.Sleep(100 * time.Microsecond)
				}
				b.ReportMetric(float64(scan.Count()), "found")
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/records*1e7, "s/10M")
			b.ReportMetric((cpuTime(b)-began).Seconds()/float64(b.N)/records*1e7, "cpu-s/10M")
		})
	}
}

// BenchmarkFilter filters as many by their fields.
func BenchmarkFilter(b *testing.B) {
	const records = 2_000_000
	s := newStore(b)
	for i := range records {
		s.append("vm-1", record240(i))
	}
	for _, text := range []string{"tenant=acme", "-tenant=acme", "tenant=globex", "status>=400", "status=500 ms>900", "n~need", "level>=warn"} {
		b.Run(text, func(b *testing.B) {
			terms, err := query.Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			f := query.Filter{}.With(terms...)
			began := cpuTime(b)
			for b.Loop() {
				scan := query.NewScan(s.Store, records-60, f.Probe())
				for !s.step(scan) {
					time.Sleep(100 * time.Microsecond)
				}
				b.ReportMetric(float64(scan.Count()), "found")
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/records*1e7, "s/10M")
			b.ReportMetric((cpuTime(b)-began).Seconds()/float64(b.N)/records*1e7, "cpu-s/10M")
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
			m, row := query.NewMatcher(pattern), rowOf(data, true)
			began := cpuTime(b)
			for b.Loop() {
				if !m.Match(row) {
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
