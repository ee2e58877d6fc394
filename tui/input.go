package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
)

// maxInput bounds what can be typed or pasted, in characters.
const maxInput = 1024

// input is one line of typed text with a cursor in it, edited as in a shell. The zero
// value is empty and ready.
type input struct {
	field *textinput.Model // nil before the first change
}

// edit is the field, made when it is first needed.
func (i *input) edit() *textinput.Model {
	if i.field == nil {
		f := textinput.New()
		f.CharLimit = maxInput
		f.SetVirtualCursor(false)
		none := key.NewBinding()
		f.KeyMap.Paste = none             // the terminal pastes
		f.KeyMap.DeleteWordForward = none // it panics on the last word (bubbles v2.1.1)
		f.KeyMap.AcceptSuggestion, f.KeyMap.NextSuggestion, f.KeyMap.PrevSuggestion = none, none, none
		f.Focus()
		i.field = &f
	}
	return i.field
}

// text is what has been typed.
func (i *input) text() string {
	if i.field == nil {
		return ""
	}
	return i.field.Value()
}

// set replaces the text and goes to its end.
func (i *input) set(text string) {
	i.edit().Reset()
	i.insert(text)
}

// key takes a key and reports whether the text changed.
func (i *input) key(msg tea.KeyPressMsg) bool {
	before := i.text()
	i.update(msg)
	return i.text() != before
}

var lineBreaks = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ")

// insert puts text at the cursor, as far as it fits: without its control characters,
// and with a blank for each line break or tab within it, so that what is pasted never
// acts as a key.
func (i *input) insert(text string) {
	i.update(tea.PasteMsg{Content: lineBreaks.Replace(strings.Trim(text, "\r\n"))})
}

func (i *input) update(msg tea.Msg) {
	f := i.edit()
	*f, _ = f.Update(msg)
}

// draw appends the part of the text around the cursor that fits into room columns, and
// returns the column of the cursor.
func (i *input) draw(l *cell.Line, st cell.Style, room int) int {
	typed, at := []rune(i.text()), 0
	if i.field != nil {
		at = i.field.Position()
	}
	head, tail := record.Safe(string(typed[:at])), record.Safe(string(typed[at:]))
	x := cell.Width(head, l.Method())
	if x > room-1 {
		head = "…" + cell.Skip(head, x-room+2, l.Method())
		x = cell.Width(head, l.Method())
	}
	tail, _ = cell.Fit(tail, max(room-x, 0), l.Method())
	l.Add(st, head).Add(st, tail)
	return x
}
