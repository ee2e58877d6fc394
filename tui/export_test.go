package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
)

// NewModel is the model as Run makes it; wake is called when it wants a TakeMsg.
func NewModel(config Config, wake func(), profile colorprofile.Profile) (tea.Model, error) {
	c, err := New(config)
	if err != nil {
		return nil, err
	}
	return newModel(c.config, wake, profile), nil
}

// Messages that the model gets while it runs.
var (
	TakeMsg   tea.Msg = takeMsg{}
	SecondMsg tea.Msg = secondMsg{}
	WheelMsg  tea.Msg = wheelMsg{}
)

// Held is how many records are kept, and the memory that they take.
func Held(m tea.Model) (records int, bytes int64) { return m.(*model).archive.size() }

// Matcher is a compiled search.
type Matcher struct{ *matcher }

// NewMatcher compiles a search.
func NewMatcher(pattern string) Matcher { return Matcher{newMatcher(pattern)} }

// Match is the fast path and then the slow one; Slow is the slow one alone.
func (m Matcher) Match(data []byte) bool { return m.match(&entry{}, "", data) }

func (m Matcher) Slow(data []byte) bool {
	t := textOfRow(&entry{}, data, bodyInSearch)
	return m.re.MatchString(t.body) || m.re.MatchString(t.label)
}

// Row renders one record's row.
func Row(data []byte, source string, width, shift int, grapheme bool, pattern string) string {
	e := entry{level: 30}
	s := rowStyle{columns: layoutColumns(width, 4, 9, shift), theme: newTheme(true, colorprofile.TrueColor), location: time.UTC}
	if grapheme {
		s.method = ansi.GraphemeWidth
	}
	if pattern != "" {
		s.matcher = newMatcher(pattern)
	}
	t := textOfRow(&e, data, bodyOnScreen)
	return s.render(&e, source, &t)
}

// Detail draws one record in full.
func Detail(data []byte, width, height int) []string {
	st := newStore("system", &pool{})
	st.append(entry{}, "vm-1", data)
	p := newPane(st, filter{})
	lk := look{theme: newTheme(true, colorprofile.TrueColor), location: time.UTC}
	p.rows(width, height, lk)
	d := newDetail(p)
	d.draw(width, height, lk)
	return append([]string{d.message()}, d.lines...)
}

// Fuzzy is how the picker matches.
func Fuzzy(pattern, name string) (int, bool) {
	score, _, ok := fuzzy(pattern, name)
	return score, ok
}
