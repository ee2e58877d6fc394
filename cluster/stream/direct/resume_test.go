package direct_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/wait"
)

func TestResumeFromPositions(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1", StreamBuffer: 64 << 10})
	other, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-2"})
	p := publishTo(t, c)
	publishTo(t, other).numbers("s", 100, 110)
	accepted(t, other, "s", 10)
	p.numbers("s", 0, 20)
	accepted(t, c, "s", 20)

	first := reads(t, direct.Config{}, c.SubscribeAddrs()...)
	first.Tail("s", stream.Backfill{Last: 20})
	var at stream.Position
	for i := range 12 {
		r := first.Record()
		if at = r.Position; at.Seq != uint64(i) {
			t.Fatalf("record %d stands at %d", i, at.Seq)
		}
	}
	first.End()
	at.Seq++ // of the next one wanted

	t.Run("held", func(t *testing.T) {
		s := reads(t, direct.Config{}, c.SubscribeAddrs()...)
		s.Tail("s", stream.Backfill{Positions: map[string]stream.Position{"vm-1": at}})
		for i := 12; i < 20; i++ {
			if r := s.Record(); string(r.Data) != fmt.Sprintf(`{"i":%d}`, i) || r.Position.Seq != uint64(i) || !r.Backfill {
				t.Errorf("record %+v, want %d", r, i)
			}
		}
		if n, ok := s.Next().(stream.Notice); !ok || n.Kind != stream.KindBackfill {
			t.Errorf("then comes %+v", n)
		}
	})
	t.Run("with one that is not named", func(t *testing.T) {
		s := reads(t, direct.Config{}, c.SubscribeAddrs()[0], other.SubscribeAddrs()[0])
		s.Tail("s", stream.Backfill{Last: 3, Positions: map[string]stream.Position{"vm-1": at}})
		var got []string
		for {
			x := s.Next()
			if r, ok := x.(stream.Record); ok {
				got = append(got, r.Source+string(r.Data))
			} else if n := x.(stream.Notice); n.Kind == stream.KindBackfill {
				break
			}
		}
		slices.Sort(got)
		want := []string{`vm-2{"i":107}`, `vm-2{"i":108}`, `vm-2{"i":109}`}
		for i := 19; i >= 12; i-- {
			want = append([]string{fmt.Sprintf(`vm-1{"i":%d}`, i)}, want...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("of another epoch", func(t *testing.T) {
		s := reads(t, direct.Config{}, c.SubscribeAddrs()...)
		s.Tail("s", stream.Backfill{Positions: map[string]stream.Position{"vm-1": {Epoch: at.Epoch + 1, Seq: 5}}})
		n := s.Kind(stream.KindGap)
		if !n.Unknown || n.Count != 0 || n.Source != "vm-1" || n.Stream != "s" {
			t.Errorf("told %+v, want a gap of unknown number", n)
		}
		s.Numbers(0, 20)
	})
	t.Run("evicted", func(t *testing.T) {
		p.numbers("s", 20, 20000)
		accepted(t, c, "s", 20000)
		s := reads(t, direct.Config{}, c.SubscribeAddrs()...)
		s.Tail("s", stream.Backfill{Positions: map[string]stream.Position{"vm-1": at}})
		n := s.Kind(stream.KindGap)
		if n.Unknown || n.Count == 0 || n.Reason == "" {
			t.Fatalf("told %+v, want an exact gap", n)
		}
		s.Numbers(12+int(n.Count), 20000)
	})
}

func TestDirectStopThenTail(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	s := reads(t, direct.Config{}, c.SubscribeAddrs()...)
	s.Tail("s", stream.Backfill{})
	s.Tail("other", stream.Backfill{})
	s.Kind(stream.KindBackfill)
	s.Kind(stream.KindBackfill)
	p.numbers("s", 0, 5)
	s.Numbers(0, 5)

	s.Stop("s")
	s.Stop("never tailed")
	p.numbers("s", 5, 10)
	accepted(t, c, "s", 10)
	// The stop went out before this tail's request: what comes of it stands
	// behind all that the stopped one could still send.
	s.Stop("other")
	s.Tail("other", stream.Backfill{})
	s.Kind(stream.KindBackfill)
	for b := s.TryTake(); b != nil; b = s.TryTake() {
		if len(b.Records) > 0 {
			t.Errorf("stopped, and got %s", b.Records[0].Data)
		}
	}

	s.Tail("s", stream.Backfill{Last: 2})
	s.Numbers(8, 10)
	if n, ok := s.Next().(stream.Notice); !ok || n.Kind != stream.KindBackfill || n.Stream != "s" {
		t.Errorf("then comes %+v", n)
	}
	p.numbers("s", 10, 12)
	s.Numbers(10, 12)
	// Begun anew, it goes on from now: no gap is told.
	s.Tail("s", stream.Backfill{})
	s.Kind(stream.KindBackfill)
	p.numbers("s", 12, 14)
	s.Numbers(12, 14)
}

// A second Tail right behind the first gets an answer of its own: its backfill
// is whole when it is said to be, and nothing of the first is taken for it.
func TestTailTwiceAtOnce(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	p.numbers("s", 0, 1000)
	accepted(t, c, "s", 1000)
	cfg := direct.Config{Consolidators: c.SubscribeAddrs()}
	cfg.MergeWait = wait.Limit
	s, err := direct.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	wait.Run(t, s.Run)
	ctx, cancel := context.WithTimeout(t.Context(), wait.Limit)
	defer cancel()
	for round := range 100 {
		s.Tail("s", stream.Backfill{Last: 900})
		if round%2 == 0 {
			s.Stop("s")
		}
		s.Tail("s", stream.Backfill{Last: 50})
		backfill := 0
		for done := false; !done; {
			b, err := s.Take(ctx)
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			for _, n := range b.Notices {
				switch n.Kind {
				case stream.KindGap:
					t.Errorf("round %d: a gap of %d", round, n.Count)
				case stream.KindBackfill:
					done = true
					backfill += n.At
				}
			}
			if !done {
				backfill += len(b.Records)
			}
			b.Release()
			if backfill == 900 {
				// The first had its answer before the second was asked for.
				done, backfill = false, 0
			}
		}
		if backfill != 50 && backfill != 50+900 {
			t.Errorf("round %d: %d records of backfill", round, backfill)
		}
	}
}
