package consolidator_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// python is the interpreter that Debian's python3-zmq belongs to.
const python = "/usr/bin/python3"

// needLibzmq skips the test where libzmq is not installed; in CI it has to be.
func needLibzmq(t testing.TB) {
	t.Helper()
	out, err := exec.Command(python, "-c", "import zmq; print(zmq.zmq_version())").CombinedOutput()
	if err == nil {
		return
	}
	if os.Getenv("SLUICE_CI") != "" {
		t.Fatalf("python3-zmq is not installed: %v: %s", err, out)
	}
	t.Skip("python3-zmq is not installed")
}

// peer is a libzmq peer: testdata/peer.py.
type peer struct {
	t     testing.TB
	in    io.WriteCloser
	lines chan string // of its standard output; closed at its end
	oks   chan string
	cmd   *exec.Cmd
}

func startPeer(t testing.TB, args ...string) *peer {
	t.Helper()
	p := &peer{t: t, lines: make(chan string, 4096), oks: make(chan string, 16)}
	p.cmd = exec.Command(python, append([]string{"testdata/peer.py"}, args...)...)
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
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
				fmt.Fprintln(os.Stderr, "peer.py:", s.Text())
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
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("peer.py %v: %v", args, err)
		}
	})
	return p
}

// tell gives the peer a command and waits until it is done.
func (p *peer) tell(line string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.oks:
	case <-time.After(patience):
		p.t.Fatalf("peer.py did not answer to %q", line)
	}
}

// line is its next line of output.
func (p *peer) line() string {
	p.t.Helper()
	select {
	case s, ok := <-p.lines:
		if !ok {
			p.t.Fatal("peer.py has ended")
		}
		return s
	case <-time.After(patience):
		p.t.Fatal("peer.py says nothing")
	}
	return ""
}

// message is the next message that a subscriber prints.
func (p *peer) message() (name, record string) {
	p.t.Helper()
	name, record, ok := strings.Cut(p.line(), "\t")
	if !ok {
		p.t.Fatalf("peer.py prints no message")
	}
	return name, record
}
