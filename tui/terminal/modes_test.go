package terminal_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/ansi"

	"sluice/tui/terminal"
)

// Each mode that is set is undone on leaving, and only then.
func TestLeavingUndoesTheModes(t *testing.T) {
	var out bytes.Buffer
	term := open(t, terminal.Config{Input: strings.NewReader(""), Output: &out})
	term.Show(terminal.Frame{Lines: []string{"too early"}})
	if out.Len() > 0 {
		t.Fatalf("a frame was shown before the terminal was entered: %q", out.String())
	}
	if err := term.Enter(); err != nil {
		t.Fatal(err)
	}
	lines := make([]string, 24)
	term.Show(terminal.Frame{Lines: lines, Mouse: true, Title: "sluice"})
	term.MeasureGraphemes()
	written := out.String()
	for on, off := range map[string]string{
		ansi.SetModeAltScreenSaveCursor: ansi.ResetModeAltScreenSaveCursor,
		ansi.ResetModeAutoWrap:          ansi.SetModeAutoWrap,
		ansi.ResetModeTextCursorEnable:  ansi.SetModeTextCursorEnable,
		ansi.SetModeBracketedPaste:      ansi.ResetModeBracketedPaste,
		ansi.SetModeMouseButtonEvent:    ansi.ResetModeMouseButtonEvent,
		ansi.SetModeMouseExtSgr:         ansi.ResetModeMouseExtSgr,
		ansi.SetModeUnicodeCore:         ansi.ResetModeUnicodeCore,
		ansi.SetWindowTitle("sluice"):   ansi.SetWindowTitle(""),
		ansi.SetModifyOtherKeys2:        ansi.ResetModifyOtherKeys,
	} {
		if !strings.Contains(written, on) {
			t.Errorf("%q was not set: %q", on, written)
		}
		if strings.Contains(written, off) {
			t.Errorf("%q was undone too early: %q", on, written)
		}
		defer func() {
			if !strings.Contains(out.String(), off) {
				t.Errorf("%q was not undone: %q", on, out.String())
			}
		}()
	}
	out.Reset()
	term.Leave()
	left := out.Len()
	if term.Leave(); out.Len() != left {
		t.Error("it was left twice")
	}
}

// A calm screen rests when it has written many bytes, unless the user waits. One frame is
// not many: what a client shows as it begins is not late.
func TestACalmScreenRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written bytes.Buffer
		term := open(t, terminal.Config{Input: strings.NewReader(""), Output: &written})
		if err := term.Enter(); err != nil {
			t.Fatal(err)
		}
		shown := 0
		frame := func(bytes int) {
			shown++
			term.Show(terminal.Frame{Lines: []string{strings.Repeat(string(rune('a'+shown%26)), bytes)}})
		}
		rests := func() time.Duration {
			began := time.Now()
			for term.Held() {
				time.Sleep(time.Millisecond) // of the bubble's clock
			}
			return time.Since(began)
		}
		const ms = time.Millisecond
		for _, c := range []struct {
			name         string
			calm, urgent bool
			bytes, times int
			last         bool // only the last rest is looked at
			atLeast, at  time.Duration
		}{
			{"not calm", false, false, 8000, 20, false, 20 * ms, 20 * ms},
			{"after much", true, false, 5000, 1, false, 240 * ms, 250 * ms},
			{"again and again", true, false, 5000, 20, true, 124 * ms, 130 * ms},
			{"large ones", true, false, 100_000, 3, false, 250 * ms, 250 * ms},
			{"for a key", true, true, 100_001, 3, false, 4 * ms, 4 * ms},
		} {
			for n := range c.times {
				frame(c.bytes)
				term.Calm(c.calm)
				if c.urgent {
					term.Urge()
				}
				if got := rests(); (got < c.atLeast || got > c.at) && (!c.last || n == c.times-1) {
					t.Errorf("%s: it rests for %v", c.name, got)
				}
			}
		}
		time.Sleep(5 * time.Second)
		for range 5 {
			frame(10_000)
			term.Calm(true)
			if got := rests(); got != 20*ms {
				t.Errorf("of few bytes it rests for %v", got)
			}
		}
	})
}

// A frame that comes too soon is held, and a sequence of its own is shown at once.
func TestAFrameThatComesTooSoonIsHeld(t *testing.T) {
	var out bytes.Buffer
	woken := make(chan struct{}, 1)
	term := open(t, terminal.Config{Input: strings.NewReader(""), Output: &out, Wake: func() { woken <- struct{}{} }})
	if err := term.Enter(); err != nil {
		t.Fatal(err)
	}
	if term.Held() {
		t.Fatal("the first frame is held")
	}
	term.Urge()
	if !term.Urged() {
		t.Fatal("the user is not answered")
	}
	term.Show(terminal.Frame{Lines: make([]string, 24)})
	if term.Urged() {
		t.Fatal("a frame was shown and the user not answered")
	}
	for !term.Held() { // unless the machine was busy for long
		term.Show(terminal.Frame{Lines: make([]string, 24)})
		term.Repaint()
	}
	<-woken
	term.Woken()
	for term.Held() {
		<-woken
		term.Woken()
	}
}
