package devenv

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

const (
	startWait = 20 * time.Second // within which a process has to listen
	endWait   = 3 * time.Second  // within which it has to end when it is asked to
)

// process is a child of ours.
type process struct {
	cmd   *exec.Cmd
	life  io.Closer     // its standard input: when that is closed, it ends; nil for foreign programs
	said  *lastOutput   // on standard error
	ended chan struct{} // closed when it has
}

// launch starts a process. What it says on standard error goes to log, too.
func launch(cmd *exec.Cmd, log io.Writer) (*process, error) {
	p := &process{cmd: cmd, said: &lastOutput{}, ended: make(chan struct{})}
	cmd.Stderr = io.MultiWriter(p.said, log)
	if cmd.Stdout == nil {
		cmd.Stdout = cmd.Stderr
	}
	cmd.SysProcAttr = child()
	cmd.WaitDelay = endWait
	started := make(chan error)
	go func() {
		defer close(p.ended)
		runtime.LockOSThread() // when the thread ends that has started it, Linux takes us for dead
		err := cmd.Start()
		if started <- err; err == nil {
			_ = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		<-p.ended
		return nil, err
	}
	return p, nil
}

// startPart starts a part of the cluster by a command, and waits until it listens.
func startPart(command []string, o order, log io.Writer) (*process, bound, error) {
	var at bound
	cmd := exec.Command(command[0], command[1:]...)
	theirs, life, err := os.Pipe()
	if err != nil {
		return nil, at, err
	}
	defer theirs.Close()
	answer, out, err := os.Pipe()
	if err != nil {
		life.Close()
		return nil, at, err
	}
	defer answer.Close()
	cmd.Stdin, cmd.Stdout = theirs, out
	p, err := launch(cmd, log)
	out.Close()
	if err != nil {
		life.Close()
		return nil, at, err
	}
	p.life = life
	_ = answer.SetReadDeadline(time.Now().Add(startWait))
	if err = json.NewEncoder(life).Encode(o); err == nil {
		var line []byte
		if line, err = bufio.NewReader(answer).ReadBytes('\n'); err == nil {
			err = json.Unmarshal(line, &at)
		} else if err == io.EOF {
			err = errNoAnswer
		}
	}
	if err != nil {
		p.end()
		return nil, at, fmt.Errorf("%w; it said last: %s", err, p.said)
	}
	return p, at, nil
}

// why is why the process has ended: the signal that did it, or what it said last.
func (p *process) why() string {
	if w, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return p.cmd.ProcessState.String()
	}
	return p.said.String()
}

// signal sends a signal, unless the process has ended.
func (p *process) signal(s syscall.Signal) error {
	select {
	case <-p.ended:
		return os.ErrProcessDone
	default:
		return p.cmd.Process.Signal(s)
	}
}

// kill ends the process at once, whatever it does.
func (p *process) kill() {
	_ = p.signal(syscall.SIGKILL)
	<-p.ended
	if p.life != nil {
		p.life.Close()
	}
}

// end asks the process to end, and makes it end if it takes too long.
func (p *process) end() {
	if p.life != nil {
		p.life.Close()
	} else {
		_ = p.signal(syscall.SIGTERM)
	}
	_ = p.signal(syscall.SIGCONT) // it may be stopped
	select {
	case <-p.ended:
	case <-time.After(endWait):
		p.kill()
	}
}
