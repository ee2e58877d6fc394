package direct_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/discovery"
	"sluice/cluster/publish"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/internal/relay"
	"sluice/internal/testcluster"
	"sluice/internal/testpeer"
	"sluice/internal/testsource"
	"sluice/internal/wait"
)

// tailing is a source that tails "s" at one consolidator, which goes through a relay,
// by its name.
func tailing(t *testing.T, grace time.Duration) (f finder, s *testsource.Taker, p *publisher, c *consolidator.Consolidator, through *relay.Relay) {
	t.Helper()
	noLeaks(t)
	c, _ = testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	through = relay.New(t, strings.TrimPrefix(c.SubscribeAddrs()[0], "tcp://"))
	p = publishTo(t, c)
	f, s = findsWith(t, grace)
	s.Tail("s", stream.Backfill{})
	f.names("tcp://" + through.Addr())
	s.Kind(stream.KindBackfill)
	p.numbers("s", 0, 5)
	s.Numbers(0, 5)
	return f, s, p, c, through
}

// A live connection outlives the name of its consolidator for a while, and the status
// says so. When it breaks then, it is not made again.
func TestLiveWithoutName(t *testing.T) {
	f, s, p, _, through := tailing(t, wait.Limit)
	f.names()
	wait.For(t, "the status to tell that it is not named", func() bool {
		all := consolidators(s)
		return len(all) == 1 && all[0].State == stream.StateLive && strings.Contains(all[0].Err, "not named any more")
	})
	p.numbers("s", 5, 10)
	s.Numbers(5, 10)
	// Named again, all is as it was.
	f.names("tcp://" + through.Addr())
	wait.For(t, "the status to tell nothing", func() bool { return len(s.Status()) == 1 && s.Status()[0].Err == "" })
	p.numbers("s", 10, 15)
	s.Numbers(10, 15)
	f.names()
	through.Cut()
	gone(t, s)
}

// After the grace a live connection ends.
func TestGraceEnds(t *testing.T) {
	f, s, _, _, _ := tailing(t, 50*time.Millisecond)
	f.names()
	gone(t, s)
}

// An address that left an answer that need not be whole is kept while it answers, and
// tried again for a while when it does not.
func TestLiveWithoutAnswer(t *testing.T) {
	f, s, p, _, through := tailing(t, wait.Limit)
	f <- discovery.Found{Known: true, Partial: true}
	through.Cut()
	s.Notice(func(n stream.Notice) bool {
		return n.Kind == stream.KindState && n.State == stream.StateLost && !n.Gone
	})
	s.Notice(func(n stream.Notice) bool { return n.Kind == stream.KindState && n.State == stream.StateLive })
	p.numbers("s", 5, 10)
	s.Numbers(5, 10)
}

// It is looked at again after the grace: one that answers stays.
func TestAnsweringIsKept(t *testing.T) {
	f, s, p, _, through := tailing(t, time.Millisecond)
	f <- discovery.Found{Known: true, Partial: true}
	for i := 5; i < 50; i += 5 {
		p.numbers("s", i, i+5)
		s.Numbers(i, i+5)
	}
	through.Pause(true)
	through.Cut()
	gone(t, s)
}

// A consolidator that is named at another endpoint is read there from where it was here,
// although the connection here lasts.
func TestMoved(t *testing.T) {
	f, s, p, c, _ := tailing(t, wait.Limit)
	f.all(discovery.Consolidator{Name: "vm-1", Subscribe: c.SubscribeAddrs()[0]})
	n := s.Notice(func(n stream.Notice) bool { return n.Kind == stream.KindState && n.Gone })
	if n.Source != "vm-1" || !strings.Contains(n.Err, "another endpoint") {
		t.Errorf("told %+v", n)
	}
	p.numbers("s", 5, 10)
	s.Numbers(5, 10)
	if all := s.Status(); len(all) != 1 || all[0].Name != "vm-1" || all[0].Address != c.SubscribeAddrs()[0] {
		t.Errorf("the status is %+v", all)
	}
}

// One whose name was found is called by it before it is reached.
func TestNameBeforeConnection(t *testing.T) {
	noLeaks(t)
	f, s := finds(t)
	f.all(discovery.Consolidator{Name: "vm-7", Subscribe: "tcp://127.0.0.1:1"})
	n := s.Kind(stream.KindState)
	if n.Source != "vm-7" || n.State != stream.StateConnecting || n.Err == "" {
		t.Errorf("told %+v", n)
	}
}

// The place where consolidators are found stands in the status while there is something
// to say of it.
func TestLookedFor(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	f, s := finds(t)
	at := discovery.At(c.SubscribeAddrs()...)
	for _, step := range []struct {
		name  string
		found discovery.Found
		state stream.State // unknown: nothing is to be said
		text  string
	}{
		{"looking", discovery.Found{}, stream.StateConnecting, "consolidators are looked for in test here"},
		{"trouble", discovery.Found{Trouble: "no answer"}, stream.StateConnecting, "consolidators are looked for in test here: no answer"},
		{"found", discovery.Found{Known: true, Consolidators: at}, stream.StateUnknown, ""},
		{"not anew", discovery.Found{Known: true, Consolidators: at, Trouble: "no answer"}, stream.StateLost, "consolidators that have come since are not known from test here: no answer"},
		{"none", discovery.Found{Known: true}, stream.StateLive, "there is no consolidator in test here yet"},
	} {
		f <- step.found
		wait.For(t, step.name, func() bool {
			all := s.Status()
			if len(all) == 0 || !all[0].Finder {
				return step.state == stream.StateUnknown
			}
			return all[0].State == step.state && all[0].FinderText() == step.text
		})
	}
}

// A backfill waits for consolidators to be found.
func TestBackfillWaitsForFinder(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	p := publishTo(t, c)
	p.numbers("s", 0, 10)
	accepted(t, c, "s", 10)
	f, s := finds(t)
	s.Tail("s", stream.Backfill{Last: 5})
	f <- discovery.Found{}
	f.names(c.SubscribeAddrs()...)
	s.Numbers(5, 10)
	s.Kind(stream.KindBackfill)
}

// A key that has changed costs a connection that is protected, and no record.
func TestKeyChanged(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1", Mechanism: testpeer.Scrambled})
	f := make(finder)
	source, err := direct.New(direct.Config{Finder: f, MergeWait: wait.Limit, Mechanism: testpeer.Scrambled})
	if err != nil {
		t.Fatal(err)
	}
	s := testsource.Run(t, source)
	client, err := publish.Open(publish.Config{Endpoint: c.PublishAddrs()[0], Mechanism: testpeer.Scrambled})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close(t.Context())
	s.Tail("s", stream.Backfill{})
	at := discovery.At(c.SubscribeAddrs()...)
	f.all(at...)
	s.Kind(stream.KindBackfill)
	numbers := func(from, to int) {
		t.Helper()
		for i := from; i < to; i++ {
			if err := client.Publish(t.Context(), "s", fmt.Appendf(nil, `{"i":%d}`, i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	numbers(0, 5)
	s.Numbers(0, 5)
	at[0].Key = strings.Repeat("k", 40)
	f.all(at...)
	n := s.Notice(func(n stream.Notice) bool { return n.Kind == stream.KindState && n.State == stream.StateLost })
	if !strings.Contains(n.Err, "key is another") {
		t.Errorf("told %+v", n)
	}
	numbers(5, 10)
	s.Numbers(5, 10)
}
