package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/query"
	"sluice/tui/tomledit"
)

// maxNames bounds how many filters, highlights or layouts may be named, and maxNamed a
// name, in bytes.
const (
	maxNames = 200
	maxNamed = 60
)

// NamedFilter is a filter that has a name in the settings, as it is typed.
type NamedFilter struct{ Text string }

// UnmarshalText reads a filter.
func (f *NamedFilter) UnmarshalText(text []byte) error {
	if _, err := query.Parse(string(text)); err != nil {
		return err
	}
	f.Text = string(text)
	return nil
}

// nameFault says what is wrong with a name; "" when nothing is.
func nameFault(name string, taken int) string {
	switch {
	case name == "":
		return "type a name"
	case len(name) > maxNamed:
		return fmt.Sprintf("a name has at most %d bytes", maxNamed)
	case name != record.Safe(name):
		return "a name has no control characters"
	case taken >= maxNames:
		return fmt.Sprintf("%d have names already: take one out of the settings", maxNames)
	}
	return ""
}

// askName asks for a name, and goes on with it. One that is taken is asked for twice.
func askName(m *model, what string, taken []string, done func(name string) tea.Cmd) {
	again := ""
	pr := &prompt{lead: "name of the " + what + ": ", empty: "it is kept in the settings, and in the palette"}
	pr.done = func(text string) doneWith {
		name := strings.TrimSpace(text)
		if fault := nameFault(name, len(taken)); fault != "" {
			return doneWith{fault: fault}
		}
		if slices.Contains(taken, name) && again != name {
			again = name
			return doneWith{fault: "there is one already: enter again replaces it"}
		}
		return doneWith{cmd: done(name)}
	}
	m.openDialog(pr)
}

// keepSetting puts a key into the file of settings, away from the keys. What has its
// name for this run only, since there is no such file, is told so.
func (m *model) keepSetting(table, key, value, what string) tea.Cmd {
	path := m.config.SettingsPath
	return func() tea.Msg {
		if path == "" {
			return flashMsg{what + " is kept until you quit: there is no place for settings"}
		}
		if err := tomledit.SetFile(path, table, key, value); err != nil {
			return flashMsg{what + " is kept until you quit: " + err.Error()}
		}
		return flashMsg{what + " is kept in " + path}
	}
}

// namedCommands are the filters, highlights and layouts that have names, and what
// gives them one.
func (m *model) namedCommands() (all []command) {
	s := &m.config.Settings
	for _, name := range slices.Sorted(maps.Keys(s.Filters)) {
		all = append(all, command{name: "filter: " + name, note: cell.Shorten(s.Filters[name].Text, 30), do: func() tea.Cmd { return m.useFilter(name) }})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Highlights)) {
		verb := "highlight: "
		if m.lights.has(name) {
			verb = "no highlight: "
		}
		all = append(all, command{name: verb + name, note: cell.Shorten(s.Highlights[name].Find, 30), do: func() tea.Cmd {
			m.toggleLight(name)
			return nil
		}})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Layouts)) {
		l := s.Layouts[name]
		all = append(all, command{name: "layout: " + name, note: cell.Shorten(l.title(), 30), do: func() tea.Cmd { return m.useLayout(l) }})
	}
	return append(all, []command{
		{name: "copy the marked, as shown", note: "Record", do: m.copyMarked},
		{name: "save the marked", note: "Record", do: func() tea.Cmd { return m.withMarked(m.openSave) }},
		{name: "pipe the marked into a command", note: "Record", do: func() tea.Cmd { return m.withMarked(m.openPipe) }},
		{name: "see what the last command printed", note: "Record", do: m.showPipe},
		{name: "keep this filter under a name", note: "Settings", do: func() tea.Cmd { return m.nameFilter(m.pane()) }},
		{name: "keep this search as a highlight", note: "Settings", do: m.nameHighlight},
		{name: "keep these panes as a layout", note: "Settings", do: m.nameLayout},
		{name: "layouts of before", note: "Panes", do: m.restoreLayout},
	}...)
}

// useFilter gives the pane in focus a filter that has a name, at the pane's level.
func (m *model) useFilter(name string) tea.Cmd {
	p := m.pane()
	if p == nil {
		return m.notify("no pane is open: o opens one")
	}
	terms, err := query.Parse(m.config.Settings.Filters[name].Text)
	if err != nil {
		return m.notify(err.Error())
	}
	m.closeRecord()
	p.setFilter(p.view.Filter().WithTerms(terms))
	return nil
}

// nameFilter gives a pane's filter a name.
func (m *model) nameFilter(p *pane) tea.Cmd {
	if p == nil || p.view.Filter().Text() == "" {
		return m.notify("there is no filter to keep: f makes one")
	}
	return m.nameFilterText(p.view.Filter().Text())
}

