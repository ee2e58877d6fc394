package tui_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/tui"
)

// rows is the messages on the screen, from the top.
func (s *screen) rows() []string {
	var rows []string
	for line := range strings.SplitSeq(s.text(), "\n") {
		if i := strings.Index(line, "line "); i >= 0 {
			rows = append(rows, line[i:])
		}
	}
	return rows
}

func numbered(from, to int) []string {
	var rows []string
	for i := from; i <= to; i++ {
		rows = append(rows, fmt.Sprintf("line %d", i))
	}
	return rows
}

func (s *screen) wantRows(from, to int) {
	s.t.Helper()
	if got, want := s.rows(), numbered(from, to); !slices.Equal(got, want) {
		s.t.Fatalf("rows are\n%q, want\n%q", got, want)
	}
}

// A screen of 24 lines has 21 rows.
func TestFollowing(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.lines("system", 100)
	s.wantRows(80, 100)
	s.lines("system", 50)
	s.wantRows(130, 150)
	s.want("following")
}

func TestScrollingStopsFollowingAndTheEndResumes(t *testing.T) {
	for name, test := range map[string]struct{ up, down []string }{
		"lines":      {[]string{"k", "k"}, []string{"j", "j"}},
		"half pages": {[]string{"ctrl+u"}, []string{"ctrl+d"}},
		"pages":      {[]string{"ctrl+b"}, []string{"ctrl+f"}},
		"page keys":  {[]string{"pgup"}, []string{"pgdown"}},
		"ends":       {[]string{"g"}, []string{"G"}},
		"end keys":   {[]string{"home"}, []string{"end"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 80, 24, tui.Config{}, "system")
			s.lines("system", 100)
			s.keys(test.up...)
			s.want("SCROLLED")
			s.keys(test.down...)
			s.want("following")
			s.lines("system", 1)
			s.wantRows(81, 101)
		})
	}
}

func TestAnAnchoredViewStaysThroughArrivals(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.lines("system", 100)
	s.keys("ctrl+u", "ctrl+u")
	before := s.rows()
	s.lines("system", 500)
	if !slices.Equal(s.rows(), before) {
		t.Fatalf("arrivals moved the rows: %q", s.rows())
	}
	s.want("500 new")
	s.keys("up")
	if got := s.rows()[0]; got != before[0] {
		t.Fatalf("the cursor moved the top line to %q", got)
	}
}

func TestAnAnchoredViewStaysThroughEviction(t *testing.T) {
	for name, level := range map[string]record.Level{"all": 0, "filtered": record.Info} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 80, 24, tui.Config{Records: 200, Filter: query.Filter{Level: level}}, "system")
			s.lines("system", 150)
			s.keys("ctrl+u", "ctrl+u")
			before := s.rows()
			for range 30 {
				s.lines("system", 50)
				if !slices.Equal(s.rows(), before) {
					t.Fatalf("eviction moved the rows: %q", s.rows())
				}
			}
			if held, _ := tui.Held(s.model); held != 200 {
				t.Fatalf("%d records are kept, want 200", held)
			}
			s.want("1,500 new · 21 rows only kept here")
			// Scrolled away from, they are gone; what follows is the oldest kept.
			s.keys("pgdown", "pgdown")
			if first := s.rows()[0]; first < "line 1451" {
				t.Fatalf("the first row is %q", first)
			}
			s.keys("G")
			s.wantRows(1630, 1650)
		})
	}
}

func TestPause(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.lines("system", 5)
	s.keys("space")
	b := &stream.Batch{}
	for i := range 1284 {
		level := 30
		if i < 17 {
			level = 50
		}
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":%d,"msg":"line %d"`, level, s.number+1)))
	}
	s.take(b)
	s.wantRows(1, 5)
	s.want("PAUSED · 1,284 new (17 error) · 0 dropped · G to resume")
	s.take(&stream.Batch{Notices: []stream.Notice{{Kind: stream.KindGap, Time: start, Stream: "system", Count: 2000, Hop: "proxy"}}})
	s.want("· 2,000 dropped ·")

	// Its end is the end of what is shown: going there does not resume.
	s.keys("k", "j", "j", "ctrl+f")
	s.wantRows(1, 5)
	s.want("PAUSED")
	s.keys("G")
	s.want("following", "2,000 records lost at proxy", "line 1289")
	s.keys("space", "space")
	s.want("following")
}

