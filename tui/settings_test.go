package tui_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui"
)

func settings(t testing.TB, text string) (tui.Settings, error) {
	t.Helper()
	path := filepath.Join(folder(t), "client.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return tui.LoadSettings(path)
}

func TestSettings(t *testing.T) {
	if s, err := tui.LoadSettings(filepath.Join(folder(t), "none")); err != nil || s.Keys != nil {
		t.Fatalf("no file is %v, %v", s, err)
	}
	if s, err := settings(t, "\xef\xbb\xbftheme = \"light\"\n"); err != nil || s.Theme.String() != "light" {
		t.Errorf("behind a byte order mark: %+v, %v", s.Theme, err)
	}
	s, err := settings(t, `# mine
theme = "light"
time = "utc"
panes = "stacked"
wrap = true
mouse = false
level = "warn"
last = 50
records = 1000
memory = 64

[keys]
pause = ["p", "space"]
more-panes = ["ctrl+o"]
`)
	if err != nil {
		t.Fatal(err)
	}
	if s.Theme.String() != "light" || s.Time.String() != "utc" || s.Panes.String() != "stacked" || !s.Wrap || *s.Mouse ||
		s.Level.Level != record.Warn || *s.Last != 50 || s.Kept != 1000 || s.Memory != 64 {
		t.Fatalf("the settings are %+v", s)
	}
	c := open(t, 100, 24, tui.Config{Settings: s}, "one", "two")
	c.lines("one", 1)
	c.want("━ one", "─ two")
	c.keys("p")
	c.want("PAUSED")
	c.keys("?")
	c.want("p space  pause and resume")
	if c.model.View().MouseMode != tea.MouseModeNone {
		t.Error("the mouse is not left to the terminal")
	}
	before := c.model.View().Content
	c.send(tea.BackgroundColorMsg{Color: black{}})
	if c.model.View().Content != before {
		t.Error("a chosen theme goes by the terminal's background")
	}
}

type black struct{}

func (black) RGBA() (r, g, b, a uint32) { return 0, 0, 0, 0xffff }

func TestBadSettings(t *testing.T) {
	for text, want := range map[string]string{
		"wrap = true\ncolour = 3":             `line 2: key "colour" is unknown`,
		"theme = \"blue\"":                    `line 1: key "theme": "blue" is none of auto, dark, light`,
		"\ntime = \"gmt\"":                    `line 2: key "time": "gmt" is none of local, utc, ago`,
		"wrap = \"yes\"":                      `line 1: key "wrap": `,
		"last = -1":                           `line 1: key "last": `,
		"level = \"loud\"":                    `line 1: key "level": parse level "loud"`,
		"wrap = ":                             `line 1`,
		"[keys]\nfly = [\"x\"]":               `line 2: key "keys.fly": it is none of alerts, around, arrange, bookmark, bookmarks, bottom, centre, clear, `,
		"[keys]\npause = []":                  `line 2: key "keys.pause": name a key`,
		"[keys]\npause = [\"q\"]":             `line 2: key "keys.pause": "q" is "quit" already`,
		"[keys]\n\nup = [\"u\"]\ntop=[\"u\"]": `key "keys.top": "u" is "up; stops following" already`,
	} {
		if _, err := settings(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives the error %v, want %q in it", text, err, want)
		}
	}
	// A key that is only one of several for something else is taken from it.
	s, err := settings(t, "[keys]\nmark = [\"b\"]")
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, 100, 24, tui.Config{Settings: s, Notice: "read the settings: line 3\x1b[2J"}, "system")
	c.lines("system", 3)
	c.want("read the settings: line 3␛[2J")
	c.keys("b")
	c.want("◆")
	c.wantNot("read the settings")
}

// What is wrong costs that key only, and is told with all else that is.
func TestWrongSettingsCostThemselvesOnly(t *testing.T) {
	s, err := settings(t, `wrap = true
colour = 3
theme = "blue"
time = "utc"
records = -5
[keys]
fly = ["x"]
pause = ["p"]
up = "u"
top = ["p"]
[more]
x = 1
`)
	if !s.Wrap || s.Time.String() != "utc" || s.Theme.String() != "auto" || s.Kept != 0 || len(s.Keys) != 1 || !slices.Equal(s.Keys["top"], []string{"p"}) {
		t.Errorf("the settings are %+v", s)
	}
	for _, want := range []string{`line 3: key "theme": "blue" is none`, `line 5: key "records": `, `line 9: key "keys.up": `, "and 4 more"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q in it", err, want)
		}
	}
	if s, err := settings(t, "wrap = true\ntheme = "); err == nil || s.Wrap {
		t.Errorf("what is no TOML gives %+v, %v", s, err)
	}
	if s, err := settings(t, "wrap = true\n"+strings.Repeat("x", 10)+" = 1\n[a]\n[b]\n"); err == nil || !s.Wrap {
		t.Errorf("unknown tables give %+v, %v", s, err)
	}
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, "k%d = 1\n", i)
	}
	if _, err := settings(t, many.String()); err == nil || len(err.Error()) > 1000 {
		t.Errorf("many mistakes give %v", err)
	}
}

func FuzzSettings(f *testing.F) {
	f.Add("theme = \"dark\"\n[keys]\npause = [\"p\"]\n")
	f.Add("keys = 3\n")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := tui.ParseSettings([]byte(text)); err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Fatal("an error that says nothing")
		}
	})
}
