package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/pipe"
)

// pipedMsg says that a command has ended.
type pipedMsg struct{ view *pipeView }

// openPipe asks for a command that reads records. While one runs that was left, it is
// shown instead: there is one at a time.
func (m *model) openPipe(l *lot) {
	if v := m.piping; v != nil && !v.ended() {
		m.openDialog(v)
		return
	}
	m.askPipe(l, "")
}

// openPipeRecord asks for a command that reads a record that is open.
func (m *model) openPipeRecord(d *recordView) tea.Cmd {
	if d.entry.Kind.Notice() {
		return m.notify("not piped: this is no record")
	}
	m.openPipe(lotOf(d))
	return nil
}

// askPipe asks for a command, and suggests one.
func (m *model) askPipe(l *lot, suggest string) {
	pr := m.askLot(l, "pipe", " into ", "a shell command, such as jq -r .msg | sort | uniq -c")
	pr.past = &m.piped
	pr.input.set(suggest)
	pr.done = func(text string) doneWith {
		text = strings.TrimSpace(text)
		if text == "" {
			return doneWith{fault: "type a command"}
		}
		if fault := l.fault("piped"); fault != "" {
			return doneWith{fault: fault, holds: func() bool { return l.fault("piped") == fault }}
		}
		return doneWith{cmd: m.startPipe(l, text)}
	}
	m.openDialog(pr)
}

// startPipe runs a command, and opens what it prints.
func (m *model) startPipe(l *lot, text string) tea.Cmd {
	c, err := pipe.Start(text, m.wake)
	if err != nil {
		return m.notify(err.Error())
	}
	v := &pipeView{command: c, lot: l, records: m.send(l), fed: make(chan struct{})}
	m.piping = v
	m.openDialog(v)
	v.records.begin()
	go func() {
		defer close(v.fed)
		v.refused.Store(v.records.writeTo(c) != nil)
		c.CloseInput()
	}()
	return tea.Batch(m.tick(), func() tea.Msg {
		<-c.Done()
		return pipedMsg{v}
	})
}

// pipeEnded lets go of what the command did not read, and says how it ended unless that is
// seen.
func (m *model) pipeEnded(v *pipeView) tea.Cmd {
	v.cut = !v.records.over
	v.records.end()
	if dialogOf[*pipeView](m) == v {
		return nil
	}
	outcome, _ := v.command.Outcome()
	return m.notify(cell.Shorten(record.Safe(v.command.Text()), 40) + ": " + outcome + "; : shows what the last command printed")
}

// showPipe shows what the last command has printed.
func (m *model) showPipe() tea.Cmd {
	if m.piping == nil {
		return m.notify("no command has run yet: " + m.keys.pipe.Help().Key + " pipes what is shown into one")
	}
	m.openDialog(m.piping)
	return m.tick()
}

// endPipe ends a command that runs, and waits until it has.
func (m *model) endPipe() {
	if v := m.piping; v != nil {
		v.command.End()
		v.records.end()
		<-v.fed
	}
}
