package shipper_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/cluster/publish"
	"sluice/consolidator"
	"sluice/headless/shipper"
	"sluice/internal/foreign"
	"sluice/internal/wait"
)

// Interrupted while the buffer is full, what was read is counted in full, line by
// line: it is published if there is time, and counted as unsent if there is not.
// The piece of a line that was read is no record.
func TestInterruptedWhileFull(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for n := range 60_000 {
		fmt.Fprintf(&b, `{"v":0,"name":"app","hostname":"vm-1","pid":1,"level":30,"time":"2026-03-01T12:00:00.000Z","msg":"","n":"%06d"}`+"\n", n)
	}
	line := uint64(b.Len() / 60_000)
	file := filepath.Join(t.TempDir(), "app.log")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		config shipper.Config
		comes  bool // the consolidator, in time
	}{
		{"a file", shipper.Config{Files: []string{file}}, false},
		{"a file, in time", shipper.Config{Files: []string{file}}, true},
		{"followed", shipper.Config{Files: []string{file}, Follow: true}, false},
		{"followed, in time", shipper.Config{Files: []string{file}, Follow: true}, true},
		{"a pipe", shipper.Config{}, false},
		{"a pipe, in time", shipper.Config{}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr := "ipc://" + filepath.Join(t.TempDir(), "pub")
			client, err := publish.Open(publish.Config{Endpoint: addr, Buffer: publish.MinBuffer})
			if err != nil {
				t.Fatal(err)
			}
			cfg := tt.config
			left := func() int { return 0 }
			if cfg.Files == nil {
				cfg.Stdin, left = piped(t, b.String())
			}
			cfg.Client, cfg.Endpoint, cfg.Stream = client, addr, "system"
			if cfg.Grace = time.Millisecond; tt.comes {
				cfg.Grace = wait.Limit
			}
			ship, err := shipper.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- ship.Run(ctx) }()
			wait.For(t, "a full buffer", func() bool { return client.Stats().Bytes > publish.MinBuffer*9/10 })
			cancel()
			if tt.comes {
				pump, err := consolidator.New(consolidator.Config{Publish: []string{addr}, Subscribe: []string{"tcp://127.0.0.1:0"}})
				if err != nil {
					t.Fatal(err)
				}
				running, stop := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- pump.Run(running) }()
				defer func() { stop(); <-ended }()
			}
			err = <-done
			s := ship.Summary()
			if s.Lines == 0 || s.Bytes != s.Lines*line || s.Unended != 1 || s.Bunyan != s.Lines || s.Records != s.Lines || s.Records != s.Acknowledged+s.Unsent {
				t.Errorf("summary %+v", *s)
			}
			// All that was taken out of a pipe is counted.
			if n := left(); n > 0 {
				if piece := uint64(b.Len()-n) - s.Bytes; piece == 0 || piece >= line {
					t.Errorf("%d bytes of the pipe are not told: %+v", piece, *s)
				}
			}
			if want := uint64(0); tt.comes && (err != nil || s.Unsent != want) || !tt.comes && (!errors.Is(err, shipper.ErrNotConnected) || s.Acknowledged != want) {
				t.Errorf("Run returns %v: %+v", err, *s)
			}
		})
	}
}

// A file that cannot be read is reported at once, while others are followed.
func TestFollowUnreadable(t *testing.T) {
	const unreadable = "/proc/self/mem" // its first page is not there
	foreign.Need(t, "/proc")
	to, at := pump(t)
	file := filepath.Join(t.TempDir(), "app.log")
	if err := os.WriteFile(file, []byte("first\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := ship(t, to, shipper.Config{Files: []string{unreadable, file}, Follow: true})
	wait.For(t, "the notice", func() bool { return r.said(`read "/proc/self/mem": `) && r.said("it is followed no more") })
	r.acknowledged(1)
	if got := stands(t, at, 1); got[0] != "first" {
		t.Errorf("got %q", got)
	}
	r.cancel()
	r.ended = true
	if err := <-r.done; err == nil || err.Error() != "not all files were read" {
		t.Errorf("Run returns %v", err)
	}
}

// piped returns the reading end of a pipe with a text in it, and what counts
// how much of that nobody has read, and reads it.
func piped(t testing.TB, text string) (in *os.File, left func() int) {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		defer out.Close()
		_, _ = out.WriteString(text)
	}()
	t.Cleanup(func() { in.Close(); <-wrote })
	return in, func() int {
		n, _ := io.Copy(io.Discard, in)
		return int(n)
	}
}

// Interrupted at any moment while a pipe is read, what was taken out of it is
// counted, to the byte.
func TestInterruptedPipe(t *testing.T) {
	t.Parallel()
	to, _ := pump(t)
	const line = "0123456\n"
	text := strings.Repeat(line, 400_000)
	for n := range 20 {
		in, left := piped(t, text)
		r := ship(t, to, shipper.Config{Stdin: in, NoJoin: true})
		r.acknowledged(1 + n*100)
		s := r.end()
		taken := uint64(len(text) - left())
		if s.Bytes != s.Lines*uint64(len(line)) || s.Lines != s.Acknowledged || s.Lines != taken/uint64(len(line)) || s.Unended != min(1, taken%uint64(len(line))) {
			t.Fatalf("%d bytes were taken: %+v", taken, *s)
		}
	}
}

// A line that a writer has begun is no line when it is interrupted there, and is
// one when its input ends there.
func TestUnended(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	file := filepath.Join(t.TempDir(), "app.log")
	put(t, file, "whole\r")
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, _ = io.WriteString(f, "half")
	r := ship(t, to, shipper.Config{Files: []string{file, shipper.Stdin}, Stdin: in, Follow: true})
	_, _ = io.WriteString(out, "piped\nhal")
	r.acknowledged(2)
	if s := r.end(); s.Lines != 2 || s.Acknowledged != 2 || s.Unended != 2 || s.Bytes != uint64(len("whole\r\npiped\n")) {
		t.Errorf("interrupted: %+v", *s)
	}
	r = ship(t, to, shipper.Config{Files: []string{file}})
	r.ended = true
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	r.cancel()
	if s := r.ship.Summary(); s.Lines != 2 || s.Acknowledged != 2 || s.Unended != 0 || s.Bytes != uint64(len("whole\r\nhalf")) {
		t.Errorf("ended: %+v", *s)
	}
	if got := stands(t, at, 4)[2:]; !slices.Equal(got, []string{"whole", "half"}) {
		t.Errorf("got %q", got)
	}
}

// A named pipe without a writer is waited for, and given up when it is
// interrupted.
func TestNamedPipe(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	r := ship(t, to, shipper.Config{Files: []string{fifo}})
	wait.For(t, "the connection", func() bool { return r.client.Status().Connected })
	if s := r.end(); s.Records != 0 {
		t.Errorf("summary %+v", *s)
	}
	r = ship(t, to, shipper.Config{Files: []string{fifo}})
	out, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(out, "through a pipe")
	out.Close()
	r.ended = true
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	r.cancel()
	if got := stands(t, at, 1); got[0] != "through a pipe" {
		t.Errorf("got %q", got)
	}
}
