package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/record"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// copiedWidth is the width of a row that is copied as it is shown, in columns.
const copiedWidth = 4000

// copyRange begins a range of rows at the cursor, or copies the rows from where it
// began to the cursor, as they are shown.
func (m *model) copyRange(p *pane) tea.Cmd {
	v := p.view
	at := v.CursorOrd()
	if at < 0 {
		return m.notify("no record is here")
	}
	v.Hold()
	if !p.ranging {
		p.ranging, p.rangeFrom = true, v.At(at)
		return m.notifyWhile(func() bool { return p.ranging }, "a range begins here: move, then "+m.keys.copyRange.Help().Key+" copies, "+m.keys.save.Help().Key+" saves, "+m.keys.pipe.Help().Key+" pipes it")
	}
	p.ranging = false
	from := v.Ord(p.rangeFrom)
	from, to := min(from, at), max(from, at)
	ords := make([]int, 0, to-from+1)
	for ord := from; ord <= min(to, v.Total()-1); ord++ {
		ords = append(ords, ord)
	}
	return m.copyRows(p, ords, "range")
}

// shownMarks are the numbers of the marked records that are held and pass the filter.
func (p *pane) shownMarks() (shown []uint64) {
	for _, n := range p.marks {
		if ord := p.view.Ord(n); ord < p.view.Total() && p.view.At(ord) == n {
			shown = append(shown, n)
		}
	}
	return shown
}

// withMarked asks where the marked records of the pane in focus go.
func (m *model) withMarked(ask func(*lot)) tea.Cmd {
	p := m.pane()
	if p == nil || len(p.marks) == 0 {
		return m.nothingMarked()
	}
	l := m.lots(p)
	l.kind = lotMarked
	ask(l)
	return nil
}

func (m *model) nothingMarked() tea.Cmd {
	return m.notify("nothing is marked: " + m.keys.mark.Help().Key + " marks a record")
}

// ranged are the rows on the screen, from one to another, that are between where a range
// began and the cursor, which is on one of them; none when the second is before the first.
func (p *pane) ranged(top, cursor int) (from, to int) {
	if !p.ranging || cursor < 0 {
		return 0, -1
	}
	began := p.view.Ord(p.rangeFrom) - top
	return min(began, cursor), max(began, cursor)
}

// copyMarked copies the marked rows that are held and pass the filter, as they are shown.
func (m *model) copyMarked() tea.Cmd {
	p := m.pane()
	if p == nil || len(p.marks) == 0 {
		return m.nothingMarked()
	}
	var ords []int
	for _, n := range p.shownMarks() {
		ords = append(ords, p.view.Ord(n))
	}
	return m.copyRows(p, ords, record.Count(uint64(len(ords)))+" of "+record.Count(uint64(len(p.marks)))+" marked")
}

// plainRow is a row as it is shown, without colours.
func (p *pane) plainRow(style *rowStyle, e *rows.Entry, source string, data []byte) string {
	row := rowtext.Of(e, data, rowtext.OnScreen)
	p.readFields(e, data, &row)
	stream := ""
	if p.store().Merged() {
		stream = shortStream(p.store().StreamOf(e))
	}
	return strings.Trim(ansi.Strip(style.render(e, stream, record.Safe(source), &row)), " ─")
}

// copyRows copies rows as they are shown, without what the screen cuts off. It goes no
// further than what can be copied, and then copies nothing.
func (m *model) copyRows(p *pane, ords []int, what string) tea.Cmd {
	style := p.rowStyle(copiedWidth, m.scene(p))
	style.shift = 0
	var text strings.Builder
	for _, ord := range ords {
		if text.Len() > maxCopy {
			break
		}
		_, e, source, data := p.view.Row(ord)
		text.WriteString(p.plainRow(&style, e, source, data) + "\n")
	}
	if text.Len() > maxCopy {
		return m.notify(what + " not copied: it is more than a terminal takes; s saves to a file")
	}
	return m.copy(text.String(), what)
}
