//go:build linux

package lan

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/internal/foreign"
)

// insideEnv is set in the process that lies in a namespace of its own.
const insideEnv = "SLUICE_INSIDE_LAN"

// Inside reports whether the test is in a network namespace of its own, where it may
// make machines. Where it is not, Inside runs the test once more in a process that is,
// makes that one's outcome the test's, and returns false: there is nothing left to do.
// It is called at the beginning of a test or of a subtest, whose names are its
// only arguments: what stands before it is done in both processes.
func Inside(t *testing.T) bool {
	t.Helper()
	if os.Getenv(insideEnv) != "" {
		return true
	}
	foreign.Need(t, "network namespaces")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-test.v", "-test.run", pattern(t.Name())}
	if end, ok := t.Deadline(); ok {
		args = append(args, "-test.timeout", fmt.Sprint(max(time.Until(end)-5*time.Second, time.Second)))
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	passed := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		passed = passed || strings.HasPrefix(strings.TrimSpace(line), "--- PASS: "+t.Name()+" ")
		t.Log(line)
	}
	switch err := cmd.Wait(); {
	case err != nil:
		t.Errorf("in a namespace of its own: %v", err)
	case !passed:
		t.Error("in a namespace of its own it did not run")
	}
	return false
}

// pattern is what -test.run makes of the name of one test, and of nothing else.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}
