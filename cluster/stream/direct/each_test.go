package direct_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/internal/relay"
	"sluice/internal/testcluster"
	"sluice/internal/testsource"
	"sluice/internal/wait"
)

func TestEachConsolidatorFromAPlaceOfItsOwn(t *testing.T) {
	noLeaks(t)
	one, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	two, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-2"})
	p := publishTo(t, one)
	p.numbers("s", 0, 20)
	publishTo(t, two).numbers("s", 100, 110)
	accepted(t, one, "s", 20)
	accepted(t, two, "s", 10)

	e, err := direct.NewEach(direct.Config{Consolidators: []string{one.SubscribeAddrs()[0], two.SubscribeAddrs()[0]}})
	if err != nil {
		t.Fatal(err)
	}
	if e.TailAt("vm-3", "s", stream.Position{}) {
		t.Error("tails at a consolidator that nobody knows")
	}
	e.WatchStreams(true)
	taken := testsource.Run(t, e.Source)
	heads := make(map[string]direct.Head)
	wait.For(t, "the heads of both", func() bool {
		for _, h := range e.AppendHeads(nil, time.Time{}) {
			if h.Stream == "s" {
				heads[h.Source] = h
			}
		}
		return len(heads) == 2
	})
	if heads["vm-1"].Next.Seq != 20 || heads["vm-2"].Next.Seq != 10 || heads["vm-1"].Tailed {
		t.Errorf("heads are %+v", heads)
	}
	if later := e.AppendHeads(nil, time.Now().Add(time.Minute)); len(later) != 0 {
		t.Errorf("told in a minute: %+v", later)
	}

	at := heads["vm-1"].Next
	at.Seq = 15
	if !e.TailAt("vm-1", "s", at) {
		t.Fatal("vm-1 is not known")
	}
	if n := taken.Kind(stream.KindPosition); n.Source != "vm-1" || n.Position != at {
		t.Errorf("told %+v, want the place that was asked for", n)
	}
	taken.Numbers(15, 20)
	if n := taken.Kind(stream.KindBackfill); n.Source != "vm-1" || n.Stream != "s" {
		t.Errorf("told %+v, want the end of the backfill of vm-1", n)
	}
	if !e.TailAt("vm-2", "s", stream.Position{}) {
		t.Fatal("vm-2 is not known")
	}
	if n := taken.Kind(stream.KindPosition); n.Source != "vm-2" || n.Position.Seq != 0 {
		t.Errorf("told %+v, want the oldest record of vm-2", n)
	}
	taken.Numbers(100, 110)
	taken.Kind(stream.KindBackfill)

	// Begun again, on the same connection, it starts over.
	at.Seq = 18
	e.TailAt("vm-1", "s", at)
	taken.Numbers(18, 20)
	taken.Kind(stream.KindBackfill)
	p.numbers("s", 20, 25)
	taken.Numbers(20, 25)
	wait.For(t, "the head to follow", func() bool {
		for _, h := range e.AppendHeads(nil, time.Time{}) {
			if h.Source == "vm-1" && h.Next.Seq == 25 {
				return h.Tailed
			}
		}
		return false
	})

	e.StopAt("vm-1", "s")
	e.StopAt("vm-2", "s")
	p.numbers("s", 25, 30)
	accepted(t, one, "s", 30)
	at.Seq = 29
	e.TailAt("vm-1", "s", at)
	if r := taken.Record(); string(r.Data) != fmt.Sprintf(`{"i":%d}`, 29) {
		t.Errorf("after the stop comes %s", r.Data)
	}
}

// A tail at one consolidator goes on where it was when that is back at another endpoint.
func TestEachGoesOnElsewhere(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	elsewhere := relay.New(t, strings.TrimPrefix(c.SubscribeAddrs()[0], "tcp://"))
	p := publishTo(t, c)
	f := make(finder)
	e, err := direct.NewEach(direct.Config{Finder: f, Grace: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	s := testsource.Run(t, e.Source)
	f.names(c.SubscribeAddrs()...)
	s.Notice(func(n stream.Notice) bool { return n.Kind == stream.KindState && n.State == stream.StateLive })
	if !e.TailAt("vm-1", "s", stream.Position{}) {
		t.Fatal("vm-1 is not known")
	}
	p.numbers("s", 0, 5)
	s.Numbers(0, 5)
	f.names()
	gone(t, s)
	p.numbers("s", 5, 10)
	accepted(t, c, "s", 10)
	f.names("tcp://" + elsewhere.Addr())
	s.Numbers(5, 10)
}