func TestSearch(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.lines("system", 300)
	s.keys("/", "line 1.0")
	s.want("/line 1.0", "10/10")
	s.keys("enter")
	// Nearest to what was on the screen: 280–300 were, 190 is the last before.
	if cursor := s.cursorRow(); cursor != "line 190" {
		t.Fatalf("the search went to %q", cursor)
	}
	if len(s.rows()) != 22 { // with the header's chip
		t.Fatalf("the context is gone: %q", s.rows())
	}
	s.keys("N")
	s.want("9/10")
	if cursor := s.cursorRow(); cursor != "line 180" {
		t.Fatalf("N went to %q", cursor)
	}
	s.keys("n", "n")
	if cursor := s.cursorRow(); cursor != "line 190" {
		t.Fatalf("n past the last match went to %q", cursor)
	}
	// What comes later is found, too.
	s.lines("system", 900)
	s.keys("n")
	if cursor := s.cursorRow(); cursor != "line 1000" {
		t.Fatalf("n went to %q", cursor)
	}
	s.keys("esc")
	s.wantNot("/line 1.0")
}

// While it is paused, a pane does not search what it does not show.
func TestSearchWhilePaused(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.lines("system", 100)
	s.keys("space")
	s.lines("system", 100)
	s.keys("/", "line .*5$", "enter")
	s.want("/line .*5$ 9/10", "PAUSED")
	s.keys("n", "n", "n")
	if got := s.cursorRow(); got != "line 95" {
		t.Fatalf("n went to %q", got)
	}
	s.keys("G", "N")
	s.want("20/20")
}

// A search and a filter that are behind lose the ground under them.
func TestEvictionOvertakesSearchAndFilter(t *testing.T) {
	s := open(t, 80, 24, tui.Config{Records: 20_000, Filter: query.Filter{Grep: regexp.MustCompile(`line \d*7`)}}, "system")
	s.flood("system", 20_000) // so many are tested in the background
	s.keys("g")
	for _, key := range []string{"/", "l", "i", "n", "e", " ", "1", "2", "enter"} {
		msg, ok := specialKeys[key]
		if !ok {
			msg = tea.KeyPressMsg{Code: rune(key[0]), Text: key}
		}
		s.send(msg)
		s.flood("system", 3_000)
		s.feed.put(&stream.Batch{Records: []stream.Record{s.record("system", "vm-1", `"msg":"line 127 x"`)}})
		s.send(tui.TakeMsg)
	}
	s.settle()
	s.keys("n", "N", "N", "G", "N")
	if got := s.cursorRow(); !strings.HasPrefix(got, "line 12") {
		t.Fatalf("the search went to %q", got)
	}
	if records, _ := tui.Held(s.model); records != 20_000 {
		t.Fatalf("%d records are kept", records)
	}
}

// cursorRow is the message under the cursor.
func (s *screen) cursorRow() string {
	for line := range strings.SplitSeq(s.text(), "\n") {
		if strings.HasPrefix(line, "▌") {
			return line[strings.Index(line, "line "):]
		}
	}
	return ""
}

func TestSearchLeftGoesBack(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.lines("system", 300)
	s.keys("/", "line 12", "esc")
	s.want("following")
	s.wantRows(280, 300)

	s.keys("ctrl+u")
	before := s.rows()
	s.keys("/", "line 12")
	if slices.Equal(s.rows(), before) {
		t.Fatal("typing did not search")
	}
	s.keys("esc")
	if !slices.Equal(s.rows(), before) {
		t.Fatalf("rows are %q, want %q", s.rows(), before)
	}
}

