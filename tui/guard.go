package tui

import (
	"fmt"
	"runtime/debug"

	tea "charm.land/bubbletea/v2"
)

// guard is the model as Bubble Tea sees it. After a panic the client leaves as
// when it is asked to: Bubble Tea's own way out of one does not wait for the
// terminal's reader, and prints what happened over the restored screen.
type guard struct {
	model *model
	quit  func()
	fault error // the panic
}

func (g *guard) Init() (cmd tea.Cmd) {
	defer g.recover(&cmd)
	return g.model.Init()
}

func (g *guard) Update(msg tea.Msg) (_ tea.Model, cmd tea.Cmd) {
	if g.fault != nil {
		return g, tea.Quit
	}
	defer g.recover(&cmd)
	_, cmd = g.model.Update(msg)
	return g, cmd
}

func (g *guard) View() (view tea.View) {
	if g.fault != nil {
		return tea.View{}
	}
	var none tea.Cmd
	defer g.recover(&none)
	return g.model.View()
}

// recover notes a panic and lets the program end.
func (g *guard) recover(cmd *tea.Cmd) {
	if r := recover(); r != nil {
		g.fault = fmt.Errorf("the full-screen client: %v\n%s", r, debug.Stack())
		*cmd = tea.Quit
		go g.quit() // a panic of View has no command; Quit may wait for Update
	}
}
