package tui_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sluice/tui"
)

// A layout that can be read can be restored, whatever it says.
func FuzzLayout(f *testing.F) {
	f.Add("shown = [1, 0]\nfocus = 1\n[[pane]]\nstreams = [\"a\"]\nwrap = true\n[[pane]]\nstreams = [\"a\", \"b\"]\nfilter = \"-x level>=warn\"\nsearch = \"y\"\n")
	f.Add("[[layout]]\nleft = 2026-03-04T12:00:00Z\nshown = [0]\n[[layout.pane]]\nstreams = [\"a\"]\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := tui.ParseLayouts([]byte(text))
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Fatal("an error that says nothing")
			}
			return
		}
		s := open(t, 80, 24, tui.Config{})
		tui.Restore(s.model, all[0].Layout)
		s.lines("a", 3) // draws, and checks the screen
	})
}

func TestLayouts(t *testing.T) {
	path := filepath.Join(folder(t), "state", "layout.toml")
	if _, err := tui.LoadLayouts(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no layout is %v", err)
	}
	s := open(t, 140, 24, tui.Config{}, "one", "two+three", "four")
	s.lines("two", 20)
	s.keys("+", "v", "v", "tab", "tab", "f", "line 1 level>=info", "enter", "w", "/", "line", "enter", "t", "L")
	before := s.text()
	if err := tui.SaveLayout(s.model, path); err != nil {
		t.Fatal(err)
	}
	r := open(t, 140, 24, tui.Config{LayoutPath: path})
	r.perform(r.keys("ctrl+r"), func() bool { return strings.Contains(r.text(), "━ two + three") })
	if want := []string{"one", "two", "three", "four"}; !slices.Equal(r.feed.tails, want) {
		t.Fatalf("tails are %q, want %q", r.feed.tails, want)
	}
	r.lines("two", 20)
	if err := tui.SaveLayout(r.model, path+"2"); err != nil {
		t.Fatal(err)
	}
	first, err1 := tui.LoadLayouts(path)
	second, err2 := tui.LoadLayouts(path + "2")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(first, second) {
		return
	}
	t.Fatalf("%+v\nis restored as\n%+v\nbefore:\n%s\nafter:\n%s", first, second, before, r.text())
}

func TestBadLayouts(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "it has 0 panes",
		"[[pane]]\nstreams = []":                 "a pane has 0 streams",
		"[[pane]]\nstreams = [\"a\\u001b\"]":     `stream "a\x1b"`,
		"shown = [1]\n[[pane]]\nstreams=[\"a\"]": "pane 1 cannot be shown",
		"[[pane]]\nstreams = 3":                  "line 2",
		"[[pane]]\nstreams = [\"a\", \"a\"]":     "a pane has a stream twice",
	} {
		path := filepath.Join(folder(t), "layout.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := tui.LoadLayouts(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives the error %v, want %q in it", text, err, want)
		}
	}
}
