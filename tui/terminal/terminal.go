package terminal

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"
	xterm "github.com/charmbracelet/x/term"
)

// The shortest times between two frames: when records have come, and when the
// user has done something.
const (
	shortest       = 20 * time.Millisecond
	shortestUrgent = 4 * time.Millisecond
)

// A calm screen that has written more than calmBurst bytes rests after a frame: as long as
// what is above takes at calmRate bytes a second, and no longer than longestRest.
const (
	calmBurst   = 64_000
	calmRate    = 40_000
	longestRest = 250 * time.Millisecond
)

// Behind a line that is slow, which takes longer than slowFrame for a frame, frames that
// nobody has asked for leave most of it free, so that the answer to a key need not wait for
// them: the rest is slowRest times what the last one took, and no longer than longestSlowRest.
const (
	slowFrame       = 50 * time.Millisecond
	slowRest        = 3
	longestSlowRest = 500 * time.Millisecond
)

// Config says which terminal it is.
type Config struct {
	Input  io.Reader           // nil: standard input, or the process's terminal if that is none
	Output io.Writer           // nil: standard output
	Getenv func(string) string // says what kind of terminal it is; required
	Wake   func()              // called when a frame that was held may be shown; required
}

// Terminal brings the terminal into the state that a full-screen client needs, and
// back, and shows frames on it as soon as they are drawn.
type Terminal struct {
	input         io.Reader
	raw           *os.File // the input, when it is a terminal
	file          *os.File // the output, when it is one
	out           io.Writer
	outlet        *outlet // that out is, when it is a file
	wake          func()
	getenv        func(string) string
	width, height int

	title   string       // that it shows
	mouse   bool         // it reports what the mouse does
	before  *xterm.State // of the input, before it was raw
	entered bool
	resumed time.Time // when it last went on after it had stopped by itself
	unicode bool      // it was asked to measure by graphemes

	painter painter
	painted time.Time // when the last frame was shown
	spent   int       // bytes written up to then, less what time has made good at calmRate
	calm    bool      // see Calm
	urgent  bool      // the next frame answers the user
	due     time.Time // when wake is going to be called, so that a frame is shown; zero: it is not
}

// Frame is what the terminal shows.
type Frame struct {
	Lines  []string  // as many as the terminal has, each as wide as it is
	Cursor *Position // nil hides it
	Mouse  bool      // what the mouse does is reported
	Title  string    // of the window
}

// Position is a place on the screen, from 0.
type Position struct{ X, Y int }

// Open finds the terminal.
func Open(config Config) (*Terminal, error) {
	t := &Terminal{input: config.Input, out: config.Output, wake: config.Wake, getenv: config.Getenv, width: 80, height: 24}
	if t.input == nil {
		t.input = os.Stdin
		if !xterm.IsTerminal(os.Stdin.Fd()) {
			in, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
			if err != nil {
				return nil, fmt.Errorf("open the terminal: %w", err)
			}
			t.input = in
		}
	}
	if f, ok := t.input.(*os.File); ok && xterm.IsTerminal(f.Fd()) {
		t.raw = f
	}
	if t.out == nil {
		t.out = os.Stdout
	}
	if f, ok := t.out.(*os.File); ok {
		t.outlet = newOutlet(f, t.wake)
		t.out = t.outlet
		if xterm.IsTerminal(f.Fd()) {
			t.file = f
		}
	}
	if err := t.measure(); err != nil {
		t.End()
		return nil, err
	}
	return t, nil
}

// Input is where the keys come from.
func (t *Terminal) Input() io.Reader { return t.input }

// Output is where frames go: the output of the configuration, or what stands
// before it.
func (t *Terminal) Output() io.Writer { return t.out }

// Size is how large the terminal is.
func (t *Terminal) Size() (width, height int) { return t.width, t.height }

