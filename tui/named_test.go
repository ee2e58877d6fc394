package tui_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"sluice/tui"
)

const namedSettings = `# mine
wrap = true

[filters]
errors = "level>=error"
slow = "ms>500 | ms<0"

[highlights]
db = { find = "data(base)?", colour = "red" }
pool = { find = "pool", off = true }

[layouts]
oncall = { pane = [{ streams = ["system"], filter = "-queue" }, { streams = ["tenant/acme"] }], shown = [1, 0] }
`

// named opens a client whose settings have names, and which can change them.
func named(t *testing.T, w, h int, streams ...string) (s *screen, path string) {
	t.Helper()
	path = filepath.Join(folder(t), "client.toml")
	if err := os.WriteFile(path, []byte(namedSettings), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := tui.LoadSettings(path)
	if err != nil {
		t.Fatal(err)
	}
	config.Wrap = false
	return open(t, w, h, tui.Config{Settings: config, SettingsPath: path}, streams...), path
}

func TestNamedFilters(t *testing.T) {
	s, path := named(t, 100, 24, "system")
	s.cluster()
	s.keys("f")
	s.want("tab: errors, slow")
	s.keys("tab")
	s.want("filter level>=error")
	s.keys("tab")
	s.want("filter ms>500 | ms<0")
	s.keys("esc", "f", "queue", "space", "sl", "tab")
	s.want("filter queue (ms>500 | ms<0)")
	s.keys("esc", "f", "nothing", "tab")
	s.want("no filter with a name begins like that")

	// The palette has them, and what has a name there is in the prompt.
	s.keys("esc", ":", "filter errors", "enter")
	if f := tui.FilterText(s.model); f != "level>=error" {
		t.Errorf("the filter is %q", f)
	}
	s.keys("f", "container", "ctrl+s")
	s.want("name of the filter:")
	s.keys("errors", "enter")
	s.want("enter again replaces it")
	s.keys("backspace", "backspace", "backspace", "backspace", "backspace", "backspace", "my \"own\"")
	s.perform(s.keys("enter"), func() bool {
		data, _ := os.ReadFile(path)
		return strings.Contains(string(data), "container")
	})
	s.want("filter level>=error container") // the filter's prompt is there again
	s.keys("enter", "0", "f", "my", "tab")
	s.want("filter level>=error container")
	again, err := tui.LoadSettings(path)
	if err != nil || again.Filters[`my "own"`].Text != "level>=error container" {
		t.Fatalf("%q, %v", again.Filters, err)
	}
	if data, _ := os.ReadFile(path); !strings.HasPrefix(string(data), "# mine\nwrap = true\n") {
		t.Errorf("the file is %s", data)
	}
}

func TestHighlights(t *testing.T) {
	s, path := named(t, 140, 24, "system", "tenant/acme")
	s.cluster()
	frame := s.model.View().Content
	if lit := readable(frame); !strings.Contains(lit, "4;#ff9da2}database") {
		t.Errorf("the highlight is not there:\n%s", lit)
	}
	s.keys(":", "highlight db", "enter")
	if s.model.View().Content == frame {
		t.Error("the highlight stays")
	}
	s.keys(":", "highlight db", "enter", ":", "highlight pool", "enter")
	s.wantNot("Actions")

	// A search becomes one, which goes on when it is over; a search in it counts more.
	s.keys("tab", "/", "tainer", "enter", ":", "search as a highlight", "enter", "box")
	s.perform(s.keys("enter"), s.says("highlight box is kept in "))
	s.keys("esc")
	if again, err := tui.LoadSettings(path); err != nil || again.Highlights["box"].Find != "tainer" {
		t.Errorf("%+v, %v", again.Highlights, err)
	}
	before := styles.FindAllString(s.model.View().Content, -1)
	s.keys("/", "container", "enter")
	if reflect.DeepEqual(before, styles.FindAllString(s.model.View().Content, -1)) {
		t.Error("the search is not seen over a highlight")
	}
}

func TestNamedLayouts(t *testing.T) {
	s, path := named(t, 140, 24, "tenant/globex")
	s.keys(":", "layout oncall", "enter")
	s.want("━ tenant/acme", "─ system", " -queue ")
	s.keys("l", ":", "panes as a layout", "enter", "night")
	s.perform(s.keys("enter"), s.says("layout night is kept in "))
	again, err := tui.LoadSettings(path)
	if err != nil || len(again.Layouts["night"].Panes) != 3 {
		t.Fatalf("%+v, %v", again.Layouts, err)
	}
	next := open(t, 140, 24, tui.Config{Settings: again, SettingsPath: path}, "system")
	next.keys(":", "layout night", "enter")
	next.want("━ tenant/acme")
}

// What cannot be written is kept for this run, and said.
func TestNamesWithoutAFile(t *testing.T) {
	s := open(t, 160, 24, tui.Config{}, "system")
	s.keys("f", "timeout", "enter", ":", "keep this filter", "enter", "mine")
	s.perform(s.keys("enter"), s.says("filter mine is kept until you quit: there is no place for settings"))
	s.keys("0", ":", "filter mine", "enter")
	if f := tui.FilterText(s.model); f != "timeout" {
		t.Errorf("the filter is %q", f)
	}
	dir := folder(t)
	s = open(t, 200, 24, tui.Config{SettingsPath: dir}, "system")
	s.keys("f", "timeout", "enter", ":", "keep this filter", "enter", "mine")
	s.perform(s.keys("enter"), s.says("filter mine is kept until you quit: change "))
	for _, step := range [][]string{{"0", ":", "keep this filter", "enter"}, {":", "keep this search", "enter"}} {
		s.keys(step...)
		s.wantNot("name of the")
	}
}

func TestBadNames(t *testing.T) {
	for text, want := range map[string]string{
		"[filters]\nbad = \"level>=loud\"":                      `line 2: key "filters.bad"`,
		"[highlights]\nx = { find = \"a\", colour = \"pink\" }": `"pink" is none of auto, blue, cyan`,
		"[highlights]\nx = { found = \"a\" }":                   `found" is unknown`,
		"[layouts.x]\npanes = \"around\"":                       `"around" is none of auto`,
	} {
		if _, err := settings(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives the error %v, want %q in it", text, err, want)
		}
	}
	s, err := settings(t, "[layouts.none]\n[highlights.deep]\nfind = \"(\"\n")
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, 100, 24, tui.Config{Settings: s}, "system")
	c.lines("system", 3)
	c.keys(":", "layout none", "enter")
	c.want("this layout cannot be shown: it has 0 panes")
}

