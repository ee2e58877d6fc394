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

func IsRead(msg tea.Msg) bool {
	switch msg.(type) {
	case earlierMsg, countedMsg:
		return true
	}
	return false
}

// Counting reports whether the archive is being counted.
func Counting(m tea.Model) bool {
	v := dialogOf[*timelineView](m.(*model))
	return v != nil && v.archive.running != nil
}
