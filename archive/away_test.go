package archive_test

import (
	"testing"
	"time"

	"sluice/archive"
	"sluice/archive/engine"
	"sluice/cluster/loss"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/internal/relay"
	"sluice/internal/testcluster"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// While NATS is cut off, what is read waits within its bound, consolidators keep what they
// can, and what they cannot is a gap with its number. Publishers do not notice.
func TestNATSAway(t *testing.T) {
	natsAway(t, func(r *relay.Relay) { r.Pause(true); r.Cut() }, func(r *relay.Relay) { r.Pause(false) })
}

// The same while NATS says nothing, which is noticed after seconds.
func TestNATSSilent(t *testing.T) {
	volume.Check(t)
	natsAway(t, func(r *relay.Relay) { r.Hold(true) }, func(r *relay.Relay) { r.Hold(false) })
}

func natsAway(t *testing.T, away, back func(*relay.Relay)) {
	t.Helper()
	noLeaks(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1", StreamBuffer: 64 << 10})
	p := publishTo(t, c)
	e, _ := opens(t, t.TempDir())
	between := relay.New(t, e.Addr())
	far, err := engine.Open(t.Context(), engine.Config{Connect: engine.DialConfig{URLs: []string{"nats://" + between.Addr()}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	const buffer = 128 << 10
	a, _ := archivesWith(t, archive.Config{
		Engine: far, Source: direct.Config{Consolidators: c.SubscribeAddrs(), Inbox: 64 << 10}, Buffer: buffer,
		Age: 20 * time.Millisecond, Standstill: 20 * time.Millisecond,
	})
	p.numbers("s", 0, 1000)
	keeps(t, e.Client, "vm-1 s", 1000)

	away(between)
	n := 1000
	wait.For(t, "the archive to read no more", func() bool {
		p.numbers("s", n, n+20_000)
		n += 20_000
		f := a.Figures()
		return f.Full && f.Trouble != "" && n > 400_000
	})
	accepted(t, c, "s", n)
	if f := a.Figures(); f.Waiting > 3*buffer {
		t.Errorf("of what waits, %d bytes are in memory, and %d may be", f.Waiting, buffer)
	}

	back(between)
	k := keeps(t, e.Client, "vm-1 s", n)["vm-1 s"]
	if len(k.records)+int(k.lost) != n || k.unknown != 0 || k.lost == 0 || k.next.Seq != uint64(n) {
		t.Errorf("of %d, %d are archived and %d lost, %d times nobody knows how many", n, len(k.records), k.lost, k.unknown)
	}
	for _, g := range k.gaps {
		if g.Hop != loss.AtConsolidator || g.Reason != loss.TooSlow || g.Source != "vm-1" {
			t.Errorf("a gap says %+v", g)
		}
	}
	p.numbers("s", n, n+10)
	keeps(t, e.Client, "vm-1 s", n+10)
	figure(t, a, "the trouble to be over", func(f archive.Figures) bool { return f.Trouble == "" && !f.Full && f.Waiting == 0 })
}
