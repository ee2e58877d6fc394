package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sluice/cluster/zmtp"
)

// target is a pump that is measured.
type target struct {
	name    string
	command func(publish, subscribe string) []string

	encrypted []string // what the command has more of when it encrypts
}

// result is what one round measured.
type result struct {
	rate   float64 // records delivered a second, all readers together
	cpu    float64 // seconds of the pump's CPU per delivered record
	memory float64 // peak resident memory of the pump, bytes
}

// start starts the pump. stop ends it.
func (t target) start(pub, sub zmtp.Endpoint) (stop func(), pid int, err error) {
	return startCommand(t.command(pub.String(), sub.String()))
}

// startEncrypted is start, of a pump that encrypts.
func (t target) startEncrypted(pub, sub zmtp.Endpoint) (stop func(), pid int, err error) {
	return startCommand(append(t.command(pub.String(), sub.String()), t.encrypted...))
}

func startCommand(args []string) (stop func(), pid int, err error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	return func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(3*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		_ = cmd.Wait()
	}, cmd.Process.Pid, nil
}

// startKilled is startCommand, of what is ended as kill -9 does.
func startKilled(args []string) (kill func(), err error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}, nil
}

// measure runs one round.
func (t target) measure(s scenario, span time.Duration) (r result, err error) {
	pub, sub, err := freeEndpoints()
	if err != nil {
		return r, err
	}
	start := t.start
	if s.encrypted {
		start = t.startEncrypted
	}
	stop, pid, err := start(pub, sub)
	if err != nil {
		return r, err
	}
	defer stop()
	l, err := startLoad(s, pub, sub)
	if err != nil {
		return r, err
	}
	defer l.stop()
	if err := l.warmUp(); err != nil {
		return r, err
	}
	cpu, err := cpuTime(pid)
	if err != nil {
		return r, err
	}
	begun, records := time.Now(), l.delivered()
	time.Sleep(span)
	took := time.Since(begun)
	records = l.delivered() - records
	after, err := cpuTime(pid)
	if err != nil {
		return r, err
	}
	if records == 0 {
		return r, fmt.Errorf("nothing was delivered")
	}
	r.rate = records / took.Seconds()
	r.cpu = (after - cpu).Seconds() / records
	r.memory, err = peakMemory(pid)
	return r, err
}

func freeEndpoints() (pub, sub zmtp.Endpoint, err error) {
	var eps []zmtp.Endpoint
	for range 2 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return pub, sub, err
		}
		defer ln.Close()
		eps = append(eps, zmtp.Bound(ln))
	}
	return eps[0], eps[1], nil
}

// cpuTime is the CPU time that a process has taken, from the kernel's precise
// account of its threads.
func cpuTime(pid int) (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		return 0, fmt.Errorf("no schedstat for process %d: %w", pid, err)
	}
	var sum time.Duration
	for _, f := range threads {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // it has ended
		}
		ns, err := strconv.ParseInt(strings.Fields(string(b))[0], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

func peakMemory(pid int) (float64, error) { return statusBytes(pid, "VmHWM") }

// statusBytes is a figure of the kernel's status of a process.
func statusBytes(pid int, figure string) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if rest, ok := strings.CutPrefix(line, figure+":"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb * 1024, err
		}
	}
	return 0, fmt.Errorf("no %s for process %d", figure, pid)
}

// dial connects, and tries again while the target is starting.
func dial(e zmtp.Endpoint, cfg zmtp.Config) (*zmtp.Conn, error) {
	var err error
	for range 500 {
		var c *zmtp.Conn
		if c, err = zmtp.Dial(context.Background(), e, cfg); err == nil {
			return c, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, err
}
