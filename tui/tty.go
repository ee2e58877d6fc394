package tui

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	xterm "github.com/charmbracelet/x/term"
)

// The shortest times between two frames: when records have come, and when the
// user has done something.
const (
	shortest       = 20 * time.Millisecond
	shortestUrgent = 4 * time.Millisecond
)

// tty is the terminal: it brings it into the state that the client needs, and
// back, and shows frames on it as soon as they are drawn. Bubble Tea's renderer,
// which compares cells and looks for something to do forty times a second, took
// a quarter of the client's CPU under a flood and nearly all of it when nothing
// happened.
type tty struct {
	input         io.Reader
	raw           *os.File // the input, when it is a terminal
	file          *os.File // the output, when it is one
	out           io.Writer
	outlet        *outlet // that out is, when it is a file
	wake          func()  // called when a frame that was held may be shown
	getenv        func(string) string
	width, height int

	title   string       // that it shows
	mouse   bool         // it tells of the mouse
	before  *xterm.State // of the input, before it was raw
	entered bool
	resumed time.Time // when it last went on after it had stopped by itself
	unicode bool      // the terminal was told to measure by graphemes

	painter painter
	painted time.Time // when the last frame was shown
	urgent  bool      // the next frame answers the user
	due     time.Time // when wake is going to be called, so that a frame is shown; zero: it is not
}

// openTTY finds the terminal. Nil for input is standard input, or the process's
// terminal if that is none; for output it is standard output.
func openTTY(input io.Reader, output io.Writer, wake func()) (*tty, error) {
	t := &tty{input: input, out: output, wake: wake, width: 80, height: 24}
	if t.input == nil {
		t.input = os.Stdin
		if !xterm.IsTerminal(os.Stdin.Fd()) {
			in, _, err := tea.OpenTTY()
			if err != nil {
				return nil, fmt.Errorf("open the terminal: %w", err)
			}
			t.input = in
		}
	}
	if f, ok := t.input.(*os.File); ok && xterm.IsTerminal(f.Fd()) {
		t.raw = f
	}
	if output == nil {
		t.out = os.Stdout
	}
	if f, ok := t.out.(*os.File); ok {
		t.outlet = newOutlet(f, wake)
		t.out = t.outlet
		if xterm.IsTerminal(f.Fd()) {
			t.file = f
		}
	}
	if err := t.measure(); err != nil {
		t.end()
		return nil, err
	}
	return t, nil
}

// measure asks how large the terminal is.
func (t *tty) measure() error {
	if t.file == nil {
		return nil
	}
	width, height, err := xterm.GetSize(t.file.Fd())
	if err != nil {
		return fmt.Errorf("ask for the size of the terminal: %w", err)
	}
	t.width, t.height = width, height
	return nil
}

// watch tells of each change of the size, and of being continued after a stop,
// until done.
func (t *tty) watch(done <-chan struct{}, send func(tea.Msg)) {
	changed, continued := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(changed)
	defer signal.Stop(continued)
	for {
		select {
		case <-done:
			return
		case <-continued:
			send(continuedMsg{})
		case <-changed:
		}
		if t.file == nil {
			continue
		}
		if width, height, err := xterm.GetSize(t.file.Fd()); err == nil {
			send(tea.WindowSizeMsg{Width: width, Height: height})
		}
	}
}

// Sequences of the modes that the client needs; leaving undoes each.
const (
	entering = ansi.SetModeAltScreenSaveCursor + ansi.ResetModeTextCursorEnable +
		ansi.ResetModeAutoWrap + // a line that the terminal finds too long tears nothing
		ansi.SetModeBracketedPaste + ansi.SetModifyOtherKeys2
	leaving = ansi.ResetModifyOtherKeys + ansi.ResetModeBracketedPaste + ansi.SetModeAutoWrap +
		ansi.ResetStyle + "\x1b[r" + ansi.ResetModeAltScreenSaveCursor + ansi.SetModeTextCursorEnable
	mouseOn  = ansi.SetModeMouseButtonEvent + ansi.SetModeMouseExtSgr
	mouseOff = ansi.ResetModeMouseButtonEvent + ansi.ResetModeMouseExtSgr
)

// enter takes the terminal over.
func (t *tty) enter() error {
	if t.entered {
		return nil
	}
	if t.raw != nil {
		before, err := xterm.MakeRaw(t.raw.Fd())
		if err != nil {
			return fmt.Errorf("make the terminal raw: %w", err)
		}
		if t.before == nil {
			t.before = before
		}
	}
	t.entered = true
	t.painter.forget()
	t.painter.shown = false
	b := entering + ansi.PushKittyKeyboard(ansi.KittyDisambiguateEscapeCodes)
	if t.unicode {
		b += ansi.SetModeUnicodeCore
	}
	if t.raw != nil {
		// What it can and what its background is like; it answers as if
		// that was typed.
		if t.answersQuickly() {
			b += ansi.RequestModeSynchronizedOutput + ansi.RequestModeUnicodeCore
		}
		b += ansi.RequestBackgroundColor
	}
	_, err := io.WriteString(t.out, b)
	return err
}

// answersQuickly reports whether questions that old terminals do not know may
// be asked: over ssh an answer may come when the client has left already, and
// Apple's terminal shows the question.
func (t *tty) answersQuickly() bool {
	for _, known := range []string{"ghostty", "wezterm", "alacritty", "kitty", "rio"} {
		if strings.Contains(t.getenv("TERM"), known) {
			return true
		}
	}
	return t.getenv("SSH_TTY") == "" && !strings.Contains(t.getenv("TERM_PROGRAM"), "Apple")
}