// measure asks how large the terminal is.
func (t *Terminal) measure() error {
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

// Watch reports each change of the size, and that the process goes on after a stop,
// until done is closed.
func (t *Terminal) Watch(done <-chan struct{}, resized func(width, height int), continued func()) {
	changes, goesOn := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(changes, syscall.SIGWINCH)
	signal.Notify(goesOn, syscall.SIGCONT)
	defer signal.Stop(changes)
	defer signal.Stop(goesOn)
	for {
		select {
		case <-done:
			return
		case <-goesOn:
			continued()
		case <-changes:
		}
		if t.file == nil {
			continue
		}
		if width, height, err := xterm.GetSize(t.file.Fd()); err == nil {
			resized(width, height)
		}
	}
}

// Held reports whether a frame has to wait: for the terminal, which has not
// taken the last one, or because that is only just there. wake is called then,
// when it need not wait any more.
func (t *Terminal) Held() bool {
	if t.outlet != nil && t.outlet.busy() {
		return true
	}
	took := time.Duration(0)
	if t.outlet != nil {
		took = t.outlet.pace()
	}
	wait := t.rest(took)
	if wait -= time.Since(t.painted); wait <= 0 {
		return false
	}
	if due := time.Now().Add(wait); t.due.IsZero() || due.Before(t.due) {
		t.due = due
		time.AfterFunc(wait, t.wake)
	}
	return true
}

// rest is how long after a frame the next one may be shown; took is how long the terminal
// took the last one.
func (t *Terminal) rest(took time.Duration) time.Duration {
	if t.urgent {
		return shortestUrgent
	}
	rest := shortest
	if t.calm {
		rest = max(rest, min(time.Duration(t.spent-calmBurst)*time.Second/calmRate, longestRest))
	}
	if took > slowFrame {
		rest = max(rest, took+min(slowRest*took, longestSlowRest))
	}
	return rest
}

// Show shows a frame, if it is not shown already.
func (t *Terminal) Show(f Frame) {
	if !t.entered {
		return
	}
	b := t.painter.paint(f.Lines, f.Cursor)
	if f.Mouse != t.mouse {
		t.mouse = f.Mouse
		if t.mouse {
			b = append(b, mouseOn...)
		} else {
			b = append(b, mouseOff...)
		}
	}
	if f.Title != t.title {
		t.title = f.Title
		b = append(b, ansi.SetWindowTitle(t.title)...)
	}
	if len(b) == 0 {
		return
	}
	t.spend(len(b))
	t.urgent = false
	t.write(b)
}

// spend counts the bytes of a frame. What no rest makes good is forgotten.
func (t *Terminal) spend(bytes int) {
	now := time.Now()
	elapsed := min(now.Sub(t.painted), time.Minute)
	t.spent = max(t.spent-int(elapsed*calmRate/time.Second), 0) + bytes
	t.spent = min(t.spent, calmBurst+int(longestRest*calmRate/time.Second))
	t.painted = now
}

// write sends bytes to the terminal.
func (t *Terminal) write(b []byte) {
	if _, err := t.out.Write(b); err != nil {
		t.painter.forget()
	}
}

// Write sends a sequence to the terminal as it is.
func (t *Terminal) Write(sequence string) { t.write([]byte(sequence)) }

// Calm says whether little comes, so that after many bytes frames may be fewer: over a slow
// line, what scrolls in two panes beside one another would take all of it.
func (t *Terminal) Calm(calm bool) { t.calm = calm }

// Urge says that the next frame answers the user, and should come soon.
func (t *Terminal) Urge() { t.urgent = true }

// Urged reports whether a frame that answers the user waits to be shown.
func (t *Terminal) Urged() bool { return t.urgent }

// Woken says that the call of Wake has come to where the frames are drawn.
func (t *Terminal) Woken() { t.due = time.Time{} }

// Repaint makes the next frame a whole one: the screen may be wrong.
func (t *Terminal) Repaint() { t.painter.forget() }

// Resize takes a new size.
func (t *Terminal) Resize(width, height int) {
	if width != t.width || height != t.height {
		t.width, t.height = width, height
		t.painter.forget()
	}
}

// Synchronize says whether the terminal can show a frame at once.
func (t *Terminal) Synchronize(can bool) { t.painter.synchronized = can }
