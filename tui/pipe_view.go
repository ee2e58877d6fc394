package tui

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/pipe"
)

// pipeView shows what a command prints that reads records, while it runs and when it has
// ended.
type pipeView struct {
	command *pipe.Command
	lot     *lot
	records *outgoing
	fed     chan struct{} // closed when nothing more is written to it
	refused atomic.Bool   // it did not take all
	cut     bool          // it ended before it had been given all

	leave bool // the user wanted to quit, and was warned

	top   int
	shift int
	room  int // of its lines on the screen
}

func (v *pipeView) ended() bool { return v.command.Ended() }

func (v *pipeView) changes() bool { return !v.ended() }

func (v *pipeView) scroll(_ *model, by int) {
	v.top = max(0, min(v.top+by, v.command.Lines()-v.room))
}

func (v *pipeView) key(m *model, msg tea.KeyPressMsg) tea.Cmd {
	k := &m.keys
	switch {
	case matches(msg, k.down):
		v.scroll(m, 1)
	case matches(msg, k.up):
		v.scroll(m, -1)
	case matches(msg, k.pageDown), msg.String() == "space":
		v.scroll(m, max(v.room-1, 1))
	case matches(msg, k.pageUp):
		v.scroll(m, -max(v.room-1, 1))
	case matches(msg, k.halfDown):
		v.scroll(m, max(v.room/2, 1))
	case matches(msg, k.halfUp):
		v.scroll(m, -max(v.room/2, 1))
	case matches(msg, k.top):
		v.top = 0
	case matches(msg, k.bottom):
		v.scroll(m, v.command.Lines())
	case matches(msg, k.left):
		v.shift = max(v.shift-shiftBy, 0)
	case matches(msg, k.right):
		v.shift = min(v.shift+shiftBy, pipe.MaxLine)
	case matches(msg, k.cancel) && !v.ended():
		v.command.Stop()
	case matches(msg, k.cancel, k.quit, k.detail):
		m.closeDialog(v)
	case matches(msg, k.copy, k.copyMsg):
		return v.copy(m)
	case matches(msg, k.pipe) && v.ended():
		if v.lot.one == nil && !slices.Contains(m.panes, v.lot.pane) {
			return m.notify("the pane that had the records is closed")
		}
		m.closeDialog(v)
		m.askPipe(v.lot, v.command.Text())
	case matches(msg, k.help):
		m.openDialog(&help{})
	default:
		return m.idle(msg, "in what a command prints")
	}
	return nil
}

// copy copies what was printed.
func (v *pipeView) copy(m *model) tea.Cmd {
	text := v.command.Copy()
	if len(text) > maxCopy {
		return m.notify("not copied: " + record.Count(uint64(len(text))) + " bytes are more than a terminal takes; > FILE behind the command writes them")
	}
	return m.copy(clean(text), "output")
}

func (v *pipeView) draw(m *model, screen []string) (*tea.Cursor, bool) {
	t, f := m.theme, frameOf(m.theme, m.method, m.width)
	inner := m.width - 4
	v.room = max(m.height-2-4, 1)
	v.scroll(m, 0)
	box := []string{f.top(cell.Shorten(record.Safe(v.command.Text()), max(m.width-12, 4)), m.keys.pipe.Help().Key), f.row(v.summary(m, inner)), f.rule()}
	lines := v.command.Lines()
	for i := v.top; i < v.top+v.room; i++ {
		l := cell.NewLine(inner, m.method)
		switch {
		case i < lines:
			l.Add(t.text, cell.Skip(v.command.Line(i), v.shift, m.method))
		case i == 0 && v.ended():
			l.Add(t.dim, "It printed nothing.")
		}
		box = append(box, f.row(l.String()))
	}
	box = append(box, f.bottom(v.foot(lines)))
	m.overlay(screen, box, m.width)
	return nil, true
}

// foot says what keys do.
func (v *pipeView) foot(lines int) string {
	text := "y copies · | another command · esc leaves"
	if !v.ended() {
		text = "esc stops it · q leaves it running"
	}
	if more := lines - v.top - v.room; more > 0 {
		text = fmt.Sprintf("j k scroll · %s more below · ", record.Count(uint64(more))) + text
	}
	return text
}

// summary says how the command stands, and what it was given.
func (v *pipeView) summary(m *model, width int) string {
	t, l := m.theme, cell.NewLine(width, m.method)
	outcome, ok := v.command.Outcome()
	switch {
	case outcome == "":
		l.Add(t.wait, "running")
	case ok:
		l.Add(t.good, outcome)
	default:
		l.Add(t.bad, outcome)
	}
	took := v.command.Took()
	if took < time.Second {
		l.Add(t.dim, fmt.Sprintf(" · %d ms", took.Milliseconds()))
	} else {
		l.Add(t.dim, fmt.Sprintf(" · %.1f s", took.Seconds()))
	}
	l.Add(t.dim, " · "+plural(uint64(v.command.Lines()), "line")+" of "+plural(v.records.records, "record"))
	if v.ended() && (v.cut || v.refused.Load()) {
		l.Add(t.dim, ", which it did not read to the end")
	}
	if over := v.command.Over(); over > 0 {
		l.Add(t.wait, " · "+record.Count(over)+" bytes more are not kept: > FILE writes them")
	}
	if rest := v.records.rest(); rest != "" {
		l.Add(t.wait, rest)
	}
	return l.String()
}
