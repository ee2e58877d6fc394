package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"sluice/archive/engine"
	"sluice/archive/history"
)

// How an archive grows is measured from one base in three directions, each at three sizes.
// A stream has a batch each half hour at each consolidator. What is printed is what
// test/chart draws.
const (
	growthName    = "archive: growth"
	growthRecords = 50               // of a batch
	growthFed     = 10 * time.Second // with live records, before memory is looked at
)

// grown is what is held.
type grown struct{ streams, consolidators, days int }

// growths are the base, and three and ten times as much in each direction.
var growths = []grown{
	{1000, 1, 1},
	{3000, 1, 1},
	{10_000, 1, 1},
	{1000, 3, 1},
	{1000, 10, 1},
	{1000, 1, 3},
	{1000, 1, 10},
}

// growth measures all sizes. The option days is how much of each day is held: a tenth tries
// whether all works.
func (o options) growth() error {
	fmt.Printf("# %s: a batch of %d records each half hour, for %g of each day; times of the first record are medians of %d\n", growthName, growthRecords, o.days, readingTimes)
	fmt.Printf("%7s %13s %4s %8s %6s %12s %11s %11s %12s %14s %12s\n",
		"streams", "consolidators", "days", "batches", "MiB", "clean-s", "killed-s", "last-ms", "since-ms", "replay-per-s", "memory-MiB")
	for _, g := range growths {
		if err := o.grow(g); err != nil {
			return fmt.Errorf("%s: %+v: %w", growthName, g, err)
		}
	}
	return nil
}

func (o options) grow(g grown) error {
	s := shape{
		streams: g.streams, consolidators: g.consolidators, every: 30 * time.Minute, records: growthRecords,
		batches: max(int(48*o.days*float64(g.days)), 1),
	}
	ctx := context.Background()
	dir, err := s.store(ctx)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	clean, err := beginning(ctx, dir, false, true)
	if err != nil {
		return err
	}
	killed, err := beginning(ctx, dir, true, true)
	if err != nil {
		return err
	}
	last, since, rate, err := s.readAll(ctx, dir)
	if err != nil {
		return err
	}
	memory, err := o.fed(dir, s)
	if err != nil {
		return err
	}
	fmt.Printf("%7d %13d %4d %8d %6d %12.3f %11.3f %11.2f %12.2f %14.0f %12.0f\n", g.streams, g.consolidators, g.days,
		clean.held.Messages, clean.held.Bytes>>20, clean.took.Seconds(), killed.took.Seconds(), last.median, since.median, rate, memory/(1<<20))
	return nil
}

// readAll measures the readings of a store of which nothing is in memory.
func (s shape) readAll(ctx context.Context, dir string) (last, since spread, rate float64, err error) {
	if err := forget(dir); err != nil {
		return last, since, 0, err
	}
	e, err := engine.Open(ctx, engine.Config{Store: dir, Listen: "127.0.0.1:0", MaxBytes: 1 << 40})
	if err != nil {
		return last, since, 0, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	client, err := engine.Dial(engine.DialConfig{URLs: []string{"nats://" + e.Addr()}})
	if err != nil {
		return last, since, 0, err
	}
	defer client.Close()
	a := history.New(client)
	if last, err = s.first(ctx, a, func(q *history.Query) { q.Last = 1000 }); err != nil {
		return last, since, 0, err
	}
	if err = forget(dir); err != nil {
		return last, since, 0, err
	}
	if since, err = s.first(ctx, a, func(q *history.Query) { q.From = s.within() }); err != nil {
		return last, since, 0, err
	}
	if err = forget(dir); err != nil {
		return last, since, 0, err
	}
	rate, err = s.replayRate(ctx, a)
	return last, since, rate, err
}

// fed is the most memory that an archive had which began with a store and archived 10,000
// records a second of all of its streams.
func (o options) fed(dir string, s shape) (peak float64, err error) {
	load := mix(s.streams) // before there is a connection, which would be idle meanwhile
	p, err := o.startPumps(max(s.consolidators, 1))
	if err != nil {
		return 0, err
	}
	defer p.stop()
	a, err := o.startArchiveOf(dir, keepers[0], p, "")
	if err != nil {
		return 0, err
	}
	defer a.stop()
	sent := make(chan error, len(p.publish))
	for _, c := range p.publish {
		go func() {
			_, err := load.send(c, archiveLagRate/len(p.publish), growthFed)
			sent <- err
		}()
	}
	for range p.publish {
		err = errors.Join(err, <-sent)
	}
	if err != nil {
		return 0, err
	}
	return peakMemory(a.pid)
}
