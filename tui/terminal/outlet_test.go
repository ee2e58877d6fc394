package terminal_test

import (
	"bytes"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"sluice/tui/terminal"
)

// Before the process is stopped, what restores the terminal must be there: Leave
// returns when the terminal has everything, and not before.
func TestLeavingWaitsForTheTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	term := open(t, terminal.Config{Input: strings.NewReader(""), Output: w})
	defer term.End()
	fd := int(r.Fd()) // lets it block
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 8192)
	for i := range 1000 {
		if err := term.Enter(); err != nil {
			t.Fatal(err)
		}
		want := bytes.Repeat([]byte{byte(i)}, 1+i)
		term.Write(string(want))
		term.Leave()
		n, err := syscall.Read(fd, buf)
		if err != nil || !bytes.Contains(buf[:n], want) || !bytes.HasSuffix(buf[:n], []byte(ansi.SetModeTextCursorEnable)) {
			t.Fatalf("%d bytes are there after Leave has returned: %v", n, err)
		}
	}
}

// A terminal that takes nothing is given no frames, and is not waited for for ever.
func TestATerminalThatTakesNothing(t *testing.T) {
	t.Parallel() // it waits
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	woken := make(chan struct{}, 1)
	term := open(t, terminal.Config{Input: strings.NewReader(""), Output: w, Wake: func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	}})
	if err := term.Enter(); err != nil {
		t.Fatal(err)
	}
	term.Write(strings.Repeat("x", 1<<20))
	if !term.Held() {
		t.Fatal("frames are not held although the terminal takes nothing")
	}
	select {
	case <-woken:
		t.Fatal("a frame may be shown although the terminal takes nothing")
	default:
	}
	term.End()
	r.Close()
}
