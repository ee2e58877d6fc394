package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/stream"
	"sluice/tui"
)

// orders takes records with fields.
func (s *screen) orders(name string) {
	s.t.Helper()
	var b stream.Batch
	for _, fields := range []string{
		`"level":30,"msg":"paid","tenant":"acme","ms":7,"res":{"statusCode":200}`,
		`"level":50,"msg":"refused","tenant":"globex \u001b[2J corp","ms":1204,"res":{"statusCode":502}`,
		`"level":30,"msg":"no tenant","ms":"slow"`,
	} {
		b.Records = append(b.Records, s.record(name, "vm-1", fields))
	}
	s.take(&b)
}

func TestAFieldIsAColumn(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "tenant/acme")
	s.orders("tenant/acme")
	s.want("paid  tenant=acme  ms=7")
	s.keys("K")
	s.want("Columns of tenant/acme", "✓ time", "s keeps them")
	s.keys("a", "ten", "tab")
	s.want("column of field: tenant")
	s.keys("enter", "a", "res.statusCode", "enter", "a", "ms", "enter", "esc")
	s.want(" webtask acme                      200    7 paid  → 200", " globex ␛[2J corp          502 1204 refused", " slow no tenant")
	s.wantNot("tenant=acme", "ms=7")

	// Order, width, pins, and what is hidden.
	s.keys("K")
	for range 5 {
		s.keys("j")
	}
	s.keys("{", "{", "{", "{", "{", "-", "-", "-", "-")
	s.want("▌ ✓ tenant")
	s.keys("down", "down", "space", "down", "down", "down", "space", "esc") // level, name
	s.want(" globex ␛[2J… 12:00:00.200 vm-1 ")
	s.wantNot("ERROR", "webtask")
	s.keys("right")
	s.wantNot("globex") // makes room for the text
	s.keys("left", "K", "p", "esc", "right")
	s.want(" globex ␛[2J… 12:00:00.200 ")
	s.keys("left", "K", "r", "esc")
	s.want("refused  tenant=\"globex")
}

// A line says what chosen columns are; a click on it is on no row.
func TestColumnsHaveTitles(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "tenant/acme")
	s.orders("tenant/acme")
	s.wantNot("message")
	s.keys("K", "a", "res.statusCode", "enter", "a", "tenant", "enter", "-", "esc")
	title := s.line(2)
	if strings.Join(strings.Fields(title), " ") != "time level sou… name statusCode tenant message" {
		t.Errorf("the titles are %q", title)
	}
	first := s.line(3)
	for title, value := range map[string]string{"time": "12:00", "sou": "vm-1", "tenant": "acme", "message": "paid"} {
		if a, b := strings.Index(strings.ReplaceAll(s.line(2), "…", "."), title), strings.Index(first, value); a < 0 || a != b {
			t.Errorf("%s is at %d, and %s at %d", title, a, value, b)
		}
	}
	s.keys("w")
	if s.line(2) != title {
		t.Errorf("above wrapped rows the titles are %q", s.line(2))
	}
	s.keys("w")
	click := func(y int) { s.send(tea.MouseClickMsg{X: 20, Y: y, Button: tea.MouseLeft}) }
	click(2)
	s.want("following")
	click(3)
	s.want("▌12:00:00.100")
	s.keys("G", "K")
	for range 5 {
		s.keys("j")
	}
	for range 10 {
		s.keys("+")
	}
	s.keys("esc")
	s.want(" res.statusCode ") // there is room for all of it
	s.keys("K", "r", "esc")
	s.wantNot("message")
	s.keys("f", "nowhere", "enter", "K", "a", "tenant", "enter", "esc")
	s.wantNot("message")
	s.keys("0")
	s.want("message")
	s.send(tea.WindowSizeMsg{Width: 40, Height: 5})
	s.send(tea.WindowSizeMsg{Width: 40, Height: 8})
}

// What is not pinned leaves room for the text.
func TestColumnsOnANarrowScreen(t *testing.T) {
	s := open(t, 60, 24, tui.Config{}, "tenant/acme")
	s.orders("tenant/acme")
	s.keys("K", "a", "tenant", "enter", "a", "ms", "enter", "esc")
	s.want("paid")
	s.wantNot("tenant=acme")
	for _, width := range []int{20, 30, 45, 200, 80} {
		s.w = width
		s.send(size(width, 24))
	}
	s.keys("w", "k")
	s.want("refused")
}

// They are kept for streams by a pattern, in the settings, and there in the next run.
func TestColumnsAreRemembered(t *testing.T) {
	path := filepath.Join(folder(t), "client.toml")
	s := open(t, 140, 24, tui.Config{SettingsPath: path}, "tenant/acme")
	s.orders("tenant/acme")
	s.keys("K", "a", "ms", "enter", "s")
	s.want("keep these columns for streams: tenant/*")
	s.perform(s.keys("enter"), s.says("what tenant/* shows is kept in "))
	data, err := os.ReadFile(path)
	if want := "[columns]\n\"tenant/*\" = [\"time!\", \"level!\", \"stream!\", \"source!\", \"name!\", \"ms\"]\n"; err != nil || string(data) != want {
		t.Fatalf("the settings are %s, %v", data, err)
	}
	if err := os.WriteFile(path, append(data, "\"tenant/globex\" = [\"time\", \"tenant:6\"]\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := tui.LoadSettings(path)
	if err != nil {
		t.Fatal(err)
	}
	next := open(t, 140, 24, tui.Config{Settings: config}, "tenant/acme", "tenant/globex", "system", "tenant/a*")
	for _, name := range []string{"tenant/acme", "tenant/globex", "system"} {
		next.orders(name)
	}
	next.keys("z", "1")
	next.want("webtask    7 paid  tenant=acme")
	next.keys("2")
	next.want(" 12:00:00.400 acme   paid  ms=7")
	next.keys("3")
	next.want("paid  tenant=acme  ms=7")
	next.keys("4", "K")
	next.want("✓ ms")
	next.wantNot("✓ tenant")
}

func TestBadColumnsInTheSettings(t *testing.T) {
	s, err := settings(t, "wrap = true\n[columns]\n\"a\\\\\" = [\"time\"]\nb = [\"time\", \"x:0\"]\nc = [\"ms\"]\n")
	if err == nil || !strings.Contains(err.Error(), `line 4: key "columns.b": column "x:0": its width`) || len(s.Columns) != 1 || !s.Wrap {
		t.Errorf("%+v, %v", s.Columns, err)
	}
	c := open(t, 100, 24, tui.Config{}, "system")
	c.orders("system")
	c.keys("K", "a", "a b", "enter")
	c.want("name a field")
	c.keys("esc", "a", "time", "enter")
	c.want("is there already")
}

func size(w, h int) tea.Msg { return tea.WindowSizeMsg{Width: w, Height: h} }
