package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/cluster/record"
	"sluice/cluster/zmtp"
)

const archiveTakeoverName = "archive: takeover"

// archiveTakeover measures how long the archive stands still when the one of two that
// writes is killed: the longest that a record takes until it can be read.
func (o options) archiveTakeover() error {
	p, err := o.startPumps(1)
	if err != nil {
		return err
	}
	defer p.stop()
	dir, err := os.MkdirTemp("", "sluice-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	e, err := engine.Open(context.Background(), engine.Config{Store: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	defer e.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	start := func() (kill func(), err error) {
		return startKilled([]string{self, "archived-at", p.subscribe[0], "nats://" + e.Addr(), "-", ""})
	}
	kill, err := start()
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	lags := make(chan time.Duration, 1<<16)
	go watchLags(ctx, e.Client, lags)
	rng := rand.New(rand.NewPCG(3, 3))
	publish := func(span time.Duration) (most time.Duration, err error) {
		for begun := time.Now(); time.Since(begun) < span; time.Sleep(10 * time.Millisecond) {
			var b []byte
			for i := range 10 {
				b = zmtp.AppendMessage(b, fmt.Sprintf("tenant/%05d", i), archiveRecord(nil, rng, time.Now()))
			}
			if _, err := p.publish[0].Write(b); err != nil {
				return 0, err
			}
			for len(lags) > 0 {
				most = max(most, <-lags)
			}
		}
		return most, nil
	}
	var took []time.Duration
	for range max(o.rounds, 3) {
		if _, err := publish(8 * time.Second); err != nil { // it writes, whichever it is
			return err
		}
		next, err := start()
		if err != nil {
			return err
		}
		if _, err := publish(8 * time.Second); err != nil {
			return err
		}
		kill()
		kill = next
		most, err := publish(10 * time.Second)
		if err != nil {
			return err
		}
		took = append(took, most.Round(time.Millisecond))
	}
	kill()
	slices.Sort(took)
	fmt.Printf("%s: the longest from publishing to readable, over a kill -9 of the archive that wrote: median %v, most %v of %d\n\n",
		archiveTakeoverName, took[len(took)/2], took[len(took)-1], len(took))
	return nil
}

// watchLags sends how long each record took until it could be read.
func watchLags(ctx context.Context, c *engine.Client, to chan<- time.Duration) {
	for m, err := range c.Watch(ctx, engine.Watching{From: 1, Subjects: []string{subject.Root + ".*.tenant.>"}}) {
		now := time.Now()
		if err != nil {
			return
		}
		h, err := m.Head()
		if err != nil || h.Gap != nil {
			continue
		}
		records, _, err := h.Open(m.Payload, nil)
		if err != nil {
			continue
		}
		for _, data := range records.All() {
			to <- now.Sub(time.UnixMilli(record.PeekTime(data)))
		}
	}
}