func TestSearchSeesWhatRowsSay(t *testing.T) {
	for pattern, finds := range map[string]bool{
		`status=500`: true, `"status":500`: false, `caf\u00e9`: true, `café`: true, `CAFÉ`: false,
		`wEbTask`: false, `webtask`: true, `WEBTASK`: false, `vm-1`: true, `^served`: true, `[`: false, `(paren`: true,
		`hostname`: false, `err=Error: boom`: true, `GET /x`: true, `\S+ED`: false, `two ⏎ lines`: true,
	} {
		t.Run(pattern, func(t *testing.T) {
			s := open(t, 160, 24, tui.Config{}, "system")
			s.take(&stream.Batch{Records: []stream.Record{
				s.record("system", "vm-1", `"level":50,"msg":"served caf\u00e9 (paren two\nlines","status":500,"err":{"name":"Error","message":"boom"},"req":{"method":"GET","url":"/x"}`),
			}})
			pattern := strings.ReplaceAll(pattern, `\u00e9`, "é")
			s.keys("/", pattern)
			if got := !strings.Contains(s.text(), "no match"); got != finds {
				t.Fatalf("found is %v, want %v:\n%s", got, finds, s.text())
			}
		})
	}
}

// Each key is answered in the frame that follows it, however much there is to
// search: TestSearchStepsAreSmall has the bound on the work between two of them.
func TestSearchInSlicesNeverBlocksTheKeys(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.flood("system", 60_000)
	typed := ""
	for _, r := range "/line.*9{4}" {
		s.send(tea.KeyPressMsg{Code: r, Text: string(r)})
		typed += string(r)
		s.want(" " + typed)
	}
	s.keys("enter")
	s.settle()
	s.want("6/6")
}

// flood takes n records into a stream, in batches as a source makes them.
func (s *screen) flood(name string, n int) {
	s.t.Helper()
	for n > 0 {
		b := &stream.Batch{}
		for range min(n, 5000) {
			b.Records = append(b.Records, s.record(name, "vm-1", fmt.Sprintf(`"level":30,"msg":"line %d"`, s.number+1)))
		}
		n -= len(b.Records)
		s.feed.put(b)
	}
	s.woken = true
	s.settle()
}

func TestLevelFilter(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	b := &stream.Batch{Notices: []stream.Notice{{At: 3, Kind: stream.KindGap, Time: start, Stream: "system", Count: 7}}}
	for i, level := range []string{"10", "20", "30", "40", "50", "60"} {
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":%s,"msg":"line %d"`, level, i+1)))
	}
	b.Records = append(b.Records, s.record("system", "vm-1", `"msg":"line 7"`)) // no level counts as info
	s.take(b)
	for i, want := range []string{"1234567", "234567", "34567", "456", "56", "6", "1234567"} {
		s.keys("l")
		s.want("7 records lost")
		got := strings.NewReplacer("line ", "", " ", "").Replace(strings.Join(s.rows(), ""))
		if got != want {
			t.Fatalf("after %d keys the rows are %q, want %q", i+1, got, want)
		}
	}
	s.keys("L")
	s.want("level ≥ fatal")
	s.take(&stream.Batch{Records: []stream.Record{s.record("system", "vm-1", `"level":60,"msg":"line 8"`), s.record("system", "vm-1", `"level":50,"msg":"line 9"`)}})
	s.want("line 8")
	s.wantNot("line 9")
	s.keys("0")
	s.want("line 9")
	s.wantNot("level ≥")
}

func TestPanes(t *testing.T) {
	s := open(t, 140, 24, tui.Config{}, "system", "tenant/acme", "tenant/globex")
	if !slices.Equal(s.feed.tails, []string{"system", "tenant/acme", "tenant/globex"}) {
		t.Fatalf("tails are %q", s.feed.tails)
	}
	header := func(want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(s.line(1), w) {
				t.Fatalf("the headers are %q, want %q in them", s.line(1), w)
			}
		}
	}
	header("━ system", "─ tenant/acme")
	s.keys("tab")
	header("─ system", "━ tenant/acme")
	s.keys("3")
	header("─ system", "━ tenant/globex")
	s.keys("z")
	if strings.Contains(s.line(1), "system") {
		t.Fatalf("zoomed, the headers are %q", s.line(1))
	}
	s.keys("z", "c")
	header("system", "tenant/acme")
	if !slices.Equal(s.feed.stops, []string{"tenant/globex"}) {
		t.Fatalf("stops are %q", s.feed.stops)
	}
	s.keys("c", "c")
	s.want("Open streams")
	if !s.feed.watching {
		t.Fatal("the picker is open and nobody watches the streams")
	}
	s.keys("esc")
	s.want("No stream is open.")
	if s.feed.watching {
		t.Fatal("the picker is closed and the streams are watched")
	}
}

