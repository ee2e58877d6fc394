package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/tui"
)

func TestBookmarks(t *testing.T) {
	dir := folder(t)
	file := filepath.Join(dir, "bookmarks")
	s := open(t, 120, 24, tui.Config{StateDir: dir}, "system", "tenant/acme")
	s.lines("system", 40)
	s.perform(s.keys("B"), s.says("there are no bookmarks"))
	has := func(text string, n int) func() bool {
		return func() bool {
			data, _ := os.ReadFile(file)
			return strings.Count(string(data), text) == n
		}
	}
	s.keys("g", "j", "M")
	s.want("comment:")
	s.keys("it begins *here*")
	s.perform(s.keys("enter"), has("it begins", 1))
	s.keys("j", "j", "M", "and ends")
	s.perform(s.keys("enter"), has("and ends", 1))

	// The list goes to the record, in whatever pane it is.
	s.keys("G", "tab")
	s.perform(s.keys("B"), s.says("─ Bookmarks ─"))
	s.want("12:00:00 it begins *here*", "12:00:00 and ends")
	s.keys("begins", "enter")
	s.want("━ system", "▌12:00:00.200")

	// The timeline, which overwrites nothing.
	path := filepath.Join(dir, "timeline.md")
	write := func(said string) {
		s.perform(s.keys("B"), s.says("─ Bookmarks ─"))
		s.keys("markdown", "enter", "ctrl+u", path)
		s.perform(s.keys("enter"), s.says(said))
	}
	write("timeline of 2 records written to")
	data, err := os.ReadFile(path)
	if want := "- **12:00:00.400** (+200ms) and ends\n  `system vm-1 INFO line 4`\n"; err != nil || !strings.Contains(string(data), `it begins \*here\*`) || !strings.HasSuffix(string(data), want) {
		t.Errorf("the timeline is %s, %v", data, err)
	}
	write("no timeline: open ")

	// A comment is changed, and one taken away, once it is asked for.
	listed := func() { t.Helper(); s.perform(s.keys("B"), s.says("─ Bookmarks ─")) }
	listed()
	s.keys("ends", "ctrl+e")
	s.want("comment: and ends")
	s.perform(s.keys(" at last", "enter"), s.says("12:00:00 and ends at last"))
	if !has("and ends at last", 1)() || !has("it begins", 1)() {
		t.Error("it is not as it was changed")
	}
	s.keys("at last", "ctrl+x")
	s.want("take away 2026-03-04 12:00:00 and ends at last? y/n")
	s.perform(s.keys("n"), s.says("─ Bookmarks ─"))
	s.keys("at last", "ctrl+x")
	s.perform(s.keys("y"), s.says("─ Bookmarks ─"))
	s.wantNot("at last")
	if !has("ends", 0)() || !has("it begins", 1)() {
		t.Error("it is not taken away, or the other is")
	}
	s.keys("markdown", "ctrl+x", "ctrl+e", "esc") // no bookmark is there

	// One of another run, of a stream that no pane shows.
	next := open(t, 120, 24, tui.Config{StateDir: dir}, "tenant/acme")
	next.perform(next.keys("B"), next.says("it begins"))
	next.perform(next.keys("begins", "enter"), next.says("it is not held in a pane now: system line 2"))
}

// A file with lines of somebody else is not written over.
func TestBookmarksThatCannotBeRead(t *testing.T) {
	dir := folder(t)
	file := filepath.Join(dir, "bookmarks")
	if err := os.WriteFile(file, []byte("mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, 200, 24, tui.Config{StateDir: dir}, "system")
	s.lines("system", 3)
	s.keys("M")
	s.perform(s.keys("enter"), s.says("the bookmarks are as they were: 1 lines of "))
	if data, _ := os.ReadFile(file); string(data) != "mine\n" {
		t.Errorf("the file is %q", data)
	}
	none := open(t, 200, 24, tui.Config{}, "system")
	none.lines("system", 3)
	none.keys("M", "x", "enter")
	none.want("no bookmark is kept")
}
