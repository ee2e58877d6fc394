package direct_test

import (
	"strings"
	"testing"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/wait"
)

func TestDirectStates(t *testing.T) {
	noLeaks(t)
	c, stop := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	pub, sub := c.PublishAddrs(), c.SubscribeAddrs()
	stop()
	s := reads(t, direct.Config{}, sub...)
	host := strings.TrimPrefix(sub[0], "tcp://")
	check := func(state stream.State, name string, err bool) {
		t.Helper()
		n := s.Kind(stream.KindState)
		if n.State != state || n.Source != name || (n.Err != "") != err || n.Stream != "" || n.Time.IsZero() {
			t.Errorf("told %+v, want %v of %s", n, state, name)
		}
		all := s.Status()
		if len(all) != 1 || all[0].State != state || all[0].Name != name || all[0].Address != sub[0] || all[0].Proxy || (all[0].Err != "") != err || all[0].Since.IsZero() {
			t.Errorf("status is %+v, want %v of %s", all, state, name)
		}
	}
	check(stream.StateConnecting, host, true)
	c, stop = testcluster.Consolidator(t, consolidator.Config{Name: "vm-1", Publish: pub, Subscribe: sub})
	check(stream.StateLive, "vm-1", false)
	stop()
	check(stream.StateLost, "vm-1", true)
	// It says so once, however often it tries.
	testcluster.Consolidator(t, consolidator.Config{Name: "vm-1b", Publish: pub, Subscribe: sub})
	check(stream.StateLive, "vm-1b", false)
	_ = c
}

// Two consolidators of one name are told apart.
func TestNamesAreUnique(t *testing.T) {
	noLeaks(t)
	a, _ := testcluster.Consolidator(t, consolidator.Config{Name: "same"})
	s := reads(t, direct.Config{}, a.SubscribeAddrs()[0])
	_ = s.Kind(stream.KindState)
	b, _ := testcluster.Consolidator(t, consolidator.Config{Name: "same"})
	both := reads(t, direct.Config{}, a.SubscribeAddrs()[0], b.SubscribeAddrs()[0])
	names := map[string]bool{both.Kind(stream.KindState).Source: true, both.Kind(stream.KindState).Source: true}
	if len(names) != 2 || !names["same"] {
		t.Errorf("they are called %v", names)
	}
}

// However close together they connect.
func TestNamesAreClaimedAtOnce(t *testing.T) {
	got, err := direct.Claims([2]string{"tcp://127.0.0.1:1", "tcp://127.0.0.1:2"}, "same")
	if want := [2]string{"same", "same@127.0.0.1:2"}; err != nil || got != want {
		t.Errorf("they are called %q (%v), want %q", got, err, want)
	}
}

func TestDirectStreams(t *testing.T) {
	noLeaks(t)
	a, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	b, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-2"})
	s := reads(t, direct.Config{}, a.SubscribeAddrs()[0], b.SubscribeAddrs()[0])
	s.WatchStreams(true)
	pa, pb := publishTo(t, a), publishTo(t, b)
	i := 0
	// Rates come with the second telling, after a second.
	wait.For(t, "the rates", func() bool {
		pa.numbers("shared", i, i+1)
		pb.numbers("shared", i, i+1)
		pa.numbers("mine", i, i+1)
		i++
		all := s.Streams()
		return len(all) >= 2 && all[0].Rate > 0 && all[1].Rate > 0 && all[1].Sources == 2 && all[1].Bytes > 0
	})
	all := s.Streams()
	if all[0].Name != "mine" || all[0].Sources != 1 || all[1].Name != "shared" || all[1].Records <= all[0].Records {
		t.Errorf("the streams are %+v", all)
	}
	s.WatchStreams(false)
	if all := s.Streams(); len(all) != 0 {
		t.Errorf("not watched any more, and they are %+v", all)
	}
}

func TestDirectEnds(t *testing.T) {
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	s := reads(t, direct.Config{}, c.SubscribeAddrs()[0], "tcp://127.0.0.1:1")
	s.Tail("s", stream.Backfill{})
	s.Kind(stream.KindBackfill)
	publishTo(t, c).numbers("s", 0, 1)
	<-s.Ready()
	s.End()
	for {
		b, err := s.Take(t.Context())
		if err != nil {
			if err != stream.ErrClosed {
				t.Errorf("take: %v", err)
			}
			break
		}
		b.Release()
	}
	for name, cfg := range map[string]direct.Config{
		"neither":   {},
		"endpoint":  {Consolidators: []string{"127.0.0.1:5552"}},
		"named two": {Consolidators: []string{"tcp://a:1", "tcp://a:1"}},
	} {
		if _, err := direct.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
