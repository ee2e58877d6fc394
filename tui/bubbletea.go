package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/rescue"
	"sluice/tui/terminal"
)

// guard is the client as Bubble Tea sees it: the model, whose frames go to the
// terminal. After a panic, in the model or in one of its commands, the client
// leaves as when it is asked to: Bubble Tea's own way out of one does not wait
// for the terminal's reader, and prints what happened over the restored screen.
type guard struct {
	model    *model
	terminal *terminal.Terminal
	quit     func()
	fault    error // the panic
}

// faultMsg reports that a command has panicked.
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
	if cmd = g.inform(msg); cmd != nil {
		return g, cmd
	}
	if _, ok := msg.(paintMsg); ok {
		return g, nil // the model has nothing to do; View is asked next
	}
	_, cmd = g.model.Update(msg)
	return g, careful(cmd)
}

// View shows the frame. What it returns is not used.
func (g *guard) View() (none tea.View) {
	if g.fault == nil {
		var cmd tea.Cmd
		defer g.recover(&cmd)
		g.terminal.Show(terminalFrame(g.model.View()))
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

// inform passes a message on to the terminal if it concerns it. A command that it
// returns goes to Bubble Tea instead of the model's.
func (g *guard) inform(msg tea.Msg) tea.Cmd {
	t := g.terminal
	switch msg := msg.(type) {
	case tea.KeyPressMsg, tea.MouseMsg, tea.PasteMsg:
		t.Urge()
	case paintMsg:
		t.Woken()
	case rawMsg:
		t.Write(string(msg))
	case repaintMsg:
		t.Repaint()
	case tea.WindowSizeMsg:
		t.Resize(msg.Width, msg.Height)
	case tea.ModeReportMsg:
		switch {
		case msg.Mode == ansi.ModeSynchronizedOutput:
			t.Synchronize(msg.Value == ansi.ModeReset || msg.Value == ansi.ModeSet)
		case msg.Mode == ansi.ModeUnicodeCore && measuresGraphemes(msg):
			t.MeasureGraphemes()
		}
	case suspendMsg:
		stopped, err := t.Suspend()
		if err != nil {
			return tea.Quit
		}
		if !stopped {
			return func() tea.Msg { return flashMsg{"not suspended: there is no shell to go back to"} }
		}
	case continuedMsg:
		if t.Continue() != nil {
			return tea.Quit
		}
	}
	return nil
}

// measuresGraphemes reports whether a terminal can measure text by grapheme
// clusters.
func measuresGraphemes(msg tea.ModeReportMsg) bool {
	return msg.Value == ansi.ModeSet || msg.Value == ansi.ModeReset || msg.Value == ansi.ModePermanentlySet
}

// terminalFrame is a view for the terminal.
func terminalFrame(v tea.View) terminal.Frame {
	f := terminal.Frame{Lines: strings.Split(v.Content, "\n"), Mouse: v.MouseMode != tea.MouseModeNone, Title: v.WindowTitle}
	if v.Cursor != nil {
		f.Cursor = &terminal.Position{X: v.Cursor.X, Y: v.Cursor.Y}
	}
	return f
}

// Messages to the terminal.
type (
	rawMsg       string   // write this as it is
	repaintMsg   struct{} // the screen may be wrong: paint all of it
	paintMsg     struct{} // a frame that was held may be shown
	suspendMsg   struct{} // give the terminal back and stop, until the shell goes on with us
	continuedMsg struct{} // the process goes on after a stop
)

// raw writes to the terminal as it is.
func raw(text string) tea.Cmd { return func() tea.Msg { return rawMsg(text) } }
