package tui_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/stream"
	"sluice/tui"
)

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

func TestHiddenPanesShowWhatCame(t *testing.T) {
	s := open(t, 140, 24, tui.Config{}, "system", "tenant/acme", "tenant/globex")
	s.take(&stream.Batch{Records: []stream.Record{
		s.record("tenant/globex", "vm-1", `"level":50,"msg":"line 1"`), s.record("tenant/globex", "vm-1", `"level":30,"msg":"line 2"`),
	}})
	if !strings.Contains(s.line(0), "3 tenant/globex +2 !1") {
		t.Fatalf("the tabs are %q", s.line(0))
	}
}

// Every layout that is saved can be restored, so there is a bound on panes.
func TestAsManyPanesAsThereMayBe(t *testing.T) {
	var names []string
	for i := range 64 {
		names = append(names, fmt.Sprintf("tenant/%d", i))
	}
	s := open(t, 200, 60, tui.Config{}, names...)
	s.keys("o", "more", "enter")
	s.want("not opened: 64 panes are as many as there may be")
	if len(s.feed.tails) != 64 {
		t.Fatalf("%d streams are tailed", len(s.feed.tails))
	}
	path := filepath.Join(folder(t), "layout.toml")
	if err := tui.SaveLayout(s.model, path); err != nil {
		t.Fatal(err)
	}
	all, err := tui.LoadLayouts(path)
	if err != nil {
		t.Fatal(err)
	}
	// Those that are there already count, too.
	r := open(t, 80, 24, tui.Config{}, "one", "two")
	tui.Restore(r.model, all[0].Layout)
	r.send(tui.TakeMsg)
	if len(r.feed.tails) != 64 {
		t.Fatalf("%d streams are tailed", len(r.feed.tails))
	}
	for range 70 {
		r.keys("c")
	}
	r.want("Open streams")

	if _, err := tui.New(tui.Config{Feed: newFeed(), Streams: append(names, "one")}); err == nil || !strings.Contains(err.Error(), "65 panes") {
		t.Errorf("65 streams give the error %v", err)
	}
	if _, err := tui.New(tui.Config{Feed: newFeed(), Streams: []string{strings.Join(append(names, "one"), "+")}}); err == nil || !strings.Contains(err.Error(), "merge 65 streams") {
		t.Errorf("65 merged streams give the error %v", err)
	}
}

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
