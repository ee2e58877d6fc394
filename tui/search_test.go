package tui_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/query"
	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/tui"
)

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
	volume.Check(t)
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

// n and N say so when there is nothing to go to.
func TestTheLastMatch(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	s.lines("system", 20)
	s.keys("/", "line 7", "enter", "n")
	s.want("no match below this one; N goes to those above", "1/1")
	s.keys("N")
	s.want("no match above this one; n goes to those below")
	s.keys("/", "nowhere", "enter", "n")
	s.want("nothing that is shown matches nowhere")
	s.keys("esc", "n")
	s.want("nothing is searched for")
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
