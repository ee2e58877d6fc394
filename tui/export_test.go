package tui

import (
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/record"
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

// Flush ends the waiting of records for earlier ones.
func Flush(m tea.Model) {
	later := m.(*model).config.Now().Add(time.Hour)
	m.(*model).archive.settle(later)
	m.(*model).archive.evict()
}

// Open opens streams merged in a pane.
func Open(m tea.Model, streams ...string) { m.(*model).openPane(false, streams...) }

// SetFilter gives the pane that has the focus another filter.
func SetFilter(m tea.Model, f Filter) { m.(*model).pane().setFilter(f.filter) }

// Matcher is a compiled search.
type Matcher struct{ *matcher }

// NewMatcher compiles a search.
func NewMatcher(pattern string) Matcher { return Matcher{newMatcher(pattern)} }

// Match is the fast path and then the slow one; Slow is the slow one alone.
func (m Matcher) Match(data []byte) bool {
	return m.match(&row{&entry{plainly: spellsPlainly(data)}, data, &names{sources: []string{""}, streams: []string{""}}})
}

func (m Matcher) Slow(data []byte) bool {
	t := textOfRow(&entry{}, data, bodyInSearch)
	return m.re.MatchString(t.body) || m.re.MatchString(t.label)
}

// Filter is a parsed filter.
type Filter struct{ filter }

// ParseFilter reads a filter; At is the place of an error in the text.
func ParseFilter(text string) (f Filter, at int, err error) {
	terms, err := parseFilter(text)
	if bad := (*filterError)(nil); errors.As(err, &bad) {
		at = bad.at
	}
	return Filter{filter{}.withTerms(terms)}, at, err
}

// Text is the terms as they are typed, and Chips as they are shown.
func (f Filter) Text() string    { return f.text() }
func (f Filter) Chips() []string { return f.chips() }

// Match tests a record; without trust, no fast path is taken.
func (f Filter) Match(data []byte, trust bool) bool {
	e := entry{level: uint16(min(record.Peek(data).Level, 1<<16-1)), plainly: trust && spellsPlainly(data)}
	return f.match(&row{&e, data, &names{sources: []string{"vm-1"}, streams: []string{"tenant/acme"}}})
}

// Row renders one record's row.
func Row(data []byte, source string, width, shift int, grapheme bool, pattern string) string {
	e := entry{level: 30}
	s := rowStyle{columns: layoutColumns(width, 0, 4, 9, shift), theme: newTheme(true, colorprofile.TrueColor), location: time.UTC}
	if grapheme {
		s.method = ansi.GraphemeWidth
	}
	if pattern != "" {
		s.matcher = newMatcher(pattern)
	}
	t := textOfRow(&e, data, bodyOnScreen)
	return s.render(&e, "", source, &t)
}

// Detail draws one record in full.
func Detail(data []byte, width, height int) []string {
	st := newStore([]string{"system"}, &pool{})
	st.append(entry{source: st.intern("vm-1")}, data)
	p := newPane(st, filter{})
	lk := look{theme: newTheme(true, colorprofile.TrueColor), location: time.UTC}
	p.rows(width, height, lk)
	d := newDetail(p)
	d.draw(width+1, height, lk) // a column is the cursor's
	lines := []string{d.message()}
	for _, l := range d.lines {
		lines = append(lines, l.text)
	}
	return lines
}

// Fuzzy is how the picker matches.
func Fuzzy(pattern, name string) (int, bool) {
	score, _, ok := fuzzy(pattern, name)
	return score, ok
}
