package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sluice/cluster/discovery"
	"sluice/internal/relay"
	"sluice/internal/volume"
)

// What a network does to vm-1's connections that still stands: it is slow, it stalls, it
// cuts, it forgets. The proxy and the direct readers reach vm-1 through a relay.
func TestBadNetwork(t *testing.T) {
	volume.Long(t)
	for _, f := range []failure{
		// What this machine does by itself, to compare with.
		badNetwork("well for 5 s", 5*time.Second, func(ctx context.Context, _ *relay.Relay) { pause(ctx, 5*time.Second) }),
		badNetwork("late by 50 to 150 ms for 5 s", 5*time.Second, func(ctx context.Context, r *relay.Relay) {
			r.DelayBy(50*time.Millisecond, 100*time.Millisecond)
			pause(ctx, 5*time.Second)
			r.Delay(0)
		}),
		badNetwork("late by 500 to 700 ms for 10 s", 10*time.Second, func(ctx context.Context, r *relay.Relay) {
			r.DelayBy(500*time.Millisecond, 200*time.Millisecond)
			pause(ctx, 10*time.Second)
			r.Delay(0)
		}),
		badNetwork("stalls for 300 ms, 20 times", 10*time.Second, func(ctx context.Context, r *relay.Relay) {
			for range 20 {
				r.Hold(true)
				pause(ctx, 300*time.Millisecond)
				r.Hold(false)
				pause(ctx, 200*time.Millisecond)
			}
		}),
		badNetwork("cut in the middle of a frame, 30 times", 6*time.Second, func(ctx context.Context, r *relay.Relay) {
			for i := range 30 {
				r.CutAfter(relay.ToClient, 1000+i*337)
				pause(ctx, 100*time.Millisecond)
				r.CutAfter(relay.ToServer, 5+i)
				pause(ctx, 100*time.Millisecond)
			}
			r.CutAfter(relay.ToClient, 0)
			r.CutAfter(relay.ToServer, 0)
		}),
		badNetwork("forgotten by a router, 4 times", 24*time.Second, func(ctx context.Context, r *relay.Relay) {
			for i := range 4 {
				if i > 0 {
					pause(ctx, 6*time.Second)
				}
				r.Forget()
			}
			pause(ctx, 6*time.Second) // it is healed when the last one has been noticed
		}),
		badNetwork("unheard for 10 s", 10*time.Second, holdWay(relay.ToClient, 10*time.Second)),
		badNetwork("deaf for 10 s", 10*time.Second, holdWay(relay.ToServer, 10*time.Second)),
	} {
		t.Run(f.name, f.run)
	}
}

func holdWay(way relay.Way, d time.Duration) func(context.Context, *relay.Relay) {
	return func(ctx context.Context, r *relay.Relay) {
		r.HoldWay(way, true)
		pause(ctx, d)
		r.HoldWay(way, false)
	}
}

// badNetwork is a failure of the network to vm-1: when do returns, it is healed.
func badNetwork(name string, d time.Duration, do func(context.Context, *relay.Relay)) failure {
	var r *relay.Relay
	return failure{
		name: name, phase: d + 2*time.Second,
		prepare: func(t *testing.T, w *world) {
			t.Helper()
			r = relay.New(t, w.machines[0].listen)
			through(t, w, r)
		},
		happen: func(ctx context.Context, w *world) (time.Time, error) {
			w.notef("the network to vm-1: %s", name)
			do(ctx, r)
			w.notef("it is healed")
			return time.Now(), ctx.Err()
		},
	}
}

// through has the proxy and the direct readers read from vm-1 through a relay.
func through(t *testing.T, w *world, r *relay.Relay) {
	t.Helper()
	file := filepath.Join(w.dir, "consolidators")
	list := fmt.Sprintf("tcp://%s name=vm-1\ntcp://%s name=vm-2\n", r.Addr(), w.machines[1].listen)
	if err := os.WriteFile(file, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	onMachines(w)
	w.finder = func() (discovery.Finder, error) { return discovery.File(file) }
	find(w, "--consolidators-file", file)
}
