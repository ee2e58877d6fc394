//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/internal/volume"
)

// A clock is set, far forward and far back, while a process runs. Go asks the kernel for
// the time without a system call, so nothing outside of the process can change the
// answer, short of setting the machine's clock. So the binary is built with another
// package time, whose Now is off by what a file says, read at SIGUSR1. All else is as it
// is in the product: the kernel's clock that is never set runs on.
func TestClocks(t *testing.T) {
	volume.Long(t)
	binary := withClock(t)
	for _, whose := range []string{"vm-1", "the proxy", "the archive", "all"} {
		t.Run(whose, func(t *testing.T) { clockOf(binary, whose).run(t) })
	}
}

// settings are the times to which clocks are set, one after the other; 0 is the right one.
var settings = []int64{
	time.Now().Add(20 * time.Second).Unix(),
	time.Now().Add(-20 * time.Second).Unix(),
	time.Now().Add(2 * time.Hour).Unix(),
	time.Now().Add(-2 * time.Hour).Unix(),
	time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).Unix(),
	time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC).Unix(),
	0,
}

// clockOf sets the clock of one process, or of all.
func clockOf(binary, whose string) failure {
	const each = 1500 * time.Millisecond
	var served []*server
	return failure{
		name: whose, unseen: true, keeps: true, phase: time.Duration(len(settings)+1) * each,
		prepare: func(t *testing.T, w *world) {
			t.Helper()
			for _, s := range w.servers() {
				s.binary = binary
				if whose == "all" || strings.TrimPrefix(whose, "the ") == s.name {
					s.enter = []string{"env", clockEnv + "=" + filepath.Join(w.dir, "clock")}
					served = append(served, s)
				}
			}
			if len(served) == 0 {
				t.Fatalf("there is no %s", whose)
			}
		},
		happen: func(ctx context.Context, w *world) (time.Time, error) {
			for _, at := range settings {
				off := int64(0)
				if at != 0 {
					off = at - time.Now().Unix()
				}
				w.notef("the clock of %s is off by %v", whose, time.Duration(off)*time.Second)
				file := filepath.Join(w.dir, "clock")
				if err := os.WriteFile(file, fmt.Append(nil, off), 0o600); err != nil {
					return time.Time{}, err
				}
				for _, s := range served {
					if err := clockIs(ctx, s, file, off); err != nil {
						return time.Time{}, err
					}
				}
				pause(ctx, each)
			}
			return time.Now(), ctx.Err()
		},
	}
}

// clockIs waits until a process goes by the clock as it was set.
func clockIs(ctx context.Context, s *server, file string, off int64) error {
	if err := s.signal(syscall.SIGUSR1); err != nil {
		return err
	}
	s.mu.Lock()
	told := fmt.Sprintf("%s.%d", file, s.cmd.Process.Pid)
	s.mu.Unlock()
	for deadline := time.Now().Add(patience); ctx.Err() == nil; pause(ctx, time.Millisecond) {
		text, err := os.ReadFile(told)
		if err == nil {
			var at, by int64
			if _, err := fmt.Sscan(string(text), &at, &by); err == nil && by == off {
				if late := time.Now().Unix() + off - at; late < -2 || late > 30 {
					return fmt.Errorf("the clock of %s is off by %v beside %v", s.name, time.Duration(late)*time.Second, time.Duration(off)*time.Second)
				}
				return nil
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not tell how its clock is set", s.name)
		}
	}
	return ctx.Err()
}

// clockEnv names the file that says by how many seconds the clock is off.
const clockEnv = "SLUICE_CLOCK"

// withClock builds the binary whose clock can be set.
func withClock(t *testing.T) string {
	t.Helper()
	root := goEnv(t, "GOROOT")
	source := filepath.Join(root, "src/time/time.go")
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	const now = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	if strings.Count(string(text), now) != 1 {
		t.Fatalf("%s has no function Now as it was", source)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	module, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		source: write("time.go", strings.Replace(string(text), now,
			"// Off is by how many seconds the clock is off.\nvar Off int64\n\n"+now+"\tsec += Off\n", 1)),
		filepath.Join(module, "clock.go"): write("clock.go", `package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func init() {
	set := make(chan os.Signal, 1)
	signal.Notify(set, syscall.SIGUSR1)
	go func() {
		for range set {
			file := os.Getenv("`+clockEnv+`")
			text, err := os.ReadFile(file)
			if err != nil {
				panic(err)
			}
			if time.Off, err = strconv.ParseInt(string(text), 10, 64); err != nil {
				panic(err)
			}
			told := fmt.Appendf(nil, "%d %d\n", time.Now().Unix(), time.Off)
			if err := os.WriteFile(fmt.Sprintf("%s.%d", file, os.Getpid()), told, 0o600); err != nil {
				panic(err)
			}
		}
	}()
}
`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "sluice")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-overlay", write("overlay.json", string(overlay)), "-o", binary, ".")
	build.Dir = module
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the binary whose clock can be set: %v\n%s", err, out)
	}
	return binary
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
