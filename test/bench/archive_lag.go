package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"sluice/cluster/zmtp"
)

const (
	archiveLagName    = "archive: lag"
	archiveLagRate    = 10_000 // records a second
	archiveMemoryName = "archive: memory"
)

// archiveLag measures from the publishing of a record to when it can be read.
func (o options) archiveLag() error {
	p, err := o.startPumps(1)
	if err != nil {
		return err
	}
	defer p.stop()
	a, err := o.startArchive(keepers[0], p, "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(a.dir)
	defer a.stop()
	ctx, end := context.WithCancel(context.Background())
	defer end()
	lags := make(chan time.Duration, 1<<20)
	go watchLags(ctx, a.client, lags)
	rng := rand.New(rand.NewPCG(2, 2))
	const piece = 100
	sent, begun := 0, time.Now()
	span := max(o.time, 10*time.Second)
	var b, r []byte
	for time.Since(begun) < span {
		time.Sleep(time.Until(begun.Add(time.Duration(sent) * time.Second / archiveLagRate)))
		b = b[:0]
		for i := range piece {
			r = archiveRecord(r[:0], rng, time.Now())
			b = zmtp.AppendMessage(b, fmt.Sprintf("tenant/%05d", (sent+i)%archiveStreams), r)
		}
		if _, err := p.publish[0].Write(b); err != nil {
			return err
		}
		sent += piece
	}
	if _, _, _, err := a.settles(sent); err != nil {
		return err
	}
	var all []time.Duration
	for over := time.After(5 * time.Second); len(all) < sent; {
		select {
		case lag := <-lags:
			all = append(all, lag)
		case <-over:
			return fmt.Errorf("of %d records, %d were read", sent, len(all))
		}
	}
	slices.Sort(all)
	at := func(q float64) time.Duration { return all[int(q*float64(len(all)-1))].Round(time.Millisecond) }
	fmt.Printf("%s, %d records a second of %d streams, for %v: published to readable, p50 %v, p99 %v, p99.9 %v, most %v\n\n",
		archiveLagName, archiveLagRate, archiveStreams, span, at(.5), at(.99), at(.999), at(1))
	return nil
}

// archiveMemory measures what an archive of many streams takes.
func (o options) archiveMemory() error {
	fmt.Printf("%s, three consolidators, for 20s\n\n%-10s %10s %12s %14s %14s\n", archiveMemoryName, "streams", "records/s", "peak MiB", "at the end MiB", "CPU, cores")
	for _, load := range []struct{ streams, rate int }{{100, archiveLagRate}, {1000, archiveLagRate}, {10_000, archiveLagRate}, {10_000, 3 * archiveLagRate}} {
		peak, now, cpu, err := o.archiveHolds(load.streams, load.rate)
		if err != nil {
			return err
		}
		fmt.Printf("%-10d %10d %12.0f %14.0f %14.2f\n", load.streams, load.rate, peak/(1<<20), now/(1<<20), cpu)
	}
	fmt.Println()
	return nil
}

func (o options) archiveHolds(streams, rate int) (peak, now, cpu float64, err error) {
	load := mix(streams)
	p, err := o.startPumps(3)
	if err != nil {
		return 0, 0, 0, err
	}
	defer p.stop()
	a, err := o.startArchive(keepers[0], p, "")
	if err != nil {
		return 0, 0, 0, err
	}
	defer os.RemoveAll(a.dir)
	defer a.stop()
	before, err := cpuTime(a.pid)
	if err != nil {
		return 0, 0, 0, err
	}
	const span = 20 * time.Second
	begun := time.Now()
	sent := make(chan int, len(p.publish))
	fail := make(chan error, len(p.publish))
	for _, c := range p.publish {
		go func() {
			n, err := load.send(c, rate/3, span)
			sent <- n
			fail <- err
		}()
	}
	all := 0
	for range p.publish {
		all += <-sent
		if err := <-fail; err != nil {
			return 0, 0, 0, err
		}
	}
	if _, _, _, err := a.settles(all); err != nil {
		return 0, 0, 0, err
	}
	after, err := cpuTime(a.pid)
	if err != nil {
		return 0, 0, 0, err
	}
	cpu = (after - before).Seconds() / time.Since(begun).Seconds()
	if now, err = statusBytes(a.pid, "VmRSS"); err == nil {
		peak, err = peakMemory(a.pid)
	}
	return peak, now, cpu, err
}
