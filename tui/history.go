package tui

import (
	"path/filepath"

	tea "charm.land/bubbletea/v2"

	"sluice/tui/recent"
)

// history is what was typed into prompts of one kind, the newest last.
type history struct{ texts []string }

// statePath is a file in the client's folder of state; "" where nothing is kept.
func (c *Config) statePath(name string) string {
	if c.StateDir == "" || c.Settings.Forget {
		return ""
	}
	return filepath.Join(c.StateDir, name)
}

// histories are those that are kept in the file, by their kind there.
func (m *model) histories() map[string]*history {
	return map[string]*history{
		"search": &m.searches, "filter": &m.filters, "time": &m.times, "path": &m.paths, "action": &m.ran,
		"alert": &m.rules, "pipe": &m.piped,
	}
}

// typedMsg brings what was typed before this run, by kind.
type typedMsg map[string][]string

// loadTyped reads what was typed before, away from the keys. A file that cannot be
// read is as none: there is a word of it when something is to be added.
func (m *model) loadTyped() tea.Cmd {
	if m.typed.Path == "" {
		return nil
	}
	return func() tea.Msg {
		texts, _ := m.typed.Load()
		return typedMsg(texts)
	}
}

// typedLoaded puts what was typed before this run before what was typed in it.
func (m *model) typedLoaded(msg typedMsg) {
	for kind, h := range m.histories() {
		now := h.texts
		h.texts = msg[kind]
		for _, text := range now {
			h.texts = recent.With(h.texts, text)
		}
	}
}

// remember adds a text to a history, and keeps it for later runs.
func (m *model) remember(h *history, text string) tea.Cmd {
	if h == nil || text == "" {
		return nil
	}
	h.texts = recent.With(h.texts, text)
	for kind, known := range m.histories() {
		if known == h && m.typed.Path != "" {
			return func() tea.Msg {
				if err := m.typed.Add(kind, text); err != nil {
					return flashMsg{err.Error()}
				}
				return nil
			}
		}
	}
	return nil
}
