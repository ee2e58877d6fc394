package tui_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/tui"
)

// flood takes n records into a stream, in batches as a source makes them.
func (s *screen) flood(name string, n int) {
	s.t.Helper()
	for n > 0 {
		b := &stream.Batch{}
		for range min(n, 5000) {
			b.Records = append(b.Records, s.record(name, "vm-1", fmt.Sprintf(`"level":30,"msg":"line %d"`, s.number+1)))
		}
		n -= len(b.Records)
		s.feed.put(b)
	}
	s.woken = true
	s.settle()
}

var start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// fakeFeed is a feed whose records a test puts in.
type fakeFeed struct {
	mu       sync.Mutex
	batches  []*stream.Batch
	ready    chan struct{}
	tails    []string
	from     map[string]stream.Backfill // how each began
	stops    []string
	sources  []stream.Status
	live     []stream.Live
	watching bool
	panics   string // the method that panics
}

func newFeed() *fakeFeed {
	f := &fakeFeed{ready: make(chan struct{}, 1)}
	for i := range 3 {
		f.sources = append(f.sources, stream.Status{
			Name: fmt.Sprintf("vm-%d", i+1), Address: fmt.Sprintf("tcp://127.0.0.1:55%d2", i+5),
			State: stream.StateLive, Since: start,
		})
	}
	f.live = []stream.Live{
		{Name: "system", Rate: 60, Sources: 3},
		{Name: "system/scheduler", Rate: 12.4, Sources: 3},
		{Name: "tenant/acme", Rate: 20, Sources: 3},
		{Name: "tenant/acme-staging", Rate: 0.4, Sources: 1},
		{Name: "tenant/globex", Rate: 1234, Sources: 2},
	}
	return f
}

func (f *fakeFeed) Ready() <-chan struct{} { f.panicIn("Ready"); return f.ready }

func (f *fakeFeed) panicIn(method string) {
	f.mu.Lock()
	panics := f.panics == method
	f.mu.Unlock()
	if panics {
		panic(method)
	}
}

// empty reports whether everything was taken.
func (f *fakeFeed) empty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.batches) == 0
}

func (f *fakeFeed) TryTake() *stream.Batch {
	f.panicIn("TryTake")
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.batches) == 0 {
		return nil
	}
	b := f.batches[0]
	f.batches = f.batches[1:]
	return b
}

// tailed are the streams that were asked for.
func (f *fakeFeed) tailed() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.tails)
}

func (f *fakeFeed) Tail(name string, from stream.Backfill) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tails = append(f.tails, name)
	if f.from == nil {
		f.from = make(map[string]stream.Backfill)
	}
	f.from[name] = from
}

func (f *fakeFeed) Stop(name string) { f.stops = append(f.stops, name) }

func (f *fakeFeed) Status() []stream.Status { f.panicIn("Status"); return f.sources }

func (f *fakeFeed) Streams() []stream.Live { return f.live }

func (f *fakeFeed) WatchStreams(on bool) { f.watching = on }

