package tui_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/stream"
	"sluice/tui"
)

// What is typed and pasted is as foreign as what comes from the network: where
// it is said again it is sanitised. Every frame is checked by screen.check.
func TestWhatIsPastedIsSanitised(t *testing.T) {
	const foreign = "\u009b31m\u202e\x1b[2J\x07"
	paste := func(s *screen, text string) { s.send(tea.PasteMsg{Content: text}) }
	s := open(t, 120, 30, tui.Config{
		Settings: tui.Settings{Keys: map[string][]string{"pause": {foreign}}},
		Actions:  []tui.Action{{Key: "x", Help: foreign, Do: func() string { return foreign }}},
	}, "system")
	s.lines("system", 10)
	s.keys("?", "esc", "x")
	s.keys("f")
	paste(s, `"a"`+foreign)
	s.want(`a blank is wanted after "a"`)
	s.keys("ctrl+u")
	paste(s, `k~(`+foreign)
	s.want(`missing closing ]`)
	s.keys("enter", "esc", "/")
	paste(s, foreign)
	s.keys("enter", "T")
	paste(s, foreign)
	s.keys("enter", "esc")

	// Line breaks and tabs part words, and act as no keys.
	s.keys("/")
	paste(s, "\nline 4\r\nq\tw\n")
	s.want(" /line 4 q w ")
	s.keys("ctrl+u")
	paste(s, strings.Repeat("é", 5000))
	s.keys("enter", "esc")

	dir := folder(t) // what is pasted loses its control characters on the way
	path := filepath.Join(dir, "ab\u202e")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.keys("s", "ctrl+u")
	paste(s, filepath.Join(dir, "a\u009bb\u202e"))
	s.perform(s.keys("enter"), s.says(`ab\u202e exists`))
	s.perform(s.keys("y"), s.says("10 records saved"))
	paste(s, "q\r") // where nothing takes text it does nothing
	s.want("10 records saved")
}

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
		`"msg":"` + strings.Repeat("\u0301", 20_000) + `"`,
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

func abs(n int) int { return max(n, -(n + 1)) }

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
		"a long line":         strings.Repeat("0123456789", 20_000),
		"a long wide line":    strings.Repeat("漢", 60_000),
		"bad UTF-8":           strings.Repeat("\xff\xfe\xc3(\xe2\x82\xf0\x9f\x92 ", 1000),
		"combining":           "e" + strings.Repeat("\u0301", 20_000) + " a\u0308o\u0308u\u0308",
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
