package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	pub "sluice/cluster/publish"
	"sluice/internal/wait"
)

// exits CODE PROGRAM ARG… runs a program and wants its exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("run %q: %v", args[1:], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%q exits with %d, want %d", args[1:], got, want)
	}
}

// ports NAME… sets each variable to the number of a free port.
func ports(ts *testscript.TestScript, _ bool, names []string) {
	for _, name := range names {
		ts.Setenv(name, strconv.Itoa(freePort()))
	}
}

// awaitPorts is "await PORT…" in a script: it waits until somebody listens on each.
func awaitPorts(ts *testscript.TestScript, _ bool, ports []string) {
	for _, port := range ports {
		if !wait.Until(func() bool { return listens("127.0.0.1:" + port) }) {
			ts.Fatalf("nobody listens on port %s", port)
		}
	}
}

// publishRecords is "publish PORT STREAM LEVEL N" in a script. When it returns,
// the records stand in the consolidator's log.
func publishRecords(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.ParseUint(args[3], 10, 64)
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), wait.Limit)
	defer cancel()
	client, err := pub.Open(pub.Config{Endpoint: "tcp://127.0.0.1:" + args[0]})
	ts.Check(err)
	for i := range n {
		record := fmt.Appendf(nil, `{"v":0,"name":"app","hostname":"vm-1","pid":7,"level":%s,"time":"2026-03-01T12:00:00.%03dZ","msg":"record %d"}`, args[2], i%1000, i)
		ts.Check(client.Publish(ctx, args[1], record))
	}
	if s := client.Close(ctx); s.Acknowledged != n {
		ts.Fatalf("published %d records to port %s: %+v", n, args[0], s)
	}
}

// publishLines is "publishlines PORT STREAM FILE" in a script: each line is a record,
// as it stands. When it returns, the records stand in the consolidator's log.
func publishLines(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), wait.Limit)
	defer cancel()
	client, err := pub.Open(pub.Config{Endpoint: "tcp://127.0.0.1:" + args[0]})
	ts.Check(err)
	n := uint64(0)
	for line := range bytes.Lines([]byte(ts.ReadFile(args[2]))) {
		ts.Check(client.Publish(ctx, args[1], bytes.TrimSuffix(line, []byte("\n"))))
		n++
	}
	if s := client.Close(ctx); s.Acknowledged != n {
		ts.Fatalf("published %d records to port %s: %+v", n, args[0], s)
	}
}

// server is a process that a script started, and may start again.
type server struct {
	args  []string // of sluice
	ports []string // on which it listens
	cmd   *exec.Cmd
	log   *bytes.Buffer // its standard error; to be read when it has ended
}

// serversKey is where the servers of a script are kept, by name.
type serversKeyType struct{}

var serversKey serversKeyType

func serverOf(ts *testscript.TestScript, name string) *server {
	s := ts.Value(serversKey).(map[string]*server)[name]
	if s == nil {
		ts.Fatalf("no server is called %s", name)
	}
	return s
}

// serve starts a server, and waits until it listens.
func serve(ts *testscript.TestScript, name string, ports, args []string) {
	s := &server{args: args, ports: ports}
	ts.Value(serversKey).(map[string]*server)[name] = s
	s.start(ts)
	ts.Defer(func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		ts.Logf("[%s]\n%s", name, s.log)
	})
}

func (s *server) start(ts *testscript.TestScript) {
	s.cmd, s.log = exec.Command("sluice", s.args...), new(bytes.Buffer)
	s.cmd.Stderr = s.log
	ts.Check(s.cmd.Start())
	awaitPorts(ts, false, s.ports)
}

// startVM is "vm NAME [ARG…]" in a script.
func startVM(ts *testscript.TestScript, _ bool, args []string) {
	names := []string{args[0] + "_PUB", args[0] + "_SUB"}
	ports(ts, false, names)
	pub, sub := ts.Getenv(names[0]), ts.Getenv(names[1])
	serve(ts, args[0], []string{pub, sub}, append([]string{
		"consolidator", "--admin=", "--name", args[0], "--publish", "tcp://127.0.0.1:" + pub, "--subscribe", "tcp://127.0.0.1:" + sub,
	}, args[1:]...))
}

// startProxy is "httpproxy NAME PORT…" in a script.
func startProxy(ts *testscript.TestScript, _ bool, args []string) {
	ports(ts, false, args[:1])
	port := ts.Getenv(args[0])
	command := []string{"proxy", "--admin=", "--listen", "127.0.0.1:" + port}
	for _, from := range args[1:] {
		command = append(command, "--consolidator", "tcp://127.0.0.1:"+from)
	}
	serve(ts, args[0], []string{port}, command)
}

func crash(ts *testscript.TestScript, _ bool, args []string) {
	s := serverOf(ts, args[0])
	ts.Check(s.cmd.Process.Kill())
	_ = s.cmd.Wait()
}

func end(ts *testscript.TestScript, _ bool, args []string) {
	s := serverOf(ts, args[0])
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	if err := s.cmd.Wait(); err != nil {
		ts.Fatalf("%s after SIGTERM: %v\n%s", args[0], err, s.log)
	}
}

func again(ts *testscript.TestScript, _ bool, args []string) {
	serverOf(ts, args[0]).start(ts)
}

// untilSucceeds is "until PROGRAM ARG…" in a script. What the last run printed
// is there for stdout and stderr.
func untilSucceeds(ts *testscript.TestScript, _ bool, args []string) {
	var err error
	if !wait.Until(func() bool { err = ts.Exec(args[0], args[1:]...); return err == nil }) {
		ts.Fatalf("%q did not succeed within %v: %v", args, wait.Limit, err)
	}
}

// holds is "holds FILE REGEXP [COUNT]" in a script.
func holds(ts *testscript.TestScript, _ bool, args []string) {
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	want := -1
	if len(args) > 2 {
		want, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
	var data []byte
	n := 0
	if !wait.Until(func() bool {
		data, err = os.ReadFile(ts.MkAbs(args[0]))
		n = 0
		for line := range bytes.Lines(data) {
			if re.Match(bytes.TrimSuffix(line, []byte("\n"))) {
				n++
			}
		}
		return n == want || want < 0 && n > 0
	}) {
		ts.Fatalf("%s holds %d lines that match %q after %v (%v):\n%s", args[0], n, args[1], wait.Limit, err, data)
	}
}
