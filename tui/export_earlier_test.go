package tui

import tea "charm.land/bubbletea/v2"

// Reading reports whether something is read from the archive, and IsRead whether a message
// brings it.
func Reading(m tea.Model) bool {
	for _, p := range m.(*model).panes {
		if p.earlier.reading != nil {
			return true
		}
	}
	return false
}

func IsRead(msg tea.Msg) bool { _, ok := msg.(earlierMsg); return ok }