func (m *model) nameFilterText(text string) tea.Cmd {
	s := &m.config.Settings
	askName(m, "filter", slices.Collect(maps.Keys(s.Filters)), func(name string) tea.Cmd {
		with(&s.Filters, name, NamedFilter{text})
		return m.keepSetting("filters", name, tomledit.Quote(text), "filter "+name)
	})
	return nil
}

// nameHighlight makes a highlight of what is searched for.
func (m *model) nameHighlight() tea.Cmd {
	p := m.pane()
	if p == nil || p.search == nil {
		return m.notify("nothing is searched for: press / first")
	}
	find := p.search.Matcher().Source
	s := &m.config.Settings
	askName(m, "highlight", slices.Collect(maps.Keys(s.Highlights)), func(name string) tea.Cmd {
		h := Highlight{Find: find}
		with(&s.Highlights, name, h)
		if m.lights.has(name) {
			m.toggleLight(name) // it is another one now
		}
		m.toggleLight(name)
		return m.keepSetting("highlights", name, "{ find = "+tomledit.Quote(find)+" }", "highlight "+name)
	})
	return nil
}

// nameLayout gives a name to how the panes stand.
func (m *model) nameLayout() tea.Cmd {
	if len(m.panes) == 0 {
		return m.notify("no pane is open: o opens one")
	}
	l := m.layout()
	s := &m.config.Settings
	askName(m, "layout", slices.Collect(maps.Keys(s.Layouts)), func(name string) tea.Cmd {
		with(&s.Layouts, name, l)
		value, err := tomledit.Inline(l)
		if err != nil {
			return m.notify(err.Error())
		}
		return m.keepSetting("layouts", name, value, "layout "+name)
	})
	return nil
}

// with adds to a map that may not be there, and that others may hold.
func with[V any](to *map[string]V, name string, value V) {
	fresh := maps.Clone(*to)
	if fresh == nil {
		fresh = make(map[string]V)
	}
	fresh[name] = value
	*to = fresh
}

// filterKeys are the keys that a prompt for a filter has besides: tab puts a filter
// with a name in the place of the word that begins it, then the next one, and ctrl+s
// gives a name to what is typed.
func (m *model) filterKeys(pr *prompt) func(key string) (tea.Cmd, bool) {
	var typed, put, name string // before the completion, after it, and what was put there
	return func(key string) (tea.Cmd, bool) {
		switch key {
		case "tab":
			if pr.input.text() != put {
				typed, name = pr.input.text(), ""
			}
			text, next := m.config.Settings.completeFilter(typed, name)
			if next == "" {
				pr.fault = "no filter with a name begins like that; ^s gives this one a name"
				return nil, true
			}
			pr.input.set(text)
			put, name = pr.input.text(), next
			pr.typed()
			return nil, true
		case "ctrl+s":
			text := strings.TrimSpace(pr.input.text())
			if terms, err := query.Parse(text); err != nil || len(terms) == 0 {
				pr.fault = "type a filter, then ^s gives it a name"
				return nil, true
			}
			return m.nameFilterText(text), true
		}
		return nil, false
	}
}

// completeFilter is a text with a named filter in the place of its last word, which
// begins the name. Of several it is the one behind the last one. next is "" when there
// is none.
func (s *Settings) completeFilter(typed, last string) (text, next string) {
	cut := strings.LastIndexByte(typed, ' ') + 1
	word := strings.ToLower(typed[cut:])
	fit := slices.DeleteFunc(slices.Sorted(maps.Keys(s.Filters)), func(name string) bool {
		return !strings.HasPrefix(strings.ToLower(name), word)
	})
	if len(fit) == 0 {
		return "", ""
	}
	next = fit[(slices.Index(fit, last)+1)%len(fit)]
	text = s.Filters[next].Text
	if terms, err := query.Parse(text); err == nil && len(terms) > 0 && strings.TrimSpace(typed[:cut]) != "" && alternatives(text) {
		text = "(" + text + ")"
	}
	return typed[:cut] + text, next
}

// alternatives reports whether a filter may have alternatives, which bind more loosely
// than terms side by side.
func alternatives(text string) bool {
	lower := " " + strings.ToLower(text) + " "
	return strings.Contains(lower, "|") || strings.Contains(lower, " or ")
}

// offered are the names of the filters that tab puts into a prompt, in a few words.
func (s *Settings) offered() string {
	if len(s.Filters) == 0 {
		return ""
	}
	return "tab: " + cell.Shorten(strings.Join(slices.Sorted(maps.Keys(s.Filters)), ", "), 60)
}
