package tui_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/stream"
	"sluice/tui"
)

// headers are the lines on which a pane begins, with the columns.
func (s *screen) headers() (found []string) {
	for y, line := range strings.Split(s.text(), "\n") {
		for _, name := range []string{"one", "two", "three", "four"} {
			if i := strings.Index(line, "━ "+name+" "); i >= 0 {
				found = append(found, fmt.Sprintf("*%s %d,%d", name, len([]rune(line[:i])), y))
			}
			if i := strings.Index(line, "─ "+name+" "); i >= 0 {
				found = append(found, fmt.Sprintf("%s %d,%d", name, len([]rune(line[:i])), y))
			}
		}
	}
	return found
}

func TestArrangements(t *testing.T) {
	s := open(t, 200, 60, tui.Config{}, "one", "two", "three", "four")
	want := func(headers ...string) {
		t.Helper()
		if got := s.headers(); !slices.Equal(got, headers) {
			t.Fatalf("panes begin at %q, want %q:\n%s", got, headers, s.text())
		}
	}
	want("*one 0,1", "two 101,1")
	s.keys("+")
	want("one 0,1", "two 67,1", "*three 134,1")
	s.keys("+") // three columns are what there is room for: the last has two
	want("one 0,1", "two 67,1", "three 134,1", "*four 134,30")
	s.keys("v", "v") // beside, then stacked
	want("one 0,1", "two 0,15", "three 0,29", "*four 0,43")
	s.keys("v") // tabs
	want("*four 0,1")
	s.keys("v", "z") // auto again, and zoomed
	want("*four 0,1")
	s.keys("z", "-")
	want("one 0,1", "two 67,1", "*three 134,1")
	s.keys("{")
	want("one 0,1", "two 134,1", "*three 67,1")
	// Below 120 columns they are stacked, however many were beside each other.
	s.send(tea.WindowSizeMsg{Width: 119, Height: 40})
	want("one 0,1", "*three 0,13", "two 0,25")
	s.send(tea.WindowSizeMsg{Width: 80, Height: 12})
	want("*three 0,1")
}

func TestPickerMergesWhatIsMarked(t *testing.T) {
	s := open(t, 120, 24, tui.Config{})
	s.keys("ten", "space", "space")
	s.want("◆ tenant/acme", "enter merges 2 in one pane")
	s.keys("enter")
	if !slices.Equal(s.feed.tails, []string{"tenant/acme", "tenant/globex"}) {
		t.Fatalf("tails are %q", s.feed.tails)
	}
	s.want("tenant/acme + tenant/globex")
	s.keys("o", "space", "space", "ctrl+o")
	s.want("3 system/scheduler")
}

func TestPickerPutsTheBusiestFirst(t *testing.T) {
	s := open(t, 100, 24, tui.Config{})
	s.keys("ctrl+s")
	s.want("▌ tenant/globex")
	s.keys("enter")
	if !slices.Equal(s.feed.tails, []string{"tenant/globex"}) {
		t.Fatalf("tails are %q", s.feed.tails)
	}
}

func TestMarks(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.keys("'")
	s.want("nothing is marked")
	s.lines("system", 100)
	s.keys("g", "m", "j", "j", "m", "G", "'")
	if got := s.cursorLine(); !strings.Contains(got, "line 1") || strings.Contains(got, "line 100") {
		t.Fatalf("the first mark is %q", got)
	}
	s.keys("'")
	if got := s.cursorLine(); !strings.HasSuffix(got, "line 3") {
		t.Fatalf("the second mark is %q", got)
	}
	s.keys("'", "\"")
	if got := s.cursorLine(); !strings.HasSuffix(got, "line 3") {
		t.Fatalf("around the ends it is %q", got)
	}
	s.keys("m", "g", "m", "'")
	s.want("nothing is marked")
}

// cursorLine is the row with a mark on it that has the cursor's background.
func (s *screen) cursorLine() string {
	for i, line := range strings.Split(s.model.View().Content, "\n") {
		if strings.Contains(line, "48;2;38;45;61m") && strings.Contains(line, "◆") {
			return s.line(i)
		}
	}
	return ""
}

