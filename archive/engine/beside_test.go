package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/cluster/names"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// large appends batches of 100 KB, which fill blocks of 4 MiB, to streams of a name, in turn.
func large(t testing.TB, e *engine.Engine, name string, n int) {
	t.Helper()
	data := make([]byte, 100<<10)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data)
	var links [10]batch.Links
	for i := range n {
		at := i % len(links)
		var err error
		if links[at], err = append1(t, e, fmt.Sprint(name, "/", at), string(data), uint64(i/len(links)), links[at]); err != nil {
			t.Fatal(err)
		}
	}
}

// small is an engine whose blocks are of 4 MiB.
func small(t testing.TB, c engine.Config) *engine.Engine {
	c.MaxBytes = 16 << 20
	return opened(t, c)
}

// A batch that is read out of its block is what the server would have given; what is not
// there any more is not read.
func TestBatchesAreReadOutOfTheirBlocks(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	e := small(t, engine.Config{})
	large(t, e, "tenant", 100)
	client := reader(t, engine.DialConfig{URLs: []string{"nats://" + e.Addr()}})
	ctx := within(t)
	wait.For(t, "two blocks are indexed", func() bool { return e.Reads(1) && e.Reads(60) })
	n := uint64(0)
	for want, err := range client.All(ctx, "logs.>", false) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		got, err := client.Get(ctx, want.Sequence)
		if err != nil {
			t.Fatal(err)
		}
		if got.Subject != want.Subject || got.Sequence != want.Sequence || !got.Stored.Equal(want.Stored) || !bytes.Equal(got.Payload, want.Payload) {
			t.Fatalf("batch %d of %s, stored %v, of %d bytes; the server has %d of %s, stored %v, of %d", got.Sequence, got.Subject, got.Stored, len(got.Payload),
				want.Sequence, want.Subject, want.Stored, len(want.Payload))
		}
		if _, err := got.Head(); err != nil {
			t.Fatal(err)
		}
	}
	if read := e.Beside(); n != 100 || read < 60 || read == n {
		t.Errorf("of %d batches, %d were read out of their blocks; the last block is the server's", n, read)
	}

	read := e.Beside()
	if _, err := client.Get(ctx, 101); !errors.Is(err, engine.ErrNone) {
		t.Errorf("a batch that never was: %v", err)
	}
	if e.Beside() != read {
		t.Error("a batch that never was is counted as read")
	}
}

// What was removed is not read, though its block has it still: what is older than its rule
// allows, what gave way to newer batches, what somebody deleted; nor after a restart.
func TestRemovedBatchesAreNotRead(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	none := func(t *testing.T, e *engine.Engine, sequence uint64) {
		t.Helper()
		client := reader(t, engine.DialConfig{URLs: []string{"nats://" + e.Addr()}})
		ctx := within(t)
		wait.For(t, fmt.Sprint("batch ", sequence, " is not read"), func() bool {
			_, err := client.Get(ctx, sequence)
			return errors.Is(err, engine.ErrNone)
		})
	}
	t.Run("old", func(t *testing.T) {
		// A rule that is shorter than the longest has its batches carry their age.
		e := small(t, engine.Config{Keep: engine.Keep{{Pattern: pattern(t, "short"), Age: time.Second}, {Pattern: pattern(t, "**"), Age: time.Hour}}})
		filled(t, e, "system", 1)
		filled(t, e, "short", 1)
		large(t, e, "tenant", 50)
		wait.For(t, "a block is indexed", func() bool { return e.Reads(2) })
		none(t, e, 2)
		if !e.Reads(2) {
			t.Error("its block does not have it any more: nothing was shown")
		}
	})
	t.Run("too much", func(t *testing.T) {
		e := small(t, engine.Config{})
		large(t, e, "tenant", 100)
		wait.For(t, "a block is indexed", func() bool { return e.Reads(1) })
		large(t, e, "system", 80)
		none(t, e, 1)
		if !e.Reads(1) {
			t.Error("its block does not have it any more: nothing was shown")
		}
	})
	t.Run("deleted", func(t *testing.T) {
		store := t.TempDir()
		e := small(t, engine.Config{Store: store})
		large(t, e, "tenant", 50)
		wait.For(t, "a block is indexed", func() bool { return e.Reads(7) })
		s, err := e.JetStream().Stream(t.Context(), engine.Logs)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.DeleteMsg(t.Context(), 7); err != nil {
			t.Fatal(err)
		}
		none(t, e, 7)
		wait.For(t, "the block is not read any more", func() bool { return !e.Reads(8) })
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		e = small(t, engine.Config{Store: store})
		none(t, e, 7)
		client := reader(t, engine.DialConfig{URLs: []string{"nats://" + e.Addr()}})
		if m, err := client.Get(within(t), 8); err != nil || m.Sequence != 8 {
			t.Errorf("the one beside it: %d, %v", m.Sequence, err)
		}
	})
}

func pattern(t testing.TB, text string) names.Pattern {
	t.Helper()
	p, err := names.ParsePattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
