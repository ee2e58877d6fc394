package deploy_test

import (
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sluice/internal/foreign"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// The units let servers make the system calls that they make: from the start to the end
// of one that has readers and publishers, none is outside the filter.
func TestSystemCallsAreAllowed(t *testing.T) {
	volume.Check(t)
	foreign.Need(t, "systemd", "strace")
	program := built(t)
	c := newCluster(t)
	dir := t.TempDir()
	traced := make(map[string]*process)
	trace := func(name string, args ...string) {
		traced[name] = start(t, "strace", append([]string{"-f", "-qq", "-e", "signal=none", "-o", filepath.Join(dir, name), program, name}, args...)...)
	}
	trace("consolidator", "--name=vm-1", "--publish=tcp://"+c.publishTo, "--publish=ipc://"+dir+"/publish", "--subscribe=tcp://"+c.subscribe, "--admin="+freeAddress(t))
	awaitListener(t, c.subscribe)
	trace("proxy", "--listen="+c.listen, "--consolidator=tcp://"+c.subscribe, "--admin="+freeAddress(t))
	awaitListener(t, c.listen)
	trace("collect", "--to=tcp://"+c.publishTo, "--state="+dir+"/state", "--files="+dir+"/*.log=system/files", "--journal=system/{unit}", "--journal-directory="+t.TempDir(), "--admin="+freeAddress(t))
	write(t, dir+"/app.log", "collected\n")
	wait.For(t, "the collected line", func() bool {
		return strings.Contains(output(t, program, "tail", "--plain", "--output=raw", "--last=1", "--count=1", "--for=1m", "--proxy=http://"+c.listen, "system/files"), "collected")
	})
	c.publish(program, 0, 1000)
	checkNumbers(t, 1000, output(t, program, "tail", "--plain", "--output=raw", "--last=1000", "--count=1000", "--for=1m", "--proxy=http://"+c.listen, "tenant/acme"))
	for name, p := range traced {
		// strace hands no signal on: its child ends first, and then itself.
		pid := strings.Fields(read(t, filepath.Join(dir, name)))[0]
		if out, err := exec.Command("kill", "-s", "TERM", pid).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if err := p.wait(); err != nil {
			t.Errorf("%s ends with %v", name, err)
		}
		allowed := allowedCalls(t, units+"/sluice-"+name+".service")
		made := named(read(t, filepath.Join(dir, name)), `(?m)^\d+ +(\w+)\(`)
		for call := range made {
			if !allowed[call] {
				t.Errorf("%s calls %s, which its unit forbids", name, call)
			}
		}
		if len(made) < 20 || !made["epoll_pwait"] && !made["epoll_wait"] {
			t.Errorf("%s was seen to make only the calls %v", name, slices.Sorted(maps.Keys(made)))
		}
	}
}

// allowedCalls are the system calls that a unit allows.
func allowedCalls(t *testing.T, unit string) map[string]bool {
	t.Helper()
	sets := callSets(t)
	allowed := make(map[string]bool)
	n := 0
	for _, m := range regexp.MustCompile(`(?m)^SystemCallFilter=(~?)(.*)$`).FindAllStringSubmatch(read(t, unit), -1) {
		n++
		for name := range strings.FieldsSeq(m[2]) {
			for _, call := range expand(sets, name) {
				if m[1] == "" {
					allowed[call] = true
				} else {
					delete(allowed, call)
				}
			}
		}
	}
	if n == 0 {
		t.Fatalf("%s filters no system calls", unit)
	}
	return allowed
}

// callSets are systemd's sets of system calls, by their names.
func callSets(t *testing.T) map[string][]string {
	t.Helper()
	sets := make(map[string][]string)
	set := ""
	for line := range strings.Lines(output(t, "systemd-analyze", "syscall-filter", "--no-pager")) {
		name := strings.TrimSpace(line)
		switch {
		case name == "" || strings.HasPrefix(name, "#"):
		case line[0] == '@':
			set = name
		case line[0] == ' ':
			sets[set] = append(sets[set], name)
		}
	}
	return sets
}

// expand are the system calls of a set, or the one of a name.
func expand(sets map[string][]string, name string) (calls []string) {
	if name[0] != '@' {
		return []string{name}
	}
	for _, member := range sets[name] {
		calls = append(calls, expand(sets, member)...)
	}
	return calls
}