func TestErrorsAreGoneTo(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	b := &stream.Batch{}
	for i := range 100 {
		level := 30
		if i%40 == 5 {
			level = 50
		}
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":%d,"msg":"line %d"`, level, i)))
	}
	s.take(b)
	s.keys("E")
	for _, test := range [][2]string{{"E", "line 45"}, {"E", "line 5"}, {"E", "line 5"}, {"e", "line 45"}, {"e", "line 85"}, {"e", "line 85"}} {
		s.keys(test[0])
		if got := s.cursorRow(); got != test[1] {
			t.Fatalf("%s goes to %q, want %q", test[0], got, test[1])
		}
	}
	s.want("no error after this one")
	s.keys("f", "-45", "enter", "E")
	if got := s.cursorRow(); got != "line 5" {
		t.Fatalf("E goes to %q, which the filter leaves out", got)
	}
}

// Records are a tenth of a second apart, from 12:00:00.1.
func TestGoToATime(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.lines("system", 1000)
	s.now = start.Add(2 * time.Minute)
	for text, want := range map[string]string{
		"12:00:30": "line 300", "-90s": "line 300", "2026-03-04T13:00:30.05+01:00": "line 301",
		"2026-03-04 12:01": "line 600", "2026-03-04T12:01Z": "line 600", "2026-03-04 13:00:30+01:00": "line 300", "11:00": "line 1", "12:01:50": "line 1000",
	} {
		s.keys("T", text, "enter")
		if got := s.cursorRow(); got != want {
			t.Errorf("%s goes to %q, want %q", text, got, want)
		}
	}
	s.keys("T", "--5m", "enter")
	s.want(`read the time span "--5m"`)
	s.keys("esc", "T", "half past", "enter")
	s.want(`read the time "half past": write 14:05`)
	s.keys("esc", "T", "up")
	s.want("go to") // what was wrong is not remembered; what was right is
	s.keys("esc")
}

// A few records with a wild time, wherever they stand, lead no jump astray.
func TestGoToATimeAmongWildOnes(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	b := &stream.Batch{}
	for i := range 1000 {
		at := start.Add(time.Duration(i) * time.Second).Format(time.RFC3339)
		switch i % 7 {
		case 2:
			at = "2099-01-01T00:00:00Z"
		case 5:
			at = "1970-01-01T00:00:00Z"
		}
		r := s.record("system", "vm-1", "")
		r.Data = fmt.Appendf(nil, `{"v":0,"level":30,"name":"app","hostname":"vm-1","pid":1,"time":"%s","msg":"line %d"}`, at, i)
		b.Records = append(b.Records, r)
	}
	s.take(b)
	s.now = start.Add(time.Hour)
	for _, i := range []int{3, 50, 501, 502, 503, 507, 994} {
		s.keys("T", start.Add(time.Duration(i)*time.Second).Format("15:04:05"), "enter")
		var got int
		if _, err := fmt.Sscanf(s.cursorRow(), "line %d", &got); err != nil || got < i-2 || got > i+2 {
			t.Errorf("to the time of line %d it goes to %q", i, s.cursorRow())
		}
	}
}

func TestTimesAreTold(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	s.lines("system", 1)
	s.want("12:00:00.100")
	s.keys("t")
	s.want("times in UTC", "12:00:00.100")
	s.now = start.Add(65 * time.Second)
	s.keys("t")
	s.want(" 1m 04s INFO")
	s.now = s.now.Add(time.Minute)
	s.second()
	s.want(" 2m 04s INFO")
	s.keys("t")
	s.want("12:00:00.100")
}

