package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
)

// help is the list of keys, while it is shown. Any key that does not move it
// closes it.
type help struct{ top, lines, room int }

// helpColumn is the width of one column of keys on a screen that is wide enough.
const helpColumn = 37 // two of them on 80 columns

// filterHelp is how filters are written.
var filterHelp = [][2]string{
	{"timeout", "rows that show it"},
	{"\"timed out\"", "with blanks in it"},
	{"-health", "rows that lack it"},
	{"/time.*out/", "a regular expression"},
	{"tenant=acme", "a field; also !="},
	{"status>=500", "numbers; also > < <="},
	{"req.url~^/api", "a field, by expression"},
	{"level>=warn", "a level and above"},
}

// key moves the help, or closes it.
func (h *help) key(m *model, msg tea.KeyPressMsg) tea.Cmd {
	k := &m.keys
	switch {
	case h.lines <= h.room:
		m.closeDialog(h)
	case matches(msg, k.down):
		h.scroll(m, 1)
	case matches(msg, k.up):
		h.scroll(m, -1)
	case matches(msg, k.pageDown, k.halfDown), msg.String() == "space":
		h.scroll(m, h.room)
	case matches(msg, k.pageUp, k.halfUp):
		h.scroll(m, -h.room)
	default:
		m.closeDialog(h)
	}
	return nil
}

// click closes the help, as any key does.
func (h *help) click(m *model, _ tea.MouseClickMsg) tea.Cmd {
	m.closeDialog(h)
	return nil
}

func (h *help) scroll(_ *model, by int) { h.top = max(0, min(h.top+by, h.lines-h.room)) }

func (h *help) changes() bool { return false }

func (h *help) draw(m *model, screen []string) (*tea.Cursor, bool) {
	box, w := h.box(m)
	m.overlay(screen, box, w)
	return nil, true
}

// box draws the keys, from the bindings themselves.
func (h *help) box(m *model) (box []string, w int) {
	t := m.theme
	number := max(1, min((m.width-6)/helpColumn, 4))
	column := min(helpColumn, m.width-6)
	row := func(key string, width int, desc string) string {
		// The keys may be of the settings file, and what they do of an action.
		return cell.NewLine(column, m.method).Fixed(t.strong, record.Safe(key), width).Space(1).Fixed(t.text, record.Safe(desc), column-width-2).String()
	}
	var blocks [][]string
	for _, g := range m.keys.groups() {
		block := []string{cell.NewLine(column, m.method).Add(t.heading, g.title).String()}
		for _, b := range g.bindings {
			block = append(block, row(b.Help().Key, 8, b.Help().Desc))
		}
		blocks = append(blocks, block)
	}
	block := []string{cell.NewLine(column, m.method).Add(t.heading, "Filters (f), all must hold").String()}
	for _, f := range filterHelp {
		block = append(block, row(f[0], 13, f[1]))
	}
	blocks = append(blocks, block)
	columns := arrange(blocks, number, cell.NewLine(column, m.method).String())
	h.lines = 0
	for _, c := range columns {
		h.lines = max(h.lines, len(c))
	}
	h.room = min(h.lines, m.height-4)
	h.scroll(m, 0)
	w = number*column + 4
	f := frameOf(t, m.method, w)
	box = append(box, f.top("Keys", "?"))
	blank := cell.NewLine(column, m.method).String()
	for i := h.top; i < h.top+h.room; i++ {
		var b strings.Builder
		for _, c := range columns {
			if i < len(c) {
				b.WriteString(c[i])
			} else {
				b.WriteString(blank)
			}
		}
		box = append(box, f.row(b.String()))
	}
	foot := "any key closes"
	if h.lines > h.room {
		foot = fmt.Sprintf("j k space scroll · %d more below · any other key closes", h.lines-h.room-h.top)
	}
	return append(box, f.bottom(foot)), w
}

// arrange puts blocks of lines into columns, in their order, so that the
// longest column is as short as that allows. A blank line parts the blocks of a
// column.
func arrange(blocks [][]string, number int, blank string) [][]string {
	total := 0
	for _, b := range blocks {
		total += len(b) + 1
	}
	for limit := (total + number - 1) / number; ; limit++ {
		columns := make([][]string, 1, number)
		for _, b := range blocks {
			last := &columns[len(columns)-1]
			if len(*last) > 0 && len(*last)+len(b)+1 > limit {
				columns = append(columns, nil)
				last = &columns[len(columns)-1]
			}
			if len(*last) > 0 {
				*last = append(*last, blank)
			}
			*last = append(*last, b...)
		}
		fits := len(columns) <= number
		for _, c := range columns {
			fits = fits && (len(c) <= limit || len(columns) == 1)
		}
		if fits {
			for len(columns) < number {
				columns = append(columns, nil)
			}
			return columns
		}
	}
}
