package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"sluice/internal/relay"
)

// separable has the proxy reach each consolidator through a relay, so that they can be cut
// off from one another; where consolidators register in etcd, all readers do.
func separable(w *world) error {
	var flags []string
	for _, m := range w.machines {
		way, err := relay.Open(m.listen)
		if err != nil {
			return err
		}
		w.ways = append(w.ways, way)
		flags = append(flags, "--consolidator", "tcp://"+way.Addr())
	}
	find(w, flags...)
	return nil
}

// advertise has a consolidator registered where its relay is.
func advertise(w *world) {
	for i, way := range w.ways {
		w.machines[i].args = append(w.machines[i].args, "--advertise", "tcp://"+way.Addr())
	}
}

// advertiseElsewhere makes another relay to a consolidator that moves. Once it has, leave
// closes the one before, over which its readers hear that it ends.
func advertiseElsewhere(w *world, machine int) (leave func(), err error) {
	if w.ways == nil {
		return func() {}, nil
	}
	old, m := w.ways[machine], w.machines[machine]
	way, err := relay.Open(m.listen)
	if err != nil {
		return func() {}, err
	}
	w.ways[machine] = way
	for i, a := range m.args {
		if a == "tcp://"+old.Addr() {
			m.args[i] = "tcp://" + way.Addr()
		}
	}
	return old.Close, nil
}

// side is what does not arrive in a partition.
type side int

const (
	bothWays side = iota
	toServer
	toClient
)

// drawSide draws a side.
func drawSide(rnd *rand.Rand) side { return side(rnd.IntN(3)) }

func (s side) String() string {
	return [...]string{"both ways", "on the way there", "on the way back"}[s]
}

// hold has nothing pass, or all again.
func (s side) hold(way *relay.Relay, yes bool) {
	switch s {
	case bothWays:
		way.Hold(yes)
	case toServer:
		way.HoldWay(relay.ToServer, yes)
	case toClient:
		way.HoldWay(relay.ToClient, yes)
	}
}

// partition has nothing pass over some ways for a while, on one side or both. Nobody is
// told.
func (w *world) partition(ctx context.Context, what string, ways []*relay.Relay, s side, d time.Duration) {
	w.notef("nothing passes to %s, %v, for %v", what, s, d.Round(time.Millisecond))
	for _, way := range ways {
		s.hold(way, true)
	}
	pause(ctx, d)
	for _, way := range ways {
		s.hold(way, false)
	}
	w.notef("it passes to %s again", what)
}

// separate cuts a consolidator off from the proxy, and where it registers, from its direct
// readers.
func (w *world) separate(ctx context.Context, machine int, s side, d time.Duration) error {
	m := w.machines[machine]
	m.disturb()
	w.sum.add("machines cut off")
	w.partition(ctx, m.name, w.ways[machine:machine+1], s, d)
	return nil
}

// part cuts a reader off, which is not told.
func (w *world) part(ctx context.Context, t *tally, s side, d time.Duration) error {
	t.hurt.Store(true)
	w.sum.add("readers cut off in silence")
	w.partition(ctx, fmt.Sprintf("what %s reads", t.id), t.relays, s, d)
	return nil
}