func TestWrapping(t *testing.T) {
	s := open(t, 80, 12, tui.Config{}, "system")
	s.lines("system", 30)
	s.take(&stream.Batch{Records: []stream.Record{
		s.record("system", "vm-1", `"level":30,"msg":"first\nsecond, `+strings.Repeat("and on ", 10)+`\nthird"`),
		s.record("system", "vm-1", `"level":30,"msg":"line last"`),
	}})
	s.want("first ⏎ second")
	s.keys("w")
	lines := strings.Split(s.text(), "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasSuffix(l, " first") })
	if at < 0 {
		t.Fatalf("the record is not there:\n%s", s.text())
	}
	indent := strings.Index(lines[at], "first")
	for i, want := range []string{"first", "second, and on", "", "third"} {
		if got := lines[at+i]; len(got) < indent || !strings.HasPrefix(got[indent:], want) {
			t.Fatalf("line %d of the record is %q, want %q in column %d", i, got, want, indent)
		}
	}
	if !strings.HasSuffix(lines[at+4], "line last") || !strings.HasPrefix(lines[at+5], " ●") {
		t.Fatalf("the newest record is not at the bottom:\n%s", s.text())
	}
	// A click finds the record that a line belongs to.
	s.send(tea.MouseClickMsg{X: 40, Y: at + 2, Button: tea.MouseLeft})
	s.keys("enter")
	s.want("one record", "second, and on")
	s.keys("esc", "G", "w")
	s.want("first ⏎ second")
}

// A record that is larger than the screen, and the cursor, stay on it.
func TestWrappingMoves(t *testing.T) {
	s := open(t, 60, 12, tui.Config{}, "system")
	b := &stream.Batch{}
	for i := range 40 {
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":30,"msg":"line %d%s"`, i, strings.Repeat(" more", i*3))))
	}
	s.take(b)
	s.keys("w", "g")
	for i := range 39 {
		if got := s.cursorRow(); !strings.HasPrefix(got, fmt.Sprintf("line %d", i)) {
			t.Fatalf("after %d keys the cursor is on %q:\n%s", i, got, s.text())
		}
		s.keys("j")
	}
	s.want("following")
	for range 39 {
		s.keys("k")
	}
	s.want("line 0")
}

func TestFilterPrompt(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	b := &stream.Batch{}
	for i := range 10 {
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":30,"msg":"line %d","status":%d`, i, 200+i*100)))
	}
	s.take(b)
	s.keys("f", "status>=800")
	s.want("4 of 10 shown", "line 9", "line 6")
	s.wantNot("line 5")
	s.keys(" -")
	s.keys("9  x=")
	s.want("wants a value")
	s.keys("enter")
	s.want("filter status>=800") // still open
	s.keys("backspace", "backspace", "enter")
	s.want("status>=800", "-9", "line 8")
	s.wantNot("line 9")
	// What is typed and left is undone.
	s.keys("&", "nothing-has-this", "esc")
	s.want("line 8", "status>=800")
	s.keys("0")
	s.want("line 9", "line 0")
	s.wantNot("status>=800 ")
	// The history brings it back.
	s.keys("f", "up", "enter")
	s.want("status>=800", "line 8")
	s.wantNot("line 5")
}

func TestFieldsOfARecord(t *testing.T) {
	s := open(t, 120, 40, tui.Config{}, "system")
	s.take(&stream.Batch{Records: []stream.Record{
		s.record("system", "vm-1", `"level":30,"msg":"line 1","tenant":"acme"`),
		s.record("system", "vm-1", `"level":30,"msg":"line 2","tenant":"two words"`),
		s.record("system", "vm-1", `"level":30,"msg":"line 3","job":{"id":[1,2],"owner":{"team":"a \"b\"","long":"this makes it more than one line of JSON"}}`),
	}})
	choose := func(line string) {
		t.Helper()
		for range 60 {
			for _, l := range strings.Split(s.text(), "\n") {
				if strings.HasPrefix(l, "▌") && strings.Contains(l, line) {
					return
				}
			}
			s.keys("j")
		}
		t.Fatalf("the line %q cannot be chosen:\n%s", line, s.text())
	}
	s.keys("enter")
	choose(`"team": `)
	if got, want := raw(t, s.keys("c")), "\x1b]52;c;"+base64.StdEncoding.EncodeToString([]byte(`a "b"`))+"\x07"; got != want {
		t.Fatalf("c wrote %q, want %q", got, want)
	}
	s.want("job.owner.team copied: 5 bytes")
	s.keys("f")
	s.want(`job.owner.team="a \"b\""`, "line 3")
	s.wantNot("line 2")
	s.keys("0", "k", "enter")
	choose("tenant: ")
	s.keys("F")
	s.want(`tenant!="two words"`, "line 1")
	s.wantNot("line 2")
}

func TestCopying(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"a terminal":    {nil, "\x1b]52;c;bGluZSAx\x07"},
		"screen":        {map[string]string{"STY": "1.x"}, "\x1bP\x1b]52;c;bGluZSAx\x07\x1b\\"},
		"tmux, by ssh":  {map[string]string{"TERM": "tmux-256color"}, "\x1b]52;c;bGluZSAx\x07\x1bPtmux;\x1b\x1b]52;c;bGluZSAx\x07\x1b\\"},
		"tmux, but not": {map[string]string{"TERM": "screen-256color"}, "\x1b]52;c;bGluZSAx\x07"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 80, 24, tui.Config{Getenv: func(name string) string { return test.env[name] }}, "system")
			s.lines("system", 1)
			if got := raw(t, s.keys("Y")); got != test.want {
				t.Fatalf("Y wrote %q, want %q", got, test.want)
			}
		})
	}
}

