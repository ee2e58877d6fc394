package consolidator_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sluice/internal/foreign"
	"sluice/internal/wait"
)

// builtBinary is sluice, built once, without the race detector: what it takes of
// memory is to be measured.
var builtBinary = sync.OnceValues(func() (string, error) {
	built.Store(true)
	dir, err := os.MkdirTemp("", "sluice")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "sluice")
	out, err := exec.Command("go", "build", "-o", path, "sluice").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// removeBinary takes it away when all tests are done.
func removeBinary() {
	if built.Load() {
		path, _ := builtBinary()
		os.RemoveAll(filepath.Dir(path))
	}
}

var built atomic.Bool

// process is a consolidator as a process of its own.
type process struct {
	t                  testing.TB
	cmd                *exec.Cmd
	publish, subscribe string
	exit               chan error // its end
	ended              bool
}

var readyLine = regexp.MustCompile(`publish=\[(\S+)\] subscribe=\[(\S+)\]`)

// spawn starts one on free ports, until the test ends.
func spawn(t testing.TB, args ...string) *process {
	t.Helper()
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, exit: make(chan error, 1)}
	p.cmd = exec.Command(path, append([]string{
		"consolidator", "--name", "vm-1", "--admin", "",
		"--publish", "tcp://127.0.0.1:0", "--subscribe", "tcp://127.0.0.1:0",
	}, args...)...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addrs := make(chan []string, 1)
	go func() {
		var last string
		for s := bufio.NewScanner(stderr); s.Scan(); {
			last = s.Text()
			if m := readyLine.FindStringSubmatch(last); m != nil {
				addrs <- m[1:]
			}
		}
		if err := p.cmd.Wait(); err != nil {
			p.exit <- fmt.Errorf("%w: %s", err, last)
			return
		}
		p.exit <- nil
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		if !p.ended {
			<-p.exit
		}
	})
	select {
	case a := <-addrs:
		p.publish, p.subscribe = a[0], a[1]
	case <-time.After(wait.Limit):
		t.Fatal("the consolidator does not begin")
	}
	return p
}

// terminate sends it SIGTERM.
func (p *process) terminate() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
}

// wait waits for its end, which is a good one.
func (p *process) wait() {
	p.t.Helper()
	select {
	case err := <-p.exit:
		p.ended = true
		if err != nil {
			p.t.Errorf("it exited with %v", err)
		}
	case <-time.After(wait.Limit):
		p.t.Fatal("it does not exit")
	}
}

// memory is a figure of /proc/PID/status, in bytes: VmRSS is what it has now,
// VmHWM the most that it ever had.
func (p *process) memory(figure string) int64 {
	p.t.Helper()
	foreign.Need(p.t, "/proc")
	n, err := procStatus(p.cmd.Process.Pid, figure)
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

func procStatus(pid int, figure string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, figure+":"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no %s in %s", figure, status)
}
