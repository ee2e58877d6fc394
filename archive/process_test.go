package archive_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/archive"
	"sluice/archive/engine"
	"sluice/cluster/names"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
)

// processFor is the variable that has the test's program be an archive: where it keeps
// what it reads, and the consolidators that it reads from.
const processFor = "SLUICE_TEST_ARCHIVE"

func TestMain(m *testing.M) {
	if text := os.Getenv(processFor); text != "" {
		if err := archivesHere(strings.Fields(text)); err != nil {
			fmt.Fprintln(os.Stderr, "archive:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func archivesHere(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var cfg engine.Config
	if args[0] == "store" {
		cfg.Store, cfg.Listen = args[1], args[2]
	} else {
		cfg.Connect.URLs = strings.Split(args[1], ",")
		cfg.Replicas = len(cfg.Connect.URLs)
	}
	e, err := engine.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer e.Close()
	pattern, err := names.ParsePattern("s*")
	if err != nil {
		return err
	}
	a, err := archive.New(archive.Config{
		Engine: e, Source: direct.Config{Consolidators: args[3:]}, Streams: []names.Pattern{pattern},
		Age: 100 * time.Millisecond, Standstill: time.Second,
	})
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

// process is an archive in a process of its own.
type process struct {
	t    testing.TB
	args []string
	cmd  *exec.Cmd
}

// storing is an archive with an embedded engine, on a port that stays the same.
func storing(t testing.TB, dir string, from ...*consolidator.Consolidator) (p *process, url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := ln.Addr().String()
	_ = ln.Close()
	return (&process{t: t, args: append([]string{"store", dir, at}, subscribe(from)...)}).start(), "nats://" + at
}

// connecting is an archive that keeps what it reads in servers that are there.
func connecting(t testing.TB, urls string, from ...*consolidator.Consolidator) *process {
	t.Helper()
	return (&process{t: t, args: append([]string{"nats", urls, "-"}, subscribe(from)...)}).start()
}

func subscribe(from []*consolidator.Consolidator) (all []string) {
	for _, c := range from {
		all = append(all, c.SubscribeAddrs()[0])
	}
	return all
}

func (p *process) start() *process {
	p.t.Helper()
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), processFor+"="+strings.Join(p.args, " "))
	p.cmd.Stderr = os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd := p.cmd
	p.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return p
}

// kill ends it as kill -9 does.
func (p *process) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait()
}

// ends ends it as an operator does.
func (p *process) ends() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// reads is a client of an archive.
func reads(t testing.TB, urls string) *engine.Client {
	t.Helper()
	c, err := engine.Dial(engine.DialConfig{URLs: strings.Split(urls, ",")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