// The last ten layouts are kept, one of each set of streams; --restore takes the last,
// or that of the streams that are named.
func TestTheLastTenLayouts(t *testing.T) {
	path := filepath.Join(folder(t), "layout.toml")
	old := "shown = [0]\n[[pane]]\nstreams = [\"old\"]\nfilter = \"before\"\n"
	if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	leave := func(filter string, now time.Time, streams ...string) {
		s := open(t, 100, 24, tui.Config{}, streams...)
		s.now = now
		s.keys("f", filter, "enter")
		if err := tui.SaveLayout(s.model, path); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 9 {
		leave(fmt.Sprint("x", i), start, fmt.Sprint("s", i))
	}
	if all, err := tui.LoadLayouts(path); err != nil || len(all) != 10 || all[9].Panes[0].Filter != "before" {
		t.Fatalf("%+v, %v", all, err)
	}
	leave("first", start.Add(-time.Hour), "one", "two")
	leave("again", start.Add(-time.Minute), "two", "one")
	all, err := tui.LoadLayouts(path)
	if err != nil || len(all) != 10 || all[1].Panes[0].Streams[0] != "s8" {
		t.Fatalf("%+v, %v", all, err)
	}

	r := open(t, 100, 24, tui.Config{LayoutPath: path})
	r.perform(r.keys("ctrl+r"), r.says("Layouts of before"))
	r.want("two, one", "1m 00s ago", "s8")
	r.keys("s3", "enter")
	r.want("━ s3", " x3 ")

	restored := func(want string, streams ...string) {
		t.Helper()
		r := open(t, 100, 24, tui.Config{LayoutPath: path, Restore: true}, streams...)
		r.perform(tui.RestoreAtStart(r.model), r.says(want))
	}
	restored(" again ")
	restored(" x5 ", "s5")
	restored(" again ", "one+two")
	restored("no layout of just these streams is kept", "one")
}
