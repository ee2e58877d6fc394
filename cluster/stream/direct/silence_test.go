package direct_test

import (
	"slices"
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

// impatiently tails "s" at one consolidator, through a relay.
func impatiently(t *testing.T) (s *testsource.Taker, p *publisher, through *relay.Relay) {
	t.Helper()
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	through = relay.New(t, strings.TrimPrefix(c.SubscribeAddrs()[0], "tcp://"))
	source, err := direct.Impatient(direct.Config{Consolidators: []string{"tcp://" + through.Addr()}, MergeWait: wait.Limit})
	if err != nil {
		t.Fatal(err)
	}
	s = testsource.Run(t, source)
	s.Tail("s", stream.Backfill{})
	s.Kind(stream.KindBackfill)
	p = publishTo(t, c)
	p.numbers("s", 0, 5)
	s.Numbers(0, 5)
	return s, p, through
}

// A peer that is not heard is reported as lost while its connection still stands; heard
// again, it is there, and goes on where it was.
func TestSilentIsLost(t *testing.T) {
	s, p, through := impatiently(t)
	for i, way := range []relay.Way{relay.ToClient, relay.ToServer} { // its records, or what asks for them
		through.HoldWay(way, true)
		wait.For(t, "the silent consolidator to be lost", func() bool {
			now := s.Status()[0]
			return now.State == stream.StateLost && strings.Contains(now.Err, "nothing has been heard of it for 400ms")
		})
		from := 5 + 5*i
		p.numbers("s", from, from+5)
		through.HoldWay(way, false)
		s.Numbers(from, from+5)
		wait.For(t, "the consolidator to be live", func() bool { return s.Status()[0].State == stream.StateLive })
	}
}

// Where only the connection is forgotten, and new ones can be had, one takes its place.
func TestForgottenIsReplaced(t *testing.T) {
	s, p, through := impatiently(t)
	for i := 5; i < 15; i += 5 {
		through.Forget()
		p.numbers("s", i, i+5)
		s.Numbers(i, i+5)
	}
	wait.For(t, "the consolidator to be live", func() bool { return s.Status()[0].State == stream.StateLive })
}

// What this process did itself is no silence of others: it stood still for a minute.
func TestOwnStandstillIsNoSilence(t *testing.T) {
	const s = time.Second
	got := direct.Silences(time.Now(), 1*s, 2*s, 62*s, 63*s)
	if want := []time.Duration{0, 1 * s, 3 * s, 4 * s}; !slices.Equal(got, want) {
		t.Errorf("silent for %v, want %v", got, want)
	}
}
