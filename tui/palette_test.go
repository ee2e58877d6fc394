package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"sluice/tui"
)

// Every action is in the palette, and does there what its key does.
func TestThePaletteListsEveryKey(t *testing.T) {
	s := open(t, 100, 60, tui.Config{Actions: []tui.Action{{Key: "x", Help: "break something", Do: func() string { return "broken" }}}}, "system")
	listed := tui.Commands(s.model)
	for _, want := range tui.KeyHelp(s.model) {
		if want == "every action, by name" || want == "go to a pane" {
			continue
		}
		if !strings.Contains("\n"+strings.Join(listed, "\n")+"\n", "\n"+want+"\n") {
			t.Errorf("%q is not in the palette", want)
		}
	}
}

func TestThePalette(t *testing.T) {
	var did atomic.Int64
	config := tui.Config{Actions: []tui.Action{{Key: "x", Help: "break something", Do: func() string { did.Add(1); return "vm-2 is broken" }}}}
	s := open(t, 100, 30, config, "system", "tenant/acme")
	s.cluster()
	s.keys(":", "zoom pane")
	s.want("Actions", "zoom the pane", "enter does it")
	s.keys("enter")
	s.wantNot("Actions", "─ tenant/acme")
	s.keys(":", "pause")
	s.wantNot("enter does it\nzoom the pane")
	s.keys("enter")
	s.want("PAUSED")

	// What was run last is first, and a key finds what it does.
	s.keys(":")
	if at := strings.Index(s.text(), "pause and resume"); at < 0 || at > strings.Index(s.text(), "zoom the pane") {
		t.Errorf("what was run last is not first:\n%s", s.text())
	}
	s.keys("esc", ":", "i", "enter")
	s.want("Lost on the way")
	s.keys("esc")

	// The panes, and what the caller added.
	s.keys(":", "go acme", "enter")
	s.want("━ tenant/acme")
	s.keys(":", "break")
	s.perform(s.keys("enter"), func() bool { return did.Load() == 1 })

	// Nothing has such a name; leaving leaves everything as it was.
	s.keys(":", "qqqq")
	s.want("Nothing has a name like that.")
	s.keys("enter")
	s.wantNot("Nothing has a name")
	s.keys(":", "backspace")
	s.wantNot("Actions")
}

// What is for an open record opens one when none is open, where a field is to be
// chosen first; the rest closes it.
func TestThePaletteAndARecord(t *testing.T) {
	s := open(t, 100, 30, tui.Config{}, "system")
	s.lines("system", 5)
	s.keys(":", "show only its value", "enter")
	s.want("one record", "j and k choose a field, then f: show only its value")
	s.keys(":", "next record", "enter")
	s.want("one record")
	s.keys(":", "show only its value", "enter")
	if f := tui.FilterText(s.model); f != `msg="line 5"` {
		t.Errorf("the filter is %q", f)
	}
	s.keys("0", "enter", ":", "wrap", "enter")
	s.wantNot("one record")
}

// What was typed is there in the next run, in each prompt what was typed into it.
func TestPromptsRememberFromOneRunToTheNext(t *testing.T) {
	dir := filepath.Join(folder(t), "state")
	s := open(t, 100, 24, tui.Config{StateDir: dir}, "system")
	s.lines("system", 5)
	for _, step := range [][]string{{"/", "line", "enter"}, {"f", "tenant=acme", "enter"}, {"f", " password=x", "enter"}} {
		cmd := s.keys(step...)
		kept := func() bool {
			data, _ := os.ReadFile(filepath.Join(dir, "history"))
			return strings.Contains(string(data), strings.TrimSpace(step[1]))
		}
		if strings.Contains(step[1], "password") {
			s.perform(cmd, func() bool { return true })
			continue
		}
		s.perform(cmd, kept)
	}
	next := open(t, 100, 24, tui.Config{StateDir: dir}, "system")
	next.keys("/", "word", "enter") // typed before the file was read
	next.perform(next.model.Init(), func() bool { return len(tui.Typed(next.model, "search")) == 2 })
	next.keys("/", "up", "up")
	next.want("/line")
	next.keys("esc", "f", "up")
	next.want("filter tenant=acme")
	next.keys("esc")
	if data, _ := os.ReadFile(filepath.Join(dir, "history")); strings.Contains(string(data), "password") {
		t.Errorf("a secret is in the file: %s", data)
	}

	none := open(t, 100, 24, tui.Config{StateDir: dir, Settings: tui.Settings{Forget: true}}, "system")
	none.keys("/", "other", "enter")
	if texts := tui.Typed(none.model, "search"); len(texts) != 1 {
		t.Errorf("with forget = true there are %q", texts)
	}
}
