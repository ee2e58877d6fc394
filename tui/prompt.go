package tui

import (
	tea "charm.land/bubbletea/v2"
)

// prompt is the search while it is typed. It moves the pane as it goes, and
// back where it was when it is left.
type prompt struct {
	pane   *pane
	input  input
	before *search
	place  place
}

func (m *model) openPrompt(p *pane) {
	m.prompt = &prompt{pane: p, before: p.search, place: p.view.place()}
}

func (m *model) promptKey(msg tea.KeyPressMsg) {
	pr := m.prompt
	switch {
	case msg.String() == "enter":
		if pr.input.text == "" {
			pr.pane.search = pr.before
		}
		m.prompt = nil
	case matches(msg, m.keys.cancel), msg.String() == "backspace" && pr.input.text == "":
		pr.pane.search = pr.before
		pr.pane.view.back(pr.place)
		m.prompt = nil
	default:
		if pr.input.key(msg) {
			m.searchAsTyped()
		}
	}
}

// searchAsTyped begins again with what was typed, from where the prompt was
// opened.
func (m *model) searchAsTyped() {
	pr := m.prompt
	pr.pane.view.back(pr.place)
	if pr.input.text == "" {
		pr.pane.search = nil
		return
	}
	pr.pane.search = newSearch(pr.pane.view, newMatcher(pr.input.text))
	pr.pane.search.want = nearest
}
