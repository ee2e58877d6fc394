package testpeer

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/foreign"
	"sluice/internal/wait"
)

//go:embed libzmq.py
var script string

// Libzmq is a process with a socket of libzmq; libzmq.py has its commands.
type Libzmq struct {
	t     testing.TB
	in    io.WriteCloser
	lines chan string // of its standard output; closed at its end
	oks   chan string
}

// StartLibzmq starts a process, which ends with the test. The test is skipped
// where libzmq is missing.
func StartLibzmq(t testing.TB, args ...string) *Libzmq {
	t.Helper()
	foreign.Need(t, "python3-zmq")
	p := &Libzmq{t: t, lines: make(chan string, 4096), oks: make(chan string, 16)}
	cmd := exec.Command(foreign.Python, append([]string{"-c", script}, args...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.in = in
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
	})
	reading.Go(func() {
		for s := bufio.NewScanner(errs); s.Scan(); {
			if s.Text() == "ok" {
				p.oks <- "ok"
			} else {
				fmt.Fprintln(os.Stderr, "libzmq.py:", s.Text())
			}
		}
	})
	t.Cleanup(func() {
		in.Close()
		go func() {
			for range p.lines { //nolint:revive // what nobody asked for
			}
		}()
		reading.Wait()
		if err := cmd.Wait(); err != nil {
			t.Errorf("libzmq.py %v: %v", args, err)
		}
	})
	return p
}

// Put writes a line to its standard input.
func (p *Libzmq) Put(line string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		p.t.Fatal(err)
	}
}

// Do gives it a command and waits until that is done.
func (p *Libzmq) Do(command string) {
	p.t.Helper()
	p.Put(command)
	select {
	case <-p.oks:
	case <-time.After(wait.Limit):
		p.t.Fatalf("libzmq.py did not answer to %q", command)
	}
}

// Line is its next line of output.
func (p *Libzmq) Line() string {
	p.t.Helper()
	select {
	case s, ok := <-p.lines:
		if !ok {
			p.t.Fatal("libzmq.py has ended")
		}
		return s
	case <-time.After(wait.Limit):
		p.t.Fatal("libzmq.py prints nothing")
	}
	return ""
}

// TryLine is its next line of output, if there is one already.
func (p *Libzmq) TryLine() (string, bool) {
	select {
	case s, ok := <-p.lines:
		return s, ok
	default:
		return "", false
	}
}

// Message is the next message that a subscriber prints.
func (p *Libzmq) Message() (name, record string) {
	p.t.Helper()
	name, record, ok := strings.Cut(p.Line(), "\t")
	if !ok {
		p.t.Fatal("libzmq.py prints no message")
	}
	return name, record
}
