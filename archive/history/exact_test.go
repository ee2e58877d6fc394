package history_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/internal/relay"
	"sluice/internal/volume"
)

// Whatever happens to the archive, and to the connections of a reader: history and live
// together are what was published, but for what is told.
func TestHistoryAndLiveAreWhatWasPublished(t *testing.T) {
	volume.Check(t)
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { exact(t, rand.New(rand.NewPCG(seed, 44))) })
	}
}

func exact(t *testing.T, r *rand.Rand) {
	w := newWorld(t, 2)
	var relays []*relay.Relay
	var endpoints []string
	for _, e := range w.endpoints() {
		between := relay.New(t, strings.TrimPrefix(e, "tcp://"))
		relays = append(relays, between)
		endpoints = append(endpoints, "tcp://"+between.Addr())
	}
	running, paused := true, false
	var reader *reads
	begin := r.IntN(10)
	for step := range 25 {
		if step == begin {
			c := w.archived()
			c.From = w.clock.Add(-24 * time.Hour)
			reader = w.reader(c, stream.Backfill{}, endpoints...)
		}
		switch r.IntN(6) {
		case 0:
			if running = !running; running {
				w.startArchive()
			} else {
				w.stopArchive()
			}
		case 1:
			relays[r.IntN(2)].Cut()
		case 2:
			paused = !paused
			relays[1].Pause(paused)
			if paused {
				relays[1].Cut()
			}
		}
		for range 1 + r.IntN(3) {
			w.publish(0, 1+r.IntN(80))
			w.publish(1, 1+r.IntN(80))
			if running && r.IntN(4) > 0 {
				w.settle()
			}
		}
		if reader != nil && r.IntN(2) == 0 {
			reader.drain()
		}
	}
	if !running {
		w.startArchive()
	}
	relays[1].Pause(false)
	w.publish(0, 1)
	w.publish(1, 1)
	w.settle()
	for vm, published := range w.published {
		name := fmt.Sprintf("vm-%d", vm)
		reader.until("all of "+name, func() bool {
			got := reader.by[name]
			return len(got) > 0 && got[len(got)-1] == published-1
		})
		first, lost := 0, uint64(0)
		for _, g := range reader.gaps {
			switch {
			case g.Source != name:
			case g.Unknown && strings.Contains(g.Reason, "nothing is held from before"):
				// The archive did not have the stream yet. What was told as lost before is
				// some of what came before the first record.
				first, lost = reader.by[name][0], 0
			case g.Unknown:
				t.Errorf("%s: an unknown gap: %+v", name, g)
			default:
				lost += g.Count
			}
		}
		got := reader.by[name]
		for i := 1; i < len(got); i++ {
			if got[i] <= got[i-1] {
				t.Fatalf("%s: %d after %d", name, got[i], got[i-1])
			}
		}
		if uint64(len(got))+lost != uint64(published-first) {
			t.Errorf("%s: %d read and %d lost of %d published since %d; gaps %+v", name, len(got), lost, published, first, reader.gaps)
		}
	}
}

// drain takes what is there.
func (r *reads) drain() {
	r.t.Helper()
	for {
		b := r.source.TryTake()
		if b == nil {
			return
		}
		r.keep(b)
	}
}
