package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"sluice/cluster/names"
	"sluice/cluster/query"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/tui/before"
	"sluice/tui/terminal"
)

// ErrInterrupted is what Run returns when the user pressed ctrl-c. Leaving with
// q returns nil. Signals are the caller's: they end Run's context.
var ErrInterrupted = errors.New("interrupted")

// frame is the shortest time between two takings from the feed.
const frame = 33 * time.Millisecond

// Reader hands on records. None of its methods may block.
type Reader interface {
	// Ready has a token when TryTake may have something.
	Ready() <-chan struct{}
	// TryTake returns nil when nothing has arrived. The client releases the batch.
	TryTake() *stream.Batch
	Tail(name string, from stream.Backfill)
	Stop(name string)
}

// Directory knows the sources and the streams. None of its methods may block.
type Directory interface {
	// Status is each source as it stands now.
	Status() []stream.Status
	// Streams are the live streams, as far as they are known.
	Streams() []stream.Live
	// WatchStreams starts or stops keeping track of the live streams.
	WatchStreams(on bool)
}

// Feed is where the client gets everything from; [stream.Source] is one.
type Feed interface {
	Reader
	Directory
}

// Action is a key that the caller adds.
type Action struct {
	Key  string // as Bubble Tea names it: "x", "ctrl+x"
	Help string // "stop or start vm-2"
	// Do runs outside of the drawing loop and may take its time; what it
	// returns is shown in the status line.
	Do func() string
	// Choose, in the place of Do, is what can be chosen then, in a box. It is called in
	// the drawing loop, and must not wait.
	Choose func() []Choice
}

// Choice is one line of a box to choose from.
type Choice struct {
	Key    string // chooses it at once
	Text   string // "kill"
	Detail string // "it has no time to say a word"
	Do     func() string
	Choose func() []Choice // in the place of Do: another box

	act func() tea.Cmd // in the place of both: something in the drawing loop
}

// Config is what the client shows, and how.
type Config struct {
	Feed    Feed         // required; running before Run, and ended by its owner
	Streams []string     // opened at the start, a pane each; "a+b" is two merged by time, see names.Split; names.Pattern matches those that appear, too; none opens the picker
	Last    int          // records of backfill for each stream; 0 begins with the next record
	Filter  query.Filter // each pane begins with it; zero shows all
	// Archive is what was said before; nil: there is none.
	Archive before.Archive
	Actions []Action
	Title   string        // in the corner; "" is "sluice"
	Alert   func() string // stands behind the title while it is not empty; asked at each frame, so it must not wait; may be nil

	Records int   // records kept, over all streams; 0 means 1,000,000
	Bytes   int64 // memory that they may take; 0 means 512 MiB

	Location *time.Location   // of the times shown; nil means the local one
	Now      func() time.Time // nil means time.Now

	// RecordTime is what rates, lag and quiet times go by: where a replay is in its
	// recordings. nil means Now, for records that are live. It may be called from any
	// goroutine.
	RecordTime func() time.Time

	// Seek takes a replay to a time, and returns what is shown then in the status line.
	// It is called outside of the drawing loop. nil means that records are live.
	Seek func(time.Time) string

	Settings     Settings
	SettingsPath string // the file that they are of, into which what gets a name is put; "" keeps that until the client is left
	StateDir     string // where what was typed into prompts is kept; "" keeps it until the client is left
	LayoutPath   string // where the last layouts are saved on leaving, and restored from; "" does neither
	Restore      bool   // begin with the layout that was saved last; with Streams, the last one that shows just these
	Notice       string // shown at the start, until a key is pressed: why the settings could not be read

	Getenv func(string) string // to find tmux and screen, for the clipboard; nil means os.Getenv

	// Input and Output are the terminal; nil means standard input and output.
	Input  io.Reader
	Output io.Writer
}

// Client is the full-screen client.
type Client struct {
	config Config
	more   chan struct{} // the model has work left for the next frame
	soon   chan struct{} // and this frame should not wait for its time
}

