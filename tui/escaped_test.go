package tui_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/tui"
)

// Esc and a key that come in one read are what alt and the key would be. Where alt and
// the key mean nothing, they are Esc, and then the key.
func TestAltIsEscWhereItMeansNothing(t *testing.T) {
	for name, c := range map[string]struct {
		before      []string
		key         tea.KeyPressMsg
		want, never string
	}{
		"a sign":               {[]string{"i"}, tea.KeyPressMsg{Code: '?'}, "Watch", "Sources"},
		"an upper-case letter": {[]string{"k", "i"}, tea.KeyPressMsg{Code: 'g', ShiftedCode: 'G', Mod: tea.ModShift}, "following", "Sources"},
		"without its capital":  {[]string{"k", "i"}, tea.KeyPressMsg{Code: 'g', Mod: tea.ModShift}, "following", "Sources"},
		"a blank":              {[]string{"i"}, tea.KeyPressMsg{Code: tea.KeySpace}, "PAUSED", "Sources"},
		"enter":                {[]string{"k", "i"}, tea.KeyPressMsg{Code: tea.KeyEnter}, "vm-1", "Sources"},
		"ctrl and a key":       {[]string{"i"}, tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl}, "SCROLLED", "Sources"},
		"an arrow":             {[]string{"i"}, tea.KeyPressMsg{Code: tea.KeyUp}, "SCROLLED", "Sources"},
		"esc":                  {[]string{"k", "enter", "i"}, tea.KeyPressMsg{Code: tea.KeyEscape}, "SCROLLED", "Sources"},
		"esc in a prompt":      {[]string{"/", "line"}, tea.KeyPressMsg{Code: tea.KeyEscape}, "following", "/line"},
		"with nothing open":    {[]string{"/", "line", "enter"}, tea.KeyPressMsg{Code: tea.KeySpace}, "PAUSED", " /line"},
		"where text is typed":  {[]string{"/", "one two"}, tea.KeyPressMsg{Code: 'b'}, "/one two", "SCROLLED"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 130, 40, tui.Config{}, "system")
			s.lines("system", 100)
			s.keys(c.before...)
			c.key.Mod |= tea.ModAlt
			s.send(c.key)
			s.settle()
			s.want(c.want)
			s.wantNot(c.never)
		})
	}
}

// A user's own alt+key stays one.
func TestAnAltKeyThatIsBound(t *testing.T) {
	settings := tui.Settings{Keys: map[string][]string{"pause": {"alt+p"}}}
	s := open(t, 130, 40, tui.Config{Settings: settings}, "system")
	s.lines("system", 100)
	s.keys("i", "alt+p")
	s.want("Sources", "following")
	s.keys("esc", "alt+p")
	s.want("PAUSED")
}

func TestEscAndAKeyInOneRead(t *testing.T) {
	term := start80x24(t, "system")
	term.feed.put(plainRecords(1, 100))
	term.waitForText("line 100")
	for _, step := range []struct{ keys, want string }{
		{"i", "Sources"},
		{"\x1bk", "SCROLLED"},
		{"i", "Sources"},
		{"\x1bG", "quiet since"},
		{"i", "Sources"},
		{"\x1b ", "PAUSED"},
		{"\x1b\x1bG", "quiet since"},
	} {
		term.press(step.keys)
		term.waitFor(step.want, func(screen string) bool {
			return strings.Contains(screen, step.want) && (step.want == "Sources") == strings.Contains(screen, "Sources")
		})
	}
	term.press("\x1bq")
	if err := term.end(); err != nil {
		t.Fatal(err)
	}
}
