package shipper_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/cluster/publish"
	"sluice/consolidator"
	"sluice/shipper"
)

// Interrupted while the buffer is full, what was read is told in full, line by
// line: it is published if there is time, and counted as unsent if there is not.
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
		{"a pipe", shipper.Config{Stdin: strings.NewReader(b.String())}, false},
		{"a pipe, in time", shipper.Config{Stdin: strings.NewReader(b.String())}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr := "ipc://" + filepath.Join(t.TempDir(), "pub")
			client, err := publish.Open(publish.Config{Endpoint: addr, Buffer: publish.MinBuffer})
			if err != nil {
				t.Fatal(err)
			}
			cfg := tt.config
			cfg.Client, cfg.Endpoint, cfg.Stream = client, addr, "system"
			if cfg.Grace = time.Millisecond; tt.comes {
				cfg.Grace = patience
			}
			ship, err := shipper.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- ship.Run(ctx) }()
			await(t, "a full buffer", func() bool { return client.Stats().Bytes > publish.MinBuffer*9/10 })
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
			// The last line may have been read in part.
			if s.Lines == 0 || s.Bytes > s.Lines*line || s.Bytes+line <= s.Lines*line || s.Texts > 1 || s.Bunyan+s.Texts != s.Lines ||
				s.Records != s.Lines || s.Records != s.Acknowledged+s.Unsent {
				t.Errorf("summary %+v", *s)
			}
			if want := uint64(0); tt.comes && (err != nil || s.Unsent != want) || !tt.comes && (!errors.Is(err, shipper.ErrNotHad) || s.Acknowledged != want) {
				t.Errorf("Run returns %v: %+v", err, *s)
			}
		})
	}
}

// A file that cannot be read is told of at once, while others are followed.
func TestFollowUnreadable(t *testing.T) {
	const unreadable = "/proc/self/mem" // its first page is not there
	if info, err := os.Stat(unreadable); err != nil || !info.Mode().IsRegular() {
		t.Skip("there is no /proc")
	}
	to, at := pump(t)
	file := filepath.Join(t.TempDir(), "app.log")
	if err := os.WriteFile(file, []byte("first\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := ship(t, to, shipper.Config{Files: []string{unreadable, file}, Follow: true})
	await(t, "the notice", func() bool { return r.said(`read "/proc/self/mem": `) && r.said("it is followed no more") })
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
