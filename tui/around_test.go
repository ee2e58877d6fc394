package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui"
)

// errorsAmong takes n records into a stream, of which each tenth is an error.
func (s *screen) errorsAmong(name string, n int) {
	s.t.Helper()
	b := &stream.Batch{}
	for i := range n {
		level := 30
		if i%10 == 5 {
			level = 50
		}
		b.Records = append(b.Records, s.record(name, "vm-1", fmt.Sprintf(`"level":%d,"msg":"line %d"`, level, i)))
	}
	s.take(b)
}

func TestRecordsAroundThoseThatPass(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	s.errorsAmong("system", 40)
	s.keys("f", "level>=error", "enter", "C")
	s.want("±3", "3 records around each that passes", "line 15", "line 18", "── 3 records ─", "line 22")
	s.wantNot("line 19", "line 20")
	s.keys("g")
	s.want("── 2 records ─", "line 2", "line 5", "line 8", "line 12")
	s.wantNot("line 9\n", "line 10")
	s.keys("C")
	s.want("±10", "line 9", "line 10")
	s.keys("C")
	s.want("only what passes the filter is shown")
	s.wantNot("±", "line 12")
	if rows := s.rows(); len(rows) != 4 {
		t.Fatalf("shown are %q", rows)
	}
	// Records near those that pass are dimmed, also while they are wrapped.
	for _, wrap := range []bool{false, true} {
		s.keys("C")
		if wrap {
			s.keys("w")
		}
		var dim, bright string
		for line := range strings.SplitSeq(s.model.View().Content, "\n") {
			switch {
			case strings.Contains(line, "line 14"):
				dim = line
			case strings.Contains(line, "line 15"):
				bright = line
			}
		}
		if style := styleOf(dim, "line 14"); dim == "" || style != styleOf(dim, "vm-1") || style == styleOf(bright, "line 15") {
			t.Fatalf("wrapped %t:\n%q\n%q", wrap, dim, bright)
		}
		s.keys("C", "C")
	}
}

// styleOf is the style that a text of a line is written in.
func styleOf(line, text string) string {
	before, _, _ := strings.Cut(line, text)
	all := styles.FindAllString(before, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

func TestLeftOutIsExplained(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	s.errorsAmong("system", 40)
	s.keys("C")
	s.want("3 records around each that a filter will keep")
	s.keys("f", "level>=error", "enter", "g", "j", "j", "j", "j", "j", "j", "j", "j", "enter")
	s.want("Left out", "3 records", "C shows more")
	s.keys("esc", "m") // no record is there to be marked
	s.wantNot("◆")
	// A click on the chip takes it away.
	s.keys("f", "backspace")
	s.keys("esc", "0")
	s.wantNot("±3")
}

// minutes takes a record a minute into a stream, from one minute on.
func (s *screen) minutes(name string, from, to, every int) {
	s.t.Helper()
	b := &stream.Batch{}
	for i := from; i < to; i += every {
		at := start.Add(time.Duration(i) * time.Minute)
		b.Records = append(b.Records, stream.Record{
			Stream: name, Source: "vm-1", Arrived: at.UnixNano(), Backfill: true,
			Data: fmt.Appendf(nil, `{"v":0,"level":30,"time":%q,"msg":"%s of minute %d."}`, at.Format(time.RFC3339), name, i),
		})
	}
	s.take(b)
}

func TestPanesAreLockedInTime(t *testing.T) {
	s := open(t, 160, 24, tui.Config{}, "a", "b")
	s.minutes("a", 0, 100, 1)
	s.minutes("b", 0, 100, 7)
	s.keys("=", "g")
	s.want("= in time", "a of minute 0.", "b of minute 0.")
	s.keys("ctrl+f", "ctrl+f")
	cursor := func(pane string) (minute, line int) {
		s.t.Helper()
		for i, row := range strings.Split(s.text(), "\n") {
			if at := strings.Index(row, "▌"); at >= 0 && strings.Contains(row[at:], pane+" of minute ") {
				if _, err := fmt.Sscanf(row[strings.Index(row, pane+" of minute "):], pane+" of minute %d.", &minute); err == nil {
					return minute, i
				}
			}
		}
		s.t.Fatalf("there is no cursor in %s:\n%s", pane, s.text())
		return 0, 0
	}
	at, _ := cursor("a")
	s.keys("tab")
	if b, _ := cursor("b"); b > at || b+7 <= at {
		t.Fatalf("the cursor is at minute %d in a, and at %d in b", at, b)
	}
	// And the other way.
	s.keys("k", "k")
	b, line := cursor("b")
	s.keys("tab")
	if a, other := cursor("a"); a != b || other != line {
		t.Fatalf("the cursor is at minute %d on line %d in b, and at %d on line %d in a", b, line, a, other)
	}
	// Who follows has all follow.
	s.keys("G")
	s.wantNot("SCROLLED")
	s.keys("space")
	s.want("PAUSED", "SCROLLED")
	s.keys("space", "=")
	s.want("panes go each their own way")
	s.wantNot("= in time")
	s.keys("g")
	if n := strings.Count(s.text(), "SCROLLED"); n != 1 {
		t.Fatalf("%d panes were scrolled:\n%s", n, s.text())
	}
}

// A pane whose filter does not know all of its rows yet goes to the right one when it does.
func TestLockedPanesWaitForFilters(t *testing.T) {
	s := open(t, 160, 24, tui.Config{}, "a", "b")
	s.minutes("a", 0, 5000, 1)
	s.minutes("b", 0, 5000, 1)
	s.keys("tab", "f", "/[05]\\.$/", "enter", "tab", "=", "g")
	s.keys("j", "j", "j", "j", "j", "j", "j")
	s.want("b of minute 5.", "a of minute 7.")
	s.keys("tab")
	s.want("▌")
	if row := lineWith(s.text(), "b of minute 5."); !strings.Contains(row, "▌") {
		t.Fatalf("the cursor is not on it:\n%s", s.text())
	}
}

// The real terminal: records around those that a filter keeps, and two panes in time.
func TestAroundAndLockedInATerminal(t *testing.T) {
	term := startWith(t, tui.Config{Streams: []string{"system", "tenant/acme"}})
	at := time.Now()
	b := &stream.Batch{}
	for i := range 30 {
		for _, name := range []string{"system", "tenant/acme"} {
			stamp := at.Add(time.Duration(i) * time.Second).UTC().Format(time.RFC3339)
			b.Records = append(b.Records, stream.Record{
				Stream: name, Source: "vm-1", Arrived: at.UnixNano(), Backfill: true,
				Data: fmt.Appendf(nil, `{"v":0,"level":30,"time":%q,"msg":"%s %d."}`, stamp, name, i),
			})
		}
	}
	term.feed.put(b)
	term.waitForText("tenant/acme 29.")
	term.press("=g")
	term.waitFor("both at the beginning", func(screen string) bool {
		return strings.Contains(screen, "system 0.") && strings.Contains(screen, "tenant/acme 0.")
	})
	term.press("f/system 20/\r")
	term.waitFor("the filter", func(screen string) bool { return !strings.Contains(screen, "system 0.") })
	term.press("C")
	term.waitFor("those around", func(screen string) bool {
		return strings.Contains(screen, "±3") && strings.Contains(screen, "system 17.") && strings.Contains(screen, "system 23.") &&
			!strings.Contains(screen, "system 24.") && strings.Contains(screen, "17 records")
	})
	term.press("q")
	if err := term.end(); err != nil {
		t.Fatal(err)
	}
}