func TestHiddenPanesTellWhatCame(t *testing.T) {
	s := open(t, 140, 24, tui.Config{}, "system", "tenant/acme", "tenant/globex")
	s.take(&stream.Batch{Records: []stream.Record{
		s.record("tenant/globex", "vm-1", `"level":50,"msg":"line 1"`), s.record("tenant/globex", "vm-1", `"level":30,"msg":"line 2"`),
	}})
	if !strings.Contains(s.line(0), "3 tenant/globex +2 !1") {
		t.Fatalf("the tabs are %q", s.line(0))
	}
}

func TestPicker(t *testing.T) {
	s := open(t, 100, 24, tui.Config{})
	s.want("Open streams", "tenant/globex", "1,234/s")
	s.keys("tglo", "enter")
	if !slices.Equal(s.feed.tails, []string{"tenant/globex"}) {
		t.Fatalf("tails are %q", s.feed.tails)
	}
	// A stream that is not live can be opened by its name; one that is open
	// is gone to.
	s.keys("o", "tenant/new", "enter", "o", "tenant/globex", "enter")
	if !slices.Equal(s.feed.tails, []string{"tenant/globex", "tenant/new"}) {
		t.Fatalf("tails are %q", s.feed.tails)
	}
	// What is chosen stays chosen while streams come and go.
	s.keys("o", "down", "down")
	s.feed.live = slices.Insert(s.feed.live, 0, stream.Live{Name: "alpha"})
	s.second()
	s.keys("enter")
	if last := s.feed.tails[len(s.feed.tails)-1]; last != "tenant/acme" {
		t.Fatalf("it opened %q", last)
	}
}

func TestActions(t *testing.T) {
	did := 0
	config := tui.Config{Actions: []tui.Action{{Key: "x", Help: "stop or start vm-2", Do: func() string { did++; return "vm-2 \x1b[31mstopped" }}}}
	s := open(t, 100, 24, config, "system")
	s.keys("?")
	s.want("stop or start vm-2")
	cmd := s.keys("x", "x")
	if did != 0 || cmd == nil {
		t.Fatal("the action did not wait for its command")
	}
	s.send(cmd())
	s.want("vm-2 ␛[31mstopped")
}

func TestMouse(t *testing.T) {
	s := open(t, 140, 24, tui.Config{}, "system", "tenant/acme")
	s.lines("tenant/acme", 100)
	// Many turns within 16 ms are one movement, and the frame waits for it.
	for range 5 {
		s.send(tea.MouseWheelMsg{X: 100, Y: 10, Button: tea.MouseWheelUp})
	}
	s.want("line 100")
	s.send(tui.WheelMsg)
	s.wantRows(65, 85)
	s.send(tea.MouseClickMsg{X: 100, Y: 4, Button: tea.MouseLeft})
	s.want("━ tenant/acme")
	s.send(tea.MouseWheelMsg{X: 100, Y: 10, Button: tea.MouseWheelDown})
	for range 20 {
		s.send(tea.MouseWheelMsg{X: 100, Y: 10, Button: tea.MouseWheelDown})
	}
	s.send(tui.WheelMsg)
	s.wantRows(80, 100)
	s.send(tea.MouseClickMsg{X: 10, Y: 0, Button: tea.MouseLeft})
	s.want("━ system")
}

func TestResizing(t *testing.T) {
	s := open(t, 140, 40, tui.Config{}, "system", "tenant/acme")
	s.cluster()
	s.keys("k")
	for _, size := range [][2]int{{119, 30}, {80, 24}, {40, 10}, {20, 5}, {19, 4}, {1, 1}, {200, 60}} {
		s.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		for _, key := range []string{"o", "esc", "?", "esc", "enter", "esc", "/", "x", "esc", "l", "0", "right", "left", "z", "z"} {
			s.keys(key)
		}
	}
	s.want("container assigned")
}