func (f *fakeFeed) put(b *stream.Batch) {
	f.mu.Lock()
	f.batches = append(f.batches, b)
	f.mu.Unlock()
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

// screen is a client without a terminal, and a clock that stands still. Each
// frame that it draws is checked.
type screen struct {
	t      testing.TB
	feed   *fakeFeed
	model  tea.Model
	now    time.Time
	woken  bool
	awake  atomic.Bool // set when the model wakes, on any goroutine; send moves it to woken
	w, h   int
	number int
}

func open(t testing.TB, w, h int, config tui.Config, streams ...string) *screen {
	t.Helper()
	s := &screen{t: t, feed: newFeed(), now: start, w: w, h: h}
	config.Feed, config.Streams, config.Location = s.feed, streams, cmp.Or(config.Location, time.UTC)
	config.Now = func() time.Time { return s.now }
	model, err := tui.NewModel(config, func() { s.awake.Store(true) }, colorprofile.TrueColor)
	if err != nil {
		t.Fatal(err)
	}
	s.model = model
	model.Init()
	s.send(tea.WindowSizeMsg{Width: w, Height: h})
	s.settle()
	return s
}

// send gives the model one message and returns its command.
func (s *screen) send(msg tea.Msg) tea.Cmd {
	s.t.Helper()
	if size, ok := msg.(tea.WindowSizeMsg); ok {
		s.w, s.h = size.Width, size.Height
	}
	var cmd tea.Cmd
	s.model, cmd = s.model.Update(msg)
	if s.awake.Swap(false) {
		s.woken = true
	}
	s.check()
	return cmd
}

// second lets a second pass, and the live streams come that are asked for then.
func (s *screen) second() {
	s.t.Helper()
	s.send(tui.SecondMsg)
	s.send(tui.ListedMsg(s.model))
}

// settle sends frames until the model has nothing left to do.
func (s *screen) settle() {
	s.t.Helper()
	deadline := time.Now().Add(wait.Limit)
	for s.woken || s.awake.Load() || tui.Busy(s.model) {
		if time.Now().After(deadline) {
			s.t.Fatal("the model never comes to rest")
		}
		s.woken = false
		s.send(tui.TakeMsg)
	}
	tui.Flush(s.model)
	s.send(tui.TakeMsg)
}

// take gives the feed a batch and lets the model take it.
func (s *screen) take(b *stream.Batch) {
	s.t.Helper()
	s.feed.put(b)
	s.woken = true
	s.settle()
}

// record makes one record, a tenth of a second after the one before.
func (s *screen) record(name, source, fields string) stream.Record {
	s.number++
	at := start.Add(time.Duration(s.number) * 100 * time.Millisecond)
	data := fmt.Sprintf(`{"v":0,"name":"webtask","hostname":%q,"pid":4711,"time":%q,%s}`, source, at.Format("2006-01-02T15:04:05.000Z"), fields)
	return stream.Record{Stream: name, Source: source, Arrived: at.UnixNano(), Data: []byte(data)}
}

// lines takes n plain records into a stream.
func (s *screen) lines(name string, n int) {
	s.t.Helper()
	b := &stream.Batch{}
	for range n {
		b.Records = append(b.Records, s.record(name, "vm-1", fmt.Sprintf(`"level":30,"msg":"line %d"`, s.number+1)))
	}
	s.take(b)
}

var specialKeys = map[string]tea.KeyPressMsg{
	"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab},
	"space": {Code: ' ', Text: " "}, "backspace": {Code: tea.KeyBackspace}, "up": {Code: tea.KeyUp},
	"down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight},
	"delete": {Code: tea.KeyDelete}, "pgup": {Code: tea.KeyPgUp}, "pgdown": {Code: tea.KeyPgDown}, "home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd},
	"shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift},
}

// keys presses keys by their names; other text is typed.
func (s *screen) keys(names ...string) (last tea.Cmd) {
	s.t.Helper()
	for _, name := range names {
		var mod tea.KeyMod
		bare, ctrl := strings.CutPrefix(name, "ctrl+")
		bare, alt := strings.CutPrefix(bare, "alt+")
		switch {
		case ctrl:
			mod = tea.ModCtrl
		case alt:
			mod = tea.ModAlt
		}
		if k, ok := specialKeys[bare]; ok {
			k.Mod |= mod
			last = s.send(k)
			continue
		}
		if mod != 0 {
			last = s.send(tea.KeyPressMsg{Code: rune(bare[0]), Mod: mod})
			continue
		}
		for _, r := range name {
			last = s.send(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
	s.settle()
	return last
}

// check holds each frame to what every frame must be: exactly the screen, and
// nothing in it but text and colours.
func (s *screen) check() {
	s.t.Helper()
	content := s.model.View().Content
	checkClean(s.t, s.model.View().WindowTitle)
	lines := strings.Split(content, "\n")
	if s.h >= 5 && len(lines) != s.h {
		s.t.Fatalf("the frame has %d lines on a screen of %d", len(lines), s.h)
	}
	for i, l := range lines {
		if w := ansi.StringWidthWc(l); w != s.w {
			s.t.Fatalf("line %d has %d columns on a screen of %d: %q", i, w, s.w, l)
		}
		checkClean(s.t, l)
	}
}

// checkClean fails when a line holds anything that acts on a terminal other
// than colours.
func checkClean(t testing.TB, line string) {
	t.Helper()
	for rest := line; rest != ""; {
		if strings.HasPrefix(rest, "\x1b[") {
			end := strings.IndexFunc(rest[2:], func(r rune) bool { return r != ';' && (r < '0' || r > '9') })
			if end < 0 || rest[2+end] != 'm' {
				t.Fatalf("an escape sequence that is no colour: %q", line)
			}
			rest = rest[3+end:]
			continue
		}
		r, n := utf8.DecodeRuneInString(rest)
		switch {
		case r < 0x20, 0x7f <= r && r < 0xa0, r == utf8.RuneError && n == 1,
			0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x61c:
			t.Fatalf("%U in %q", r, line)
		}
		rest = rest[n:]
	}
}

// text is the screen without colours and without blanks at line ends.
func (s *screen) text() string {
	lines := strings.Split(ansi.Strip(s.model.View().Content), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// line is one line of the screen.
func (s *screen) line(n int) string { return strings.Split(s.text(), "\n")[n] }

func (s *screen) want(parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if !strings.Contains(s.text(), part) {
			s.t.Fatalf("the screen lacks %q:\n%s", part, s.text())
		}
	}
}

func (s *screen) wantNot(parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if strings.Contains(s.text(), part) {
			s.t.Fatalf("the screen has %q:\n%s", part, s.text())
		}
	}
}

// folder is a directory that is taken away in the end, also when a command for which nobody
// waits still writes into it.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sluice")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		wait.For(t, "the directory is gone", func() bool { return os.RemoveAll(dir) == nil })
	})
	return dir
}

// perform runs a command as Bubble Tea does, and whatever commands follow from
// its messages, until a condition holds.
func (s *screen) perform(cmd tea.Cmd, until func() bool) {
	s.t.Helper()
	messages := make(chan tea.Msg, 64)
	var run func(tea.Cmd)
	run = func(cmd tea.Cmd) {
		if cmd == nil {
			return
		}
		go func() {
			switch msg := cmd().(type) {
			case nil:
			case tea.BatchMsg:
				for _, c := range msg {
					run(c)
				}
			default:
				messages <- msg
			}
		}()
	}
	run(cmd)
	deadline := time.After(wait.Limit)
	for !until() {
		select {
		case msg := <-messages:
			run(s.send(msg))
			s.settle()
		case <-time.After(time.Millisecond): // something may have work left
			s.settle()
		case <-deadline:
			s.t.Fatalf("it never came to that:\n%s", s.text())
		}
	}
}

// raw runs a command and returns what it writes to the terminal.
func raw(t *testing.T, cmd tea.Cmd) string {
	t.Helper()
	batch, ok := cmd().(tea.BatchMsg)
	if !ok {
		t.Fatal("the command is no batch")
	}
	out := make(chan string, len(batch))
	for _, c := range batch {
		go func() {
			if msg, ok := c().(tui.RawMsg); ok {
				out <- string(msg)
			}
		}()
	}
	select {
	case text := <-out:
		return text
	case <-time.After(wait.Limit):
		t.Fatal("nothing is written")
		return ""
	}
}

func (s *screen) says(text string) func() bool {
	return func() bool { return strings.Contains(s.text(), text) }
}
