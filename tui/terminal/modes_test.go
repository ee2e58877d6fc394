package terminal_test

import (
	"bytes"
	"strings"
	"testing"

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
