package pipe

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"
)

// Grace is how long a command has to end after it was told to, before it is killed.
const Grace = 500 * time.Millisecond

// Command is a command that runs, or has run.
type Command struct {
	Output // what it has printed so far

	text    string
	cmd     *exec.Cmd
	input   io.WriteCloser
	changed func()
	begun   time.Time
	stopped atomic.Bool
	done    chan struct{}

	// Valid once done is closed.
	err  error
	took time.Duration
}

// Start runs a command by sh -c, with the environment and in the folder of this process.
// changed is called, on any goroutine, when it has printed something or has ended; it must
// not block.
func Start(text string, changed func()) (*Command, error) {
	c := &Command{text: text, changed: changed, begun: time.Now(), done: make(chan struct{})}
	c.cmd = exec.Command("/bin/sh", "-c", text)
	c.cmd.Stdout, c.cmd.Stderr = printed{c}, printed{c}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c.cmd.WaitDelay = Grace
	var err error
	if c.input, err = c.cmd.StdinPipe(); err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("run %q: %w", text, err)
	}
	go c.wait()
	return c, nil
}

// printed takes what a command prints.
type printed struct{ c *Command }

func (p printed) Write(data []byte) (int, error) {
	p.c.add(data)
	p.c.changed()
	return len(data), nil
}

func (c *Command) wait() {
	err := c.cmd.Wait()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // something that its shell has left behind holds its output open
	}
	if c.stopped.Load() {
		c.signal(syscall.SIGKILL) // what its shell has left
	}
	c.err, c.took = err, time.Since(c.begun)
	close(c.done)
	c.changed()
}

// Text is the command as it was typed.
func (c *Command) Text() string { return c.text }

// Write gives data to its standard input, and blocks while it does not read. It fails
// when the command has closed that, or has ended.
func (c *Command) Write(data []byte) (int, error) { return c.input.Write(data) }

// CloseInput tells the command that nothing more comes.
func (c *Command) CloseInput() { _ = c.input.Close() }

// Done is closed when the command has ended.
func (c *Command) Done() <-chan struct{} { return c.done }

// Ended reports whether the command has ended.
func (c *Command) Ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// Took is how long the command has run.
func (c *Command) Took() time.Duration {
	if c.Ended() {
		return c.took
	}
	return time.Since(c.begun)
}

// Outcome is how the command ended, in words; "" while it runs. ok: by itself, with
// status 0.
func (c *Command) Outcome() (text string, ok bool) {
	if !c.Ended() {
		return "", false
	}
	var exit *exec.ExitError
	switch {
	case c.stopped.Load():
		return "stopped", false
	case c.err == nil:
		return "exit status 0", true
	case errors.As(c.err, &exit):
		return exit.Error(), false // exit status 3; signal: killed
	}
	return c.err.Error(), false
}

// Stop tells the command, and all that it has started, to end, and kills what has not
// after [Grace].
func (c *Command) Stop() {
	if c.Ended() || c.stopped.Swap(true) {
		return
	}
	c.signal(syscall.SIGTERM)
	go func() {
		select {
		case <-time.After(Grace):
			c.signal(syscall.SIGKILL)
		case <-c.done:
		}
	}()
}

// End stops the command and waits until it has ended.
func (c *Command) End() {
	c.Stop()
	<-c.done
}

// signal sends a signal to the command's session, which has the number of its shell.
func (c *Command) signal(s syscall.Signal) { _ = syscall.Kill(-c.cmd.Process.Pid, s) }