// leave gives the terminal back as it was; it waits until the terminal has
// taken that, but not for ever.
func (t *tty) leave() {
	if !t.entered {
		return
	}
	t.entered = false
	b := ansi.PopKittyKeyboard(1)
	if t.mouse {
		b += mouseOff
		t.mouse = false
	}
	if t.title != "" {
		b += ansi.SetWindowTitle("")
		t.title = ""
	}
	if t.unicode {
		b += ansi.ResetModeUnicodeCore
	}
	_, _ = io.WriteString(t.out, b+leaving)
	if t.outlet != nil {
		t.outlet.drain()
	}
	if t.before != nil {
		_ = xterm.Restore(t.raw.Fd(), t.before)
		t.before = nil
	}
}

// end leaves, and writes nothing more.
func (t *tty) end() {
	t.leave()
	if t.outlet != nil {
		t.outlet.end()
	}
}

// held reports whether a frame has to wait: for the terminal, which has not
// taken the last one, or because that is only just there. wake is called then,
// when it need not wait any more.
func (t *tty) held() bool {
	if t.outlet != nil && t.outlet.busy() {
		return true
	}
	wait := shortest
	if t.urgent {
		wait = shortestUrgent
	}
	if wait -= time.Since(t.painted); wait <= 0 {
		return false
	}
	if due := time.Now().Add(wait); t.due.IsZero() || due.Before(t.due) {
		t.due = due
		time.AfterFunc(wait, t.wake)
	}
	return true
}

// show shows a frame, if it is not shown already.
func (t *tty) show(v tea.View) {
	if !t.entered {
		return
	}
	b := t.painter.paint(linesOf(v), v.Cursor)
	if mouse := v.MouseMode != tea.MouseModeNone; mouse != t.mouse {
		t.mouse = mouse
		if mouse {
			b = append(b, mouseOn...)
		} else {
			b = append(b, mouseOff...)
		}
	}
	if v.WindowTitle != t.title {
		t.title = v.WindowTitle
		b = append(b, ansi.SetWindowTitle(t.title)...)
	}
	if len(b) == 0 {
		return
	}
	t.painted, t.urgent = time.Now(), false
	t.write(b)
}

// write sends bytes to the terminal.
func (t *tty) write(b []byte) {
	if _, err := t.out.Write(b); err != nil {
		t.painter.forget()
	}
}

// update takes what concerns the terminal of a message. It returns a command
// for Bubble Tea, if there is one, instead of what the model says.
func (t *tty) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg, tea.MouseMsg, tea.PasteMsg:
		t.urgent = true
	case paintMsg:
		t.due = time.Time{}
	case rawMsg:
		t.write([]byte(msg))
	case repaintMsg:
		t.painter.forget()
	case tea.WindowSizeMsg:
		if msg.Width != t.width || msg.Height != t.height {
			t.width, t.height = msg.Width, msg.Height
			t.painter.forget()
		}
	case tea.ModeReportMsg:
		switch {
		case msg.Mode == ansi.ModeSynchronizedOutput:
			t.painter.synchronized = msg.Value == ansi.ModeReset || msg.Value == ansi.ModeSet
		case msg.Mode == ansi.ModeUnicodeCore && measuresGraphemes(msg) && !t.unicode:
			t.unicode = true
			t.write([]byte(ansi.SetModeUnicodeCore))
			t.painter.forget()
		}
	case suspendMsg:
		t.leave()
		stopped := stop()
		t.resumed = time.Now()
		if err := t.enter(); err != nil {
			return tea.Quit
		}
		if !stopped {
			return func() tea.Msg { return flashMsg{"not suspended: there is no shell to go back to"} }
		}
	case continuedMsg:
		if time.Since(t.resumed) < time.Second {
			return nil // it stopped by itself
		}
		// Somebody stopped us, and the shell had the terminal meanwhile.
		_, _ = io.WriteString(t.out, leaving)
		t.entered, t.mouse, t.title = false, false, ""
		if err := t.enter(); err != nil {
			return tea.Quit
		}
	}
	return nil
}

// stopTime is how long a stop may take to come.
const stopTime = 200 * time.Millisecond

// stop stops the process, and those of its pipe, until the shell goes on with it.
// It reports false when it was not stopped: whoever has no shell above, as under
// ssh with a command, or in a window of tmux of its own, the kernel does not stop.
func stop() bool {
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return false
	}
	for range 2 { // timers go on while we are stopped, so the first one tells nothing
		select {
		case <-continued:
			return true
		case <-time.After(stopTime):
		}
	}
	return false
}

// measuresGraphemes reports whether a terminal can measure text by grapheme
// clusters.
func measuresGraphemes(msg tea.ModeReportMsg) bool {
	return msg.Value == ansi.ModeSet || msg.Value == ansi.ModeReset || msg.Value == ansi.ModePermanentlySet
}

// Messages to the terminal, of the model and of its own.
type (
	rawMsg     string   // write this as it is
	repaintMsg struct{} // the screen may be wrong: paint all of it
	paintMsg   struct{} // a frame that was held may be shown
	suspendMsg struct{} // give the terminal back and stop, until the shell goes on with us
)

// continuedMsg says that the process goes on after a stop.
type continuedMsg struct{}

// raw writes to the terminal as it is.
func raw(text string) tea.Cmd { return func() tea.Msg { return rawMsg(text) } }
