package tui_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/stream"
	"sluice/tui"
)

// evil has everything that must not reach a terminal.
const evil = "\x1b]0;pwned\x07\x1b[2J\u009b31m\u202e\u2066\x7f\x00\r\xff"

// Every frame is checked by screen.check.
func TestNothingHostileReachesTheTerminal(t *testing.T) {
	escaped := `\u001b]0;pwned\u0007\u001b[2J\u009b31m\u202e\u2066\u007f\u0000\r` + "\u009b\u202e\xff"
	for _, size := range [][2]int{{80, 24}, {140, 40}, {30, 10}} {
		s := open(t, size[0], size[1], tui.Config{Title: evil}, "system", "tenant/"+"\u202eemca\u2066")
		for i := range s.feed.sources {
			s.feed.sources[i].Name = evil
			s.feed.sources[i].Address = evil
			s.feed.sources[i].Err = evil
		}
		s.feed.sources[1].State = stream.StateLost
		s.feed.live = append(s.feed.live, stream.Live{Name: evil})
		b := &stream.Batch{}
		for _, data := range []string{
			fmt.Sprintf(`{"name":%[1]q,"hostname":"h","msg":"m"}`, "x") + evil,
			`{"name":"` + escaped + `","component":"` + escaped + `","hostname":"` + escaped + `","level":50,"msg":"` + escaped + `\n` + escaped + `"}`,
			`{"msg":"m","` + escaped + `":"` + escaped + `","o":{"` + escaped + `":["` + escaped + `"]},"req":{"method":"` + escaped + `","url":"` + escaped + `","headers":{"` + escaped + `":"` + escaped + `"},"body":"` + escaped + `"},"res":{"statusCode":500,"header":"` + escaped + `"},"err":{"name":"` + escaped + `","message":"` + escaped + `","stack":"` + escaped + `\n` + escaped + `"}}`,
			evil, "", "null", "[]", `"` + escaped + `"`,
		} {
			b.Records = append(b.Records, stream.Record{Stream: "system", Source: evil, Arrived: start.UnixNano(), Data: []byte(data)})
		}
		b.Notices = []stream.Notice{{At: 2, Kind: stream.KindGap, Time: start, Stream: "system", Source: evil, Hop: evil, Reason: evil, Count: 1}}
		s.take(b)
		s.keys("k", "space")
		for range 9 {
			s.keys("enter", "G", "esc", "k")
		}
		s.keys("o", "pw", "esc", "/", "pwned", "enter", "n", "N", "?", "esc", "l", "right", "left", "x")
		for i := range s.feed.sources {
			s.feed.sources[i].State = stream.StateLost
		}
		s.keys("2")
		s.woken = true
		s.settle()
	}
}

func TestGiantRecords(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	deep := strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	for _, field := range []string{
		`"msg":"` + strings.Repeat("x", 3<<20) + `"`,
		`"msg":"` + strings.Repeat(`\n`, 100_000) + `"`,
		`"msg":"` + strings.Repeat("\u0301", 100_000) + `"`,
		`"msg":"` + strings.Repeat("漢", 80_000) + `"`,
		`"deep":` + deep,
		`"flat":[` + strings.Repeat("1,", 100_000) + `1]`,
		strings.Repeat(`"k":1,`, 30_000) + `"k":2`,
	} {
		s.take(&stream.Batch{Records: []stream.Record{s.record("system", "vm-1", field)}})
		began := time.Now()
		s.keys("enter", "G", "pgup", "g", "esc", "/", "zzz", "esc", "G")
		if took := time.Since(began); took > 20*time.Second {
			t.Fatalf("%.40s… took %v", field, took)
		}
	}
}

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

// A record whose keys are as long as they may be cannot make its page large.
func TestLongKeysMakeNoLargePage(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"msg":"x","` + strings.Repeat("k", 120_000) + `":{`)
	for i := range 12_000 {
		fmt.Fprintf(&b, `"%d":1,`, i)
	}
	b.WriteString(`"end":1}}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	lines := tui.Detail([]byte(b.String()), 80, 24)
	runtime.ReadMemStats(&after)
	if len(lines) < 12_000 {
		t.Fatalf("the page has %d lines", len(lines))
	}
	if made := after.TotalAlloc - before.TotalAlloc; made > 200<<20 {
		t.Errorf("it took %d MiB to make a page of %d bytes", made>>20, b.Len())
	}
}

func TestATakingEndsInTime(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	for range 30 {
		b := &stream.Batch{}
		for range 5000 {
			b.Records = append(b.Records, s.record("system", "vm-1", `"level":30,"msg":"line"`))
		}
		s.feed.put(b)
	}
	s.woken = false
	s.send(tui.TakeMsg)
	if !s.woken {
		t.Fatal("150,000 records were taken in one frame, or forgotten")
	}
	s.settle()
	if records, _ := tui.Held(s.model); records != 150_000 {
		t.Fatalf("%d records are kept", records)
	}
}

func FuzzRow(f *testing.F) {
	f.Add([]byte(`{"name":"a","msg":"x\u001b[2Jy","level":50,"k":"v"}`), 80, 0, false)
	f.Add([]byte("{\"msg\":\"e\u0301\u200d👩‍👩‍👧‍👦 東京\"}"), 40, 3, true)
	f.Add([]byte(`not json `+evil), 25, 16, false)
	f.Add([]byte("{\"msg\":\"a"+strings.Repeat("\u0301", 40)+"b\"}"), 60, 0, true)
	f.Fuzz(func(t *testing.T, data []byte, width, shift int, grapheme bool) {
		width, shift = 20+abs(width)%200, abs(shift)%100
		for _, pattern := range []string{"", "a", "."} {
			row := tui.Row(data, "vm-1", width, shift, grapheme, pattern)
			checkClean(t, row)
			method := ansi.WcWidth
			if grapheme {
				method = ansi.GraphemeWidth
			}
			if w := method.StringWidth(row); w != width {
				t.Fatalf("the row has %d columns, want %d: %q", w, width, row)
			}
		}
	})
}

func FuzzDetail(f *testing.F) {
	f.Add([]byte(`{"msg":"x\ny","req":{"method":"GET","url":"/","headers":{"a":"b"},"body":{"c":[1,{}]}},"res":{"statusCode":404,"header":"a: b\r\n"},"err":{"message":"m","stack":"s\n t"},"z":{"a":[1,"2",null,true]}}`), 60)
	f.Add([]byte(`{"a":[[[[{"b":"`+"\u202e\u009b"+`"}]]]]}`), 20)
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		width = 20 + abs(width)%200
		lines := tui.Detail(data, width, 10)
		for _, l := range strings.FieldsFunc(lines[0], func(r rune) bool { return r == '\n' || r == '\t' }) {
			checkClean(t, l)
		}
		for _, l := range lines[1:] {
			checkClean(t, l)
			if w := ansi.StringWidthWc(l); w != width {
				t.Fatalf("the line has %d columns, want %d: %q", w, width, l)
			}
		}
	})
}

func abs(n int) int { return max(n, -(n + 1)) }
