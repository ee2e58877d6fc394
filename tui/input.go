package tui

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
)

// maxInput bounds what can be typed or pasted, in bytes.
const maxInput = 1024

// input is one line of typed text with a cursor in it, edited as in a shell.
type input struct {
	text string
	at   int // bytes before the cursor
}

// set replaces the text and goes to its end.
func (i *input) set(text string) {
	i.text, i.at = "", 0
	i.insert(text)
}

// key takes a key and reports whether the text changed.
func (i *input) key(msg tea.KeyPressMsg) bool {
	before := i.text
	head, tail := i.text[:i.at], i.text[i.at:]
	switch msg.String() {
	case "left", "ctrl+b":
		_, n := utf8.DecodeLastRuneInString(head)
		i.at -= n
	case "right", "ctrl+f":
		_, n := utf8.DecodeRuneInString(tail)
		i.at += n
	case "home", "ctrl+a":
		i.at = 0
	case "end", "ctrl+e":
		i.at = len(i.text)
	case "alt+left", "ctrl+left", "alt+b":
		i.at = wordStart(head)
	case "alt+right", "ctrl+right", "alt+f":
		i.at += len(tail) - len(strings.TrimLeft(tail, " "))
		if n := strings.IndexByte(i.text[i.at:], ' '); n >= 0 {
			i.at += n
		} else {
			i.at = len(i.text)
		}
	case "backspace", "ctrl+h":
		_, n := utf8.DecodeLastRuneInString(head)
		i.cut(i.at-n, i.at)
	case "delete", "ctrl+d":
		_, n := utf8.DecodeRuneInString(tail)
		i.cut(i.at, i.at+n)
	case "ctrl+u":
		i.cut(0, i.at)
	case "ctrl+k":
		i.cut(i.at, len(i.text))
	case "ctrl+w", "alt+backspace":
		i.cut(wordStart(head), i.at)
	default:
		i.insert(msg.Key().Text)
	}
	return i.text != before
}

// wordStart is where the last word of s begins.
func wordStart(s string) int {
	return strings.LastIndexByte(strings.TrimRight(s, " "), ' ') + 1
}

func (i *input) cut(from, to int) {
	i.text = i.text[:from] + i.text[to:]
	i.at = from
}

// insert puts text at the cursor, as far as it fits: without its control
// characters, and with a blank for each line break or tab within it, so that
// what is pasted never acts as a key.
func (i *input) insert(text string) {
	text = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(strings.Trim(text, "\r\n"))
	var b strings.Builder
	for _, r := range text {
		if r < 0x20 || r == 0x7f || r == utf8.RuneError {
			continue
		}
		if len(i.text)+b.Len()+utf8.RuneLen(r) > maxInput {
			break
		}
		b.WriteRune(r)
	}
	i.text = i.text[:i.at] + b.String() + i.text[i.at:]
	i.at += b.Len()
}

// draw appends the part of the text around the cursor that fits into room
// columns, and returns the column of the cursor.
func (i *input) draw(l *cell.Line, st cell.Style, room int) int {
	head, tail := record.Safe(i.text[:i.at]), record.Safe(i.text[i.at:])
	x := cell.Width(head, l.Method())
	if x > room-1 {
		head = "…" + cell.Skip(head, x-room+2, l.Method())
		x = cell.Width(head, l.Method())
	}
	tail, _ = cell.Fit(tail, max(room-x, 0), l.Method())
	l.Add(st, head).Add(st, tail)
	return x
}