// New checks the configuration.
func New(config Config) (*Client, error) {
	if config.Feed == nil {
		return nil, errors.New("make the full-screen client: no feed: set Config.Feed")
	}
	if config.Last < 0 || config.Records < 0 || config.Bytes < 0 {
		return nil, fmt.Errorf("make the full-screen client: negative bound: last %d, records %d, bytes %d", config.Last, config.Records, config.Bytes)
	}
	if len(config.Streams) > maxPanes {
		return nil, fmt.Errorf("open %d panes: there may be %d: name fewer streams, or merge some, as in a+b", len(config.Streams), maxPanes)
	}
	for _, list := range config.Streams {
		if n := len(names.Split(list)); n > maxMerged {
			return nil, fmt.Errorf("merge %d streams: a pane merges %d at most: name fewer", n, maxMerged)
		}
		if _, err := newSelection(names.Split(list), time.Time{}); err != nil {
			return nil, err
		}
	}
	keys, err := keysFrom(config.Settings.Keys)
	if err != nil {
		return nil, fmt.Errorf("make the full-screen client: %w", err)
	}
	for _, a := range config.Actions {
		if a.Key == "" || (a.Do == nil) == (a.Choose == nil) {
			return nil, fmt.Errorf("add action %q: it needs a key and something to do", a.Help)
		}
		if owner, taken := keys.owner(a.Key); taken {
			return nil, fmt.Errorf("add action %q: key %q is taken by %q: choose another", a.Help, a.Key, owner)
		}
	}
	if config.Title == "" {
		config.Title = "sluice"
	}
	if config.Records == 0 {
		config.Records = 1_000_000
	}
	if config.Bytes == 0 {
		config.Bytes = 512 << 20
	}
	if config.Location == nil {
		config.Location = time.Local
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Getenv == nil {
		config.Getenv = os.Getenv
	}
	return &Client{config: config, more: make(chan struct{}, 1), soon: make(chan struct{}, 1)}, nil
}

// Run shows the client until the user leaves or ctx ends, which both return
// nil; after ctrl-c it returns [ErrInterrupted], and after a panic of its own a
// [*rescue.Error].
func (c *Client) Run(ctx context.Context) error {
	var program *tea.Program
	t, err := terminal.Open(terminal.Config{
		Input: c.config.Input, Output: c.config.Output, Getenv: c.config.Getenv,
		Wake: func() { go program.Send(paintMsg{}) },
	})
	if err != nil {
		return err
	}
	defer t.End()
	m := newModel(c.config, c.wake, colorprofile.Detect(t.Output(), os.Environ()))
	m.width, m.height = t.Size()
	m.stores.Wake = c.wakeUp
	life, endLife := context.WithCancel(ctx)
	defer endLife()
	m.life = life
	m.held = func() bool {
		t.Calm(m.calm())
		return t.Held()
	}
	m.hurry, m.hurried = t.Urge, t.Urged
	defer m.stores.Stop()
	defer m.endPipe()
	guarded := &guard{model: m, terminal: t}
	program = tea.NewProgram(guarded,
		tea.WithInput(t.Input()), tea.WithOutput(t.Output()), tea.WithWindowSize(m.width, m.height),
		tea.WithoutSignalHandler(),
		tea.WithoutRenderer(), tea.WithFPS(1)) // the terminal is shown the frames
	guarded.quit = program.Quit
	if err := t.Enter(); err != nil {
		return err
	}

	// Whatever goes wrong, the terminal is restored.
	running := rescue.NewGroup(ctx)
	defer running.End()
	// Quit, and neither tea.WithContext nor tea.Interrupt, which leave the
	// terminal's reader behind.
	defer context.AfterFunc(running.Context(), program.Quit)()
	running.Go("read from the feed", func() { c.pump(running.Context(), program.Send) })
	running.Go("watch the terminal", func() {
		t.Watch(running.Context().Done(), func(width, height int) {
			program.Send(tea.WindowSizeMsg{Width: width, Height: height})
		}, func() { program.Send(continuedMsg{}) })
	})
	_, err = program.Run()
	running.End()
	fault := running.Wait()
	t.Leave()
	if fault == nil {
		fault = guarded.fault
	}
	if fault != nil {
		return fault
	}
	if err != nil {
		return fmt.Errorf("run the full-screen client: %w", err)
	}
	if c.config.LayoutPath != "" && len(m.layout().Panes) > 0 {
		if err := saveLayout(c.config.LayoutPath, m.layout(), c.config.Now()); err != nil {
			return err
		}
	}
	if m.interrupted {
		return ErrInterrupted
	}
	return nil
}

// wake asks the pump for another frame.
func (c *Client) wake() {
	select {
	case c.more <- struct{}{}:
	default:
	}
}

// wakeUp asks the pump for another frame, or for one at once.
func (c *Client) wakeUp(now bool) {
	if now {
		select {
		case c.soon <- struct{}{}:
		default:
		}
	}
	c.wake()
}

// pump sends the model one message a frame while there is something to do.
func (c *Client) pump(ctx context.Context, send func(tea.Msg)) {
	timer := time.NewTimer(0)
	<-timer.C
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.config.Feed.Ready():
		case <-c.more:
		}
		send(takeMsg{})
		timer.Reset(frame)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-c.soon:
		}
	}
}
