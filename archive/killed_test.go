package archive_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"sluice/archive/engine"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// flow publishes numbers to some streams for as long as a test waits for something.
type flow struct {
	t       testing.TB
	p       *publisher
	streams int
	next    int // number
}

func (f *flow) name(i int) string { return fmt.Sprintf("s%d", i) }

func (f *flow) publish(n int) {
	for i := range f.streams {
		f.p.numbers(f.name(i), f.next, f.next+n)
	}
	f.next += n
}

// until publishes until a condition holds.
func (f *flow) until(what string, holds func() bool) {
	f.t.Helper()
	wait.For(f.t, what, func() bool {
		f.publish(5)
		return holds()
	})
}

// archived publishes until what was published by now is archived, and more than that. It
// returns how long that took.
func (f *flow) archived(c *engine.Client) time.Duration {
	f.t.Helper()
	f.publish(5)
	want, begun := f.next, time.Now()
	all := make(map[string]*kept)
	from := uint64(1)
	f.until("the archive to go on", func() bool {
		from = addFrom(f.t, c, all, from)
		for i := range f.streams {
			if k := all["vm-1 "+f.name(i)]; k == nil || len(k.records) < want {
				return false
			}
		}
		return true
	})
	return time.Since(begun)
}

// exactly checks that everything that was published is archived, once and in order.
func (f *flow) exactly(c *engine.Client) {
	f.t.Helper()
	for i := range f.streams {
		key := "vm-1 " + f.name(i)
		k := keeps(f.t, c, key, f.next)[key]
		k.isNumbers(f.t, 0, f.next)
		if k.lost != 0 || k.unknown != 0 {
			f.t.Errorf("%s: lost are %d, and %d times nobody knows how many", key, k.lost, k.unknown)
		}
	}
}

// An archive that is killed with its server goes on when both are started again.
func TestKilledWithItsServer(t *testing.T) {
	volume.Check(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	f := &flow{t: t, p: publishTo(t, c), streams: 20}
	p, url := storing(t, t.TempDir(), c)
	client := reads(t, url)
	for range 5 {
		f.archived(client)
		p.kill()
		f.publish(20)
		p.start()
	}
	f.archived(client)
	p.ends()
	p.start()
	f.exactly(client)
}

// Of two archives that are killed, stopped and woken, the other one takes over each time,
// and nothing is archived twice.
func TestKilledAndStopped(t *testing.T) {
	volume.Check(t)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	f := &flow{t: t, p: publishTo(t, c), streams: 20}
	e, _ := opens(t, t.TempDir())
	url := "nats://" + e.Addr()
	one, two := connecting(t, url, c), connecting(t, url, c)
	f.archived(e.Client)
	for round := range 4 {
		one.kill()
		t.Logf("killed: it went on in %v", f.archived(e.Client))
		one.start()
		f.archived(e.Client)
		two.signal(syscall.SIGSTOP)
		t.Logf("stopped: it went on in %v", f.archived(e.Client))
		if round%2 == 1 {
			f.publish(100)
		}
		two.signal(syscall.SIGCONT)
		f.archived(e.Client)
		one, two = two, one
	}
	f.exactly(e.Client)
}
