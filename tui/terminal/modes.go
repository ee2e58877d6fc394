package terminal

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
	xterm "github.com/charmbracelet/x/term"
)

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

// Enter takes the terminal over.
func (t *Terminal) Enter() error {
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
func (t *Terminal) answersQuickly() bool {
	for _, known := range []string{"ghostty", "wezterm", "alacritty", "kitty", "rio"} {
		if strings.Contains(t.getenv("TERM"), known) {
			return true
		}
	}
	return t.getenv("SSH_TTY") == "" && !strings.Contains(t.getenv("TERM_PROGRAM"), "Apple")
}

// Leave gives the terminal back as it was; it waits until the terminal has
// taken that, but not for ever.
func (t *Terminal) Leave() {
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

// End leaves, and writes nothing more.
func (t *Terminal) End() {
	t.Leave()
	if t.outlet != nil {
		t.outlet.end()
	}
}

// MeasureGraphemes asks the terminal to measure text by grapheme clusters.
func (t *Terminal) MeasureGraphemes() {
	if t.unicode {
		return
	}
	t.unicode = true
	t.Write(ansi.SetModeUnicodeCore)
	t.painter.forget()
}
