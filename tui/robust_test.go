package tui_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/tui"
)

// plainRecords are numbered from first on.
func plainRecords(first, n int) *stream.Batch {
	b := &stream.Batch{}
	for i := range n {
		b.Records = append(b.Records, stream.Record{Stream: "system", Source: "vm-1", Data: fmt.Appendf(nil, `{"msg":"line %d","level":30,"name":"a"}`, first+i)})
	}
	return b
}

// Whatever a record holds, the screen is whole: the tabs, the header and the
// last line are where they belong, and each record has one row.
func TestATornRecordTearsNoScreen(t *testing.T) {
	var all strings.Builder // every escape sequence that begins with two bytes, and all controls
	for c := range 0x20 {
		fmt.Fprintf(&all, "%c%c", c, 'a')
	}
	for c := 0x20; c < 0x7f; c++ {
		fmt.Fprintf(&all, "\x1b%c1;2;3%c\x1b[?%cm", c, c, c)
	}
	for c := 0x80; c < 0xa0; c++ {
		fmt.Fprintf(&all, "%c1;2%c%s", rune(c), rune(c), string([]byte{byte(c)}))
	}
	for name, msg := range map[string]string{
		"a long line":         strings.Repeat("0123456789", 100_000),
		"a long wide line":    strings.Repeat("漢", 300_000),
		"bad UTF-8":           strings.Repeat("\xff\xfe\xc3(\xe2\x82\xf0\x9f\x92 ", 1000),
		"combining":           "e" + strings.Repeat("\u0301", 100_000) + " a\u0308o\u0308u\u0308",
		"joined":              strings.Repeat("👩\u200d👩\u200d👧\u200d👦 👋🏽 ❤\ufe0f 1\ufe0f\u20e3 🇩🇪 ", 1000),
		"right to left":       strings.Repeat("שלום \u202eעולם\u202c مرحبا \u2067بالعالم\u2069 ", 1000),
		"controls":            all.String(),
		"a title":             "\x1b]0;pwned\x07\x1b]2;pwned\x1b\\\x1bP1$r0m\x1b\\\x1b_Gi=1\x1b\\\x1b^x\x1b\\",
		"screen and cursor":   "\x1b[?1049l\x1b[2J\x1b[1;1H\x1b[10A\x1bc\x1b[!p\x1b[r\x1b7\x1b8\x0e\x0f\x1b(0lqqk",
		"zero width and tabs": "a\u200b\u2060\ufeffb\t\tc\u00adD",
	} {
		t.Run(name, func(t *testing.T) {
			for _, escaped := range []bool{false, true} {
				term := start80x24(t, "system")
				data := []byte(`{"level":30,"name":"` + msg + `","msg":"` + msg + `","` + msg + `":"` + msg + `"}`)
				if escaped {
					data = fmt.Appendf(nil, `{"level":30,"name":"x","msg":%s,"k":%s}`, escape(msg), escape(msg))
				}
				b := plainRecords(1, 3)
				b.Records = append(b.Records, stream.Record{Stream: "system", Source: "vm-1", Data: data})
				b.Records = append(b.Records, plainRecords(4, 3).Records...)
				term.feed.put(b)
				term.waitFor("the rows", func(screen string) bool {
					lines := strings.Split(screen, "\n")
					return len(lines) >= 24 && strings.Contains(lines[0], "sluice") && strings.Contains(lines[1], "system") &&
						strings.Contains(lines[2], "line 1") && strings.Contains(lines[4], "line 3") &&
						strings.Contains(lines[6], "line 4") && strings.Contains(lines[8], "line 6") && strings.Contains(lines[23], "kept")
				})
				term.press("kkk\r")
				term.waitForText("one record")
				term.press("G")
				term.press("g\x1b")
				term.waitForText("line 6")
				term.press("q")
				if err := term.end(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// escape writes every code point of a JSON string by its number.
func escape(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r > 0xffff {
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x`, 0xd800+r>>10)
			r = 0xdc00 + r&0x3ff
		}
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	b.WriteByte('"')
	return b.String()
}

// However often its size changes, the screen fits the terminal in the end, and
// the records go on coming.
func TestResizesInAFlood(t *testing.T) {
	term := start80x24(t, "system")
	term.waitForText("No records yet")
	// It is not this process's own terminal, so the kernel does not tell it.
	resize := func(cols, rows uint16) {
		term.vt.Resize(int(cols), int(rows)) // as terminals do: first they change, then they say so
		if err := pty.Setsize(term.pty, &pty.Winsize{Rows: rows, Cols: cols}); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		cols, rows := uint16(20+i*7%180), uint16(5+i*3%60)
		switch {
		case i%18 == 0:
			cols, rows = 1, 1
		case i%9 == 0:
			cols, rows = 10, 3
		}
		resize(cols, rows)
		term.feed.put(plainRecords(i*50+1, 50))
		if i%10 == 0 {
			term.wait(func() bool { return term.feed.empty() })
		}
	}
	// The last size counts: on it the screen is drawn anew.
	resize(100, 30)
	term.waitFor("the last line", func(screen string) bool {
		lines := strings.Split(screen, "\n")
		return len(lines) >= 30 && strings.Contains(lines[28], "line 5000") && strings.Contains(lines[29], "5,000 kept")
	})
	term.press("q")
	if err := term.end(); err != nil {
		t.Fatal(err)
	}
}

// A terminal that reads nothing holds up nobody: the client goes on taking
// what comes, and when the terminal reads again it shows the newest.
func TestATerminalThatStopsReading(t *testing.T) {
	term := start80x24(t, "system")
	term.waitForText("No records yet")
	term.stop()
	const records = 200_000
	for i := range 200 {
		term.feed.put(plainRecords(i*1000+1, 1000))
	}
	term.wait(func() bool { return term.feed.empty() })
	// Keys are answered, though nobody can see it.
	term.press(" ")
	for i := range 200 {
		term.feed.put(plainRecords(records+i*1000+1, 1000))
	}
	term.wait(func() bool { return term.feed.empty() })
	term.goOn()
	term.waitForText("PAUSED")
	term.press("G")
	term.waitForText("line 400000")
	term.press("q")
	if err := term.end(); err != nil {
		t.Fatal(err)
	}
}

// A client whose terminal reads nothing can be ended.
func TestEndingOnATerminalThatStopsReading(t *testing.T) {
	term := start80x24(t, "system")
	term.waitForText("No records yet")
	term.stop()
	for i := range 100 {
		term.feed.put(plainRecords(i*1000+1, 1000))
	}
	term.wait(func() bool { return term.feed.empty() })
	term.cancel()
	select {
	case err := <-term.done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("Run does not return")
	}
	term.goOn()
}

// A panic anywhere leaves the terminal as it was.
func TestAPanicRestoresTheTerminal(t *testing.T) {
	for _, where := range []string{"TryTake", "Status", "Ready"} {
		t.Run(where, func(t *testing.T) {
			term := start80x24(t, "system")
			term.waitForText("No records yet")
			term.feed.mu.Lock()
			term.feed.panics = where
			term.feed.mu.Unlock()
			term.feed.put(plainRecords(1, 1))
			// By the client's own way out, and not by Bubble Tea's, which prints
			// over the screen and says nothing of where it was.
			if err := term.end(); !rescue.Is(err) {
				t.Fatalf("Run returned %v, want the panic", err)
			}
		})
	}
	t.Run("command", func(t *testing.T) {
		term := startWith(t, tui.Config{Streams: []string{"system"}, Actions: []tui.Action{{Key: "x", Help: "fall", Do: func() string { panic("boom") }}}})
		term.waitForText("No records yet")
		term.press("x")
		if err := term.end(); !rescue.Is(err) {
			t.Fatalf("Run returned %v, want the panic", err)
		}
	})
}

// 100,000 streams can be chosen from: the list is as long as the screen allows,
// and a key costs no more memory than with a thousand; moving looks at no name.
func TestAHundredThousandStreams(t *testing.T) {
	pickerOf := func(n int) *screen {
		s := open(t, 100, 30, tui.Config{})
		s.feed.live = make([]stream.Live, n)
		for i := range s.feed.live {
			s.feed.live[i] = stream.Live{Name: fmt.Sprintf("tenant/customer-%06d", i), Rate: float64(i), Sources: 1}
		}
		s.second()
		return s
	}
	few, many := pickerOf(1000), pickerOf(100_000)
	many.want("100,000 live")
	if n := strings.Count(many.text(), "tenant/customer-"); n > 30 {
		t.Fatalf("%d streams are drawn on 30 lines", n)
	}
	cost := func(s *screen, keys ...string) float64 {
		return testing.AllocsPerRun(1, func() { s.keys(keys...) }) // runs it once before
	}
	for _, keys := range [][]string{
		{"down", "up", "pgdown", "end", "up", "home"}, // moving
		{"0", "7", "backspace", "backspace"},          // typing
		{"ctrl+s", "ctrl+s"},                          // sorting
	} {
		if one, other := cost(few, keys...), cost(many, keys...); other > 2*one+100 {
			t.Errorf("keys %q allocate %.0f times with 100,000 streams, and %.0f with 1,000", keys, other, one)
		}
	}
	scored := tui.Scored(many.model)
	many.keys("down", "pgdown", "end", "home", "up", "pgup")
	if n := tui.Scored(many.model) - scored; n != 0 {
		t.Errorf("moving looked at %d names", n)
	}
	many.keys("9")
	if n := tui.Scored(many.model) - scored; n > 100_000 {
		t.Errorf("a letter looked at %d names of 100,000", n)
	}
	many.keys("backspace", "099997", "enter")
	many.want("tenant/customer-099997")
	if len(many.feed.tails) != 1 {
		t.Fatalf("tails are %q", many.feed.tails)
	}
}

func (term *ptyClient) wait(ok func() bool) {
	term.t.Helper()
	term.waitFor("it", func(string) bool { return ok() })
}
