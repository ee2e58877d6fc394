package tui

import (
	tea "charm.land/bubbletea/v2"

	"sluice/cluster/rescue"
)

// guard is the client as Bubble Tea sees it: the model, whose frames go to the
// terminal. After a panic, in the model or in one of its commands, the client
// leaves as when it is asked to: Bubble Tea's own way out of one does not wait
// for the terminal's reader, and prints what happened over the restored screen.
type guard struct {
	model *model
	tty   *tty
	quit  func()
	fault error // the panic
}

// faultMsg says that a command has panicked.
type faultMsg struct{ fault error }

func (g *guard) Init() (cmd tea.Cmd) {
	defer g.recover(&cmd)
	return careful(g.model.Init())
}

func (g *guard) Update(msg tea.Msg) (self tea.Model, cmd tea.Cmd) {
	self = g // after a panic, too
	if f, ok := msg.(faultMsg); ok && g.fault == nil {
		g.fault = f.fault
	}
	if g.fault != nil {
		return g, tea.Quit
	}
	defer g.recover(&cmd)
	if cmd = g.tty.update(msg); cmd != nil {
		return g, cmd
	}
	if _, ok := msg.(paintMsg); ok {
		return g, nil // the model has said all; View is asked next
	}
	_, cmd = g.model.Update(msg)
	return g, careful(cmd)
}

// View shows the frame. What it returns is for nobody.
func (g *guard) View() (none tea.View) {
	if g.fault == nil {
		var cmd tea.Cmd
		defer g.recover(&cmd)
		g.tty.show(g.model.View())
	}
	return none
}

// recover notes a panic and lets the program end.
func (g *guard) recover(cmd *tea.Cmd) {
	if fault := rescue.Caught("show the screen", recover()); fault != nil {
		g.fault = fault
		*cmd = tea.Quit
		go g.quit() // a panic of View has no command; Quit may wait for Update
	}
}

// careful is a command whose panic, or that of the commands it leads to, is a
// faultMsg.
func careful(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		err := rescue.Call("work for the screen", func() error { msg = cmd(); return nil })
		if err != nil {
			return faultMsg{err}
		}
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = careful(batch[i])
			}
		}
		return msg
	}
}
