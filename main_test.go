package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/rogpeppe/go-internal/testscript"
)

// The binary under test is the test's own, which calls main when it is named
// sluice; so it stands inside the package, and runs with the race detector
// when the test does.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sluice": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			// Nothing of the tester's own setting may matter.
			for _, name := range []string{"SLUICE_PROXY", "SLUICE_TOKEN", "SLUICE_CONSOLIDATORS"} {
				env.Setenv(name, "")
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"ports":   ports,
			"await":   awaitPorts,
			"publish": publish,
		},
	})
}

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
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		defer l.Close() // all of them at the end, or one may come twice
		ts.Setenv(name, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
}

// awaitPorts is "await PORT…" in a script: it waits until somebody listens on each.
func awaitPorts(ts *testscript.TestScript, _ bool, ports []string) {
	deadline := time.Now().Add(20 * time.Second)
	for _, port := range ports {
		for {
			c, err := net.Dial("tcp", "127.0.0.1:"+port)
			if err == nil {
				c.Close()
				break
			}
			if time.Now().After(deadline) {
				ts.Fatalf("nobody listens on port %s: %v", port, err)
			}
			time.Sleep(10 * time.Millisecond) // the time between two tries
		}
	}
}

// publish PORT STREAM LEVEL N publishes N records through a PUB socket of
// go-zeromq, as an application does; their messages are "record 0" and so on.
// The socket stays open until the script ends, since closing it throws away
// what it has not sent yet. So a script waits for records, as with --count.
func publish(ts *testscript.TestScript, _ bool, args []string) {
	endpoint, stream, level := "tcp://127.0.0.1:"+args[0], args[1], args[2]
	n, err := strconv.Atoi(args[3])
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	ts.Defer(cancel)
	pub := zmq4.NewPub(ctx)
	ts.Defer(func() { pub.Close() })
	ts.Check(pub.Dial(endpoint))
	deadline := time.Now().Add(20 * time.Second)
	for len(pub.(zmq4.Topics).Topics()) == 0 { // until the consolidator has subscribed
		if time.Now().After(deadline) {
			ts.Fatalf("no subscription from %s", endpoint)
		}
		time.Sleep(time.Millisecond) // the time between two looks
	}
	for i := range n {
		record := fmt.Sprintf(`{"v":0,"name":"app","hostname":"vm-1","pid":7,"level":%s,"time":"2026-03-01T12:00:00.%03dZ","msg":"record %d"}`, level, i%1000, i)
		ts.Check(pub.SendMulti(zmq4.NewMsgFrom([]byte(stream), []byte(record))))
	}
}

// Interrupted, tail ends with 130 and its last line on standard error.
func TestTailInterrupted(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd := exec.Command("sluice", "tail", "--plain", "--proxy", "http://127.0.0.1:1", "system")
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stderr)
		if !lines.Scan() { // it says that there is no proxy
			t.Fatalf("no line on standard error: %v", lines.Err())
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		last := lines.Text()
		for lines.Scan() {
			last = lines.Text()
		}
		_ = cmd.Wait()
		if got := cmd.ProcessState.ExitCode(); got != 130 {
			t.Errorf("%v: exit code %d, want 130", sig, got)
		}
		if want := "sluice: written=0 lost=0"; last != want {
			t.Errorf("%v: last line %q, want %q", sig, last, want)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "4194304": 4 << 20, "64KiB": 64 << 10, "256MiB": 256 << 20, "2GiB": 2 << 30, "7B": 7,
		"": -1, "0": -1, "-5": -1, "MiB": -1, "1.5MiB": -1, "4MB": -1, "9999999999GiB": -1,
	} {
		var s size
		err := s.Set(text)
		switch {
		case want < 0 && err == nil:
			t.Errorf("size %q is taken for %d", text, s)
		case want >= 0 && (err != nil || int64(s) != want):
			t.Errorf("size %q is %d, %v, want %d", text, s, err, want)
		case want >= 0:
			var again size
			if err := again.Set(s.String()); err != nil || again != s {
				t.Errorf("size %d prints as %q, which is %d, %v", s, s.String(), again, err)
			}
		}
	}
}
