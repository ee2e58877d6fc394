package tui_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/tui"
)

func TestMemoryIsBounded(t *testing.T) {
	t.Run("records", func(t *testing.T) {
		s := open(t, 140, 40, tui.Config{Records: 10_000}, "system", "tenant/acme")
		s.lines("tenant/acme", 100)
		s.flood("system", 25_000)
		if records, _ := tui.Held(s.model); records != 10_000 {
			t.Errorf("%d records are kept, want 10,000", records)
		}
		// The quiet stream was not pushed out by the noisy one.
		s.want("line 100", "line 25100")
		s.keys("2", "g")
		if !strings.Contains(s.text(), "line 1\n") && !strings.Contains(s.text(), "line 1 ") {
			t.Errorf("the quiet stream lost its first record:\n%s", s.text())
		}
	})
	t.Run("bytes", func(t *testing.T) {
		s := open(t, 80, 24, tui.Config{Bytes: 8 << 20}, "system")
		s.flood("system", 80_000)
		if records, bytes := tui.Held(s.model); bytes > 8<<20 || records < 10_000 {
			t.Errorf("%d records in %d bytes are kept, want at most %d bytes of them", records, bytes, 8<<20)
		}
		s.wantRows(80_000-20, 80_000)
	})
}

// However long it runs, and whatever looks at the records meanwhile, the client
// keeps to its bounds, and next to nothing of what it keeps is on the heap.
func TestMemoryStaysAtItsBounds(t *testing.T) {
	volume.Check(t)
	const (
		records = 4_000
		bytes   = 7 << 20
	)
	s := open(t, 140, 40, tui.Config{Records: records, Bytes: bytes}, "system", "system+tenant/acme")
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what has a cleanup goes in the second
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	feed := func(name string, n, pad int) {
		b := &stream.Batch{}
		for range n {
			b.Records = append(b.Records, s.record(name, "vm-1", fmt.Sprintf(`"level":30,"msg":"line %d","pad":"%s"`, s.number+1, strings.Repeat("x", pad))))
		}
		s.now = time.Unix(0, b.Records[n-1].Arrived)
		s.take(b)
	}
	feed("system", 500, 10)
	feed("tenant/acme", 100, 10)
	s.keys("/", "9", "enter", "f", "line", "enter", "tab", "/", "7", "enter", "space", "m")
	before := heap()
	grown := int64(0)
	for round := range 60 { // each reaches a bound several times over
		pad := 10 // what is short reaches the bound of records, what is long that of bytes
		if round >= 30 {
			pad = 1500
		}
		feed("system", 400, pad)
		feed("tenant/acme", 20, pad)
		held, reckoned := tui.Held(s.model)
		if round == 25 && held < records*9/10 || round == 55 && reckoned < bytes*6/10 {
			t.Fatalf("in round %d only %d records in %d bytes are kept", round, held, reckoned)
		}
		if held > records || reckoned > bytes {
			t.Fatalf("in round %d %d records in %d bytes are kept; the bounds are %d and %d", round, held, reckoned, records, bytes)
		}
		if round%10 == 9 {
			grown = max(grown, heap()-before)
		}
	}
	if grown > 2<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}
