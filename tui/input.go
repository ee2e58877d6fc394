package tui

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
)

// maxInput bounds what can be typed or pasted, in bytes.
const maxInput = 256

// input is one line of typed text. It is edited at its end.
type input struct{ text string }

// key takes a key and reports whether the text changed.
func (i *input) key(msg tea.KeyPressMsg) bool {
	before := i.text
	switch msg.String() {
	case "backspace", "ctrl+h":
		_, n := utf8.DecodeLastRuneInString(i.text)
		i.text = i.text[:len(i.text)-n]
	case "ctrl+u":
		i.text = ""
	case "ctrl+w":
		trimmed := strings.TrimRight(i.text, " ")
		i.text = trimmed[:strings.LastIndexByte(trimmed, ' ')+1]
	default:
		i.insert(msg.Key().Text)
	}
	return i.text != before
}

// insert appends text without its control characters, as far as it fits.
func (i *input) insert(text string) {
	for _, r := range text {
		if r < 0x20 || r == 0x7f || r == utf8.RuneError || len(i.text)+utf8.RuneLen(r) > maxInput {
			continue
		}
		i.text += string(r)
	}
}

// draw appends the end of the text that fits, and returns the column of the
// cursor.
func (i *input) draw(l *line, st style, room int) int {
	text := record.Safe(i.text)
	if w := textWidth(text, l.width); w > room-1 {
		text = "…" + skip(text, w-room+2, l.width)
	}
	before := l.left
	l.add(st, text)
	return before - l.left
}
