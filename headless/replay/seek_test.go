package replay_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless/internal/packed"
	"sluice/headless/replay"
)

// player takes what a replay hands on, as a screen would.
type player struct {
	t        *testing.T
	source   *replay.Source
	shown    []string // since the last restart
	restarts int
	stop     context.CancelFunc
	ran      chan error
}

// play begins a replay of records that are a second apart: "0" and so on.
func play(t *testing.T, n int, config replay.Config) *player {
	t.Helper()
	var a, b strings.Builder
	for i := range n {
		to := &a
		if i%2 == 1 {
			to = &b
		}
		to.WriteString(line(time.Duration(i)*time.Second, fmt.Sprint(i)))
	}
	config.Files = []string{file(t, "a.gz", packed.Gzip(a.String())), file(t, "b", b.String())}
	config.Location, config.Seekable = time.UTC, true
	p := &player{t: t, ran: make(chan error, 1)}
	var err error
	if p.source, err = replay.New(config); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	p.stop = stop
	go func() { p.ran <- p.source.Run(ctx) }()
	return p
}

// want takes what is there, and fails unless the newest of n records in order is the
// n-1st.
func (p *player) want(n, restarts int) {
	p.t.Helper()
	synctest.Wait()
	for b := p.source.TryTake(); b != nil; b = p.source.TryTake() {
		for _, notice := range b.Notices {
			if notice.Kind == stream.KindRestart {
				if notice.At != 0 {
					p.t.Errorf("a restart stands before record %d", notice.At)
				}
				p.shown = nil
				p.restarts++
			}
		}
		for _, r := range b.Records {
			p.shown = append(p.shown, record.Parse(r.Data).Msg)
		}
		b.Release()
		synctest.Wait()
	}
	for i, msg := range p.shown {
		if msg != fmt.Sprint(i) {
			p.t.Fatalf("record %d is %q", i, msg)
		}
	}
	if len(p.shown) != n || p.restarts != restarts {
		p.t.Fatalf("%d records are shown after %d restarts, want %d and %d: %s", len(p.shown), p.restarts, n, restarts, p.source.Note())
	}
}

func (p *player) end() {
	p.t.Helper()
	p.stop()
	if err := <-p.ran; err != nil {
		p.t.Error(err)
	}
}

func TestSeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := play(t, 600, replay.Config{Speed: 1})
		defer p.end()
		p.want(1, 0)
		time.Sleep(10 * time.Second)
		p.want(11, 0)

		p.source.Skip(time.Minute) // to 1:10: what is before comes at once
		p.want(71, 0)
		time.Sleep(5 * time.Second)
		p.want(76, 0)
		if at := p.source.RecordTime().Sub(start); at != 75*time.Second {
			t.Errorf("it is at %v", at)
		}

		p.source.Skip(-time.Minute) // to 0:15
		p.want(16, 1)
		time.Sleep(time.Second)
		p.want(17, 1)

		p.source.Seek(start.Add(5*time.Minute + 500*time.Millisecond))
		p.want(301, 1)
		time.Sleep(500 * time.Millisecond)
		p.want(302, 1)

		// Several at once add up.
		p.source.Skip(-time.Minute)
		p.source.Skip(-time.Minute)
		p.source.Skip(-time.Minute)
		p.source.Skip(time.Minute)
		p.want(182, 2)

		p.source.Seek(start.Add(-time.Hour)) // before the beginning
		p.want(1, 3)
		time.Sleep(time.Second)
		p.want(2, 3)

		p.source.Seek(start.Add(time.Hour)) // beyond the end, and from there
		p.want(600, 3)
		if note := p.source.Note(); !strings.HasPrefix(note, "replay ended") {
			t.Errorf("note %q", note)
		}
		p.source.Skip(-time.Minute)
		p.want(540, 4)
		if note := p.source.Note(); !strings.HasPrefix(note, "replay 1× · at 2026-03-01 12:08:59 · ") {
			t.Errorf("note %q", note)
		}
		if got := p.source.Stats().Records; got != 540 {
			t.Errorf("%d records are counted, want those of the last time", got)
		}
	})
}

// A replay that is paused stays so wherever it goes, and says how fast it will go on.
func TestSeekWhilePaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := play(t, 600, replay.Config{Speed: 4})
		defer p.end()
		p.want(1, 0)
		time.Sleep(time.Second)
		p.want(5, 0)
		if note := p.source.Pause(); !strings.HasPrefix(note, "replay 4× paused · at 2026-03-01 12:00:04") {
			t.Errorf("note %q", note)
		}
		p.source.Skip(time.Minute)
		time.Sleep(time.Hour)
		p.want(64, 0)
		p.source.Skip(-30 * time.Second)
		time.Sleep(time.Hour)
		p.want(34, 1)
		if note := p.source.Faster(); !strings.HasPrefix(note, "replay 8× paused") {
			t.Errorf("note %q", note)
		}
		p.source.Pause()
		time.Sleep(time.Second)
		p.want(43, 1)
	})
}

// Whoever takes slowly gets nothing of before once it has gone back.
func TestSeekWithAFullInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := play(t, 6_000, replay.Config{Inbox: 1})
		defer p.end()
		synctest.Wait()
		for range 50 {
			p.source.Pause()
			p.source.Seek(start)
			synctest.Wait()
		}
		p.source.Pause()
		p.source.Seek(start.Add(24 * time.Hour))
		p.want(6_000, 1) // the others were overtaken
	})
}

func TestSeekInAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	write, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	if _, err := write.WriteString(line(0, "0") + line(time.Hour, "1")); err != nil {
		t.Fatal(err)
	}
	source, err := replay.New(replay.Config{Files: []string{path}, Speed: 1, Seekable: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- source.Run(ctx) }()
	take := func(want string) {
		t.Helper()
		b, err := source.Take(ctx)
		if err != nil || len(b.Records) != 1 || record.Parse(b.Records[0].Data).Msg != want {
			t.Fatalf("%+v, %v, want %q", b, err, want)
		}
		b.Release()
	}
	take("0")
	source.Seek(start.Add(time.Hour)) // on it goes
	take("1")
	if text := source.Skip(-time.Minute); !strings.Contains(text, "no way back") {
		t.Errorf("back in a pipe: %q", text)
	}
	stop()
	if err := <-ran; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
