package deploy_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"sync"
	"testing"

	"sluice/internal/wait"
)

// process is a program that runs until it ends, or the test does.
type process struct {
	t        *testing.T
	cmd      *exec.Cmd
	out, log text
	ended    chan struct{}
	err      error // once it has ended
}

// text is what a process writes.
type text struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (x *text) Write(b []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.all.Write(b)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.all.String()
}

func (x *text) lines() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return bytes.Count(x.all.Bytes(), []byte("\n"))
}

func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	return run(t, exec.Command(program, args...))
}

func run(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("%q said:\n%s", cmd.Args, p.log.String())
		}
	})
	return p
}

// wait waits until it has ended.
func (p *process) wait() error {
	<-p.ended
	return p.err
}

// awaitLines waits until it has written so many lines.
func (p *process) awaitLines(n int) {
	p.t.Helper()
	wait.For(p.t, fmt.Sprintf("%d lines", n), func() bool { return p.out.lines() >= n })
}

// freeAddress is one of this machine that nobody listens on, and that the system gives
// to nobody who asks for any.
func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
}

func listens(address string) bool {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	c.Close()
	return true
}
