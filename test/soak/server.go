package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// server is a sluice process: a consolidator, or the proxy. It is started again
// and again with the same arguments.
type server struct {
	name   string
	enter  []string // the command that runs it where it is to run; empty for here
	binary string
	args   []string
	listen string // address that it listens on when it is ready, HOST:PORT
	log    string // file of its standard error
	admin  string // where it serves its figures, HOST:PORT; empty if nobody knows

	idle atomic.Int64 // bytes of memory of the process when it listened

	mu    sync.Mutex
	cmd   *exec.Cmd
	done  chan struct{} // closed when the process has ended
	since time.Time     // it was started last

	// In this phase.
	killed    bool
	restarted bool // killed, or ended cleanly
	disturbed bool // it hung, or could not be reached
}

func newServer(o options, dir, name, listen string, args ...string) *server {
	return &server{name: name, binary: o.sluice, args: args, listen: listen, log: filepath.Join(dir, name+".log")}
}

// start runs the process, and waits until it listens.
func (s *server) start(ctx context.Context) error {
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	argv := slices.Concat(s.enter, []string{s.binary}, s.args)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = log
	since := time.Now()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // its state is looked at where it matters
	}()
	s.mu.Lock()
	s.cmd, s.done, s.since = cmd, done, since
	s.mu.Unlock()
	deadline := time.Now().Add(patience)
	for {
		c, err := net.Dial("tcp", s.listen)
		if err == nil {
			s.idle.Store(s.peak())
			return c.Close()
		}
		select {
		case <-done:
			return fmt.Errorf("%s ended when it was started: %v; see %s", s.name, cmd.ProcessState, s.log)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not listen on %s after %v: %w", s.name, s.listen, patience, err)
		}
	}
}

// stop ends the process, by force or as one asks it to, and waits for its end.
func (s *server) stop(force bool) error {
	s.mu.Lock()
	cmd, done := s.cmd, s.done
	s.cmd = nil
	s.mu.Unlock()
	if cmd == nil {
		return nil
	}
	signal := os.Signal(syscall.SIGTERM)
	if force {
		signal = syscall.SIGKILL
	}
	err := cmd.Process.Signal(signal)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s: %w", s.name, err)
	}
	select {
	case <-done:
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		<-done
		return fmt.Errorf("%s was asked to end, and did not within %v", s.name, patience)
	}
	if state := cmd.ProcessState; !force && !state.Success() {
		return fmt.Errorf("%s was asked to end, and did so with %v; see %s", s.name, state, s.log)
	}
	return nil
}

// dump ends the process, and has it write to its log what all its goroutines
// do.
func (s *server) dump() {
	s.mu.Lock()
	cmd, done := s.cmd, s.done
	s.cmd = nil
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(syscall.SIGQUIT)
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		_ = cmd.Process.Kill()
		<-done
	}
}

// signal sends a signal to the process, if there is one.
func (s *server) signal(sig os.Signal) error {
	s.mu.Lock()
	cmd := s.cmd
	s.mu.Unlock()
	if cmd == nil {
		return nil
	}
	if err := cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s: %w", s.name, err)
	}
	return nil
}

// alive returns an error when the process has ended by itself.
func (s *server) alive() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return nil
	}
	select {
	case <-s.done:
		return fmt.Errorf("%s ended by itself: %v; see %s", s.name, s.cmd.ProcessState, s.log)
	default:
		return nil
	}
}

// peak is the largest memory that the process ever had, in bytes; 0 where the
// system does not tell.
func (s *server) peak() int64 {
	s.mu.Lock()
	cmd := s.cmd
	s.mu.Unlock()
	if cmd == nil {
		return 0
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if kib, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kib), "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return n << 10
		}
	}
	return 0
}

// givenPorts are those that freePort has given: each is given once, since who asked for it
// may not listen on it yet.
var givenPorts sync.Map

// freePort finds a port that nobody listens on, below those that systems give
// to outgoing connections: nobody takes it while a server is down. It comes of no seed, so
// that two soaks on one machine do not meet.
func freePort() (string, error) {
	for range 1000 {
		port := 15000 + rand.IntN(15000)
		address := "127.0.0.1:" + strconv.Itoa(port)
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		if _, given := givenPorts.LoadOrStore(port, nil); !given {
			return address, l.Close()
		}
		_ = l.Close()
	}
	return "", errors.New("find a free port on 127.0.0.1: 1,000 were taken")
}