func TestSaving(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.flood("system", 5000)
	s.take(&stream.Batch{Notices: []stream.Notice{{Kind: stream.KindGap, Time: start, Stream: "system", Count: 7}}})
	s.keys("f", "/line \\d*7$/", "enter")
	path := filepath.Join(t.TempDir(), "saved.ndjson")
	s.keys("s")
	s.want("save to system-20260304-120000.ndjson")
	says := func(text string) func() bool { return func() bool { return strings.Contains(s.text(), text) } }
	s.perform(s.keys("ctrl+u", path, "enter"), says("500 records saved to "+path))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) != 500 || !strings.Contains(lines[0], `"msg":"line 7"`) || !strings.Contains(lines[499], `"msg":"line 4997"`) {
		t.Fatalf("%d lines are saved, from %.200s to %.200s", len(lines), lines[0], lines[len(lines)-1])
	}
	// Another file is not written over unless one says so.
	s.keys("0")
	s.perform(s.keys("s", "ctrl+u", path, "enter"), says("exists: overwrite it? y/n"))
	s.keys("n", "enter")
	if now, _ := os.ReadFile(path); string(now) != string(data) {
		t.Fatal("n wrote over the file")
	}
	s.perform(s.keys("s", "ctrl+u", path, "enter"), says("exists: overwrite it? y/n"))
	s.perform(s.keys("y", "enter"), says("5,000 records saved to "+path))
	s.perform(s.keys("s", "ctrl+u", filepath.Join(path, "no"), "enter"), says("not saved: open "))
}

func TestTheBoard(t *testing.T) {
	s := open(t, 130, 50, tui.Config{Records: 1000}, "system", "tenant/acme")
	s.cluster()
	s.feed.sources[1].State, s.feed.sources[1].Since = stream.StateLost, start
	s.feed.sources[1].Err = "connection\x1b[31m refused"
	s.now = s.now.Add(30 * time.Second)
	s.second()
	s.keys("i")
	s.want("2 of 3 live", "✕ vm-2", "reconnecting for 30s", "connection␛[31m refused", "1,203 lost in 1 gap",
		"consolidator", "network", "0+", "1,203+ records in 2 gaps", "14 of 1,000", "1 err/min")
	s.keys("q")
	s.wantNot("Lost on the way")
}

func TestHelpScrolls(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.keys("?")
	s.want("pause and resume", "more below")
	s.wantNot("quit at once")
	for range 6 {
		s.keys("space")
	}
	s.want("a level and above")
	s.keys("x")
	s.wantNot("a level and above")
}

// What the search found is seen, also far to the right.
func TestTheCursorShowsWhatWasFound(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.take(&stream.Batch{Records: []stream.Record{
		s.record("system", "vm-1", `"level":30,"msg":"line 1 `+strings.Repeat("and on ", 30)+`needle and the rest"`),
		s.record("system", "vm-1", `"level":30,"msg":"line 2"`),
	}})
	s.wantNot("needle")
	s.keys("/", "needle", "enter")
	s.want("on needle and the rest", "line 2")
	s.keys("j", "k", "k")
	s.want("needle and the rest")
}

func TestChipsAreTakenAway(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.lines("system", 30)
	s.keys("f", "line -7", "enter", "l", "/", "line", "enter")
	s.want(" level ≥ trace ", " line ", " -7 ", " /line ")
	at := func(chip string) int { return len([]rune(s.line(1)[:strings.Index(s.line(1), chip)])) + 1 }
	s.send(tea.MouseClickMsg{X: at(" -7 "), Y: 1, Button: tea.MouseLeft})
	s.settle()
	s.want(" level ≥ trace ", " line ", "line 27")
	s.wantNot(" -7 ")
	s.send(tea.MouseClickMsg{X: at(" /line "), Y: 1, Button: tea.MouseLeft})
	s.wantNot(" /line ")
	s.keys("backspace")
	s.want(" level ≥ trace ")
	s.keys("backspace", "backspace")
	s.wantNot(" level ≥ trace ")
}
