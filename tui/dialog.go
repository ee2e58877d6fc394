package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"sluice/tui/cell"
)

// dialog is what is open over the panes and gets the keys: the help, the status view,
// the picker, a record, a prompt. Dialogs stand on one another; the last one is on top.
type dialog interface {
	// key takes a key.
	key(m *model, msg tea.KeyPressMsg) tea.Cmd
	// scroll moves what it shows by so many lines, as the wheel does.
	scroll(m *model, by int)
	// draw draws it over the lines of a screen. One that has no box there reports
	// false: the dialog below it shows. The cursor is nil where there is none.
	draw(m *model, screen []string) (cursor *tea.Cursor, boxed bool)
	// changes reports whether what it shows changes by itself, each second.
	changes() bool
}

// typist is a dialog that takes text.
type typist interface{ paste(text string) }

// clickable is a dialog that takes clicks.
type clickable interface {
	click(m *model, msg tea.MouseClickMsg) tea.Cmd
}

// worker is a dialog that has something to do in each frame.
type worker interface{ work(m *model) }

// openDialog puts a dialog on top.
func (m *model) openDialog(d dialog) { m.dialogs = append(m.dialogs, d) }

// closeDialog takes a dialog away, wherever it stands.
func (m *model) closeDialog(d dialog) {
	m.dialogs = slices.DeleteFunc(m.dialogs, func(other dialog) bool { return other == d })
}

// top is the dialog that gets the keys; nil when none is open.
func (m *model) top() dialog {
	if len(m.dialogs) == 0 {
		return nil
	}
	return m.dialogs[len(m.dialogs)-1]
}

// dialogOf is the topmost open dialog of a type; nil when there is none.
func dialogOf[D dialog](m *model) (none D) {
	for _, d := range slices.Backward(m.dialogs) {
		if d, ok := d.(D); ok {
			return d
		}
	}
	return none
}

// drawDialogs draws what is open over the lines of the screen, and returns where the
// cursor is.
func (m *model) drawDialogs(screen []string) (cursor *tea.Cursor) {
	for _, d := range slices.Backward(m.dialogs) {
		at, boxed := d.draw(m, screen)
		if cursor == nil {
			cursor = at
		}
		if boxed {
			break
		}
	}
	return cursor
}

// overlay puts a box in the middle of the screen.
func (m *model) overlay(screen, box []string, width int) {
	cell.Overlay(screen, box, (m.width-width)/2, max((m.height-len(box))/2, 0), width, m.method)
}
