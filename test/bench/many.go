package main

import (
	"fmt"
	"regexp"
	"time"
)

// sizes are how many consolidators there are, and streams, of which each consolidator
// has a part.
var sizes = []size{{10, 4_000}, {25, 10_000}, {50, 20_000}, {10, 20_000}, {50, 4_000}}

type size struct{ consolidators, streams int }

func (s size) name() string {
	return fmt.Sprintf("proxy: many machines, %d with %d streams", s.consolidators, s.streams)
}

// manyRate is how many records a second there are, over all streams.
const manyRate = 20_000

// manyWatchers watch the list of streams at a time.
const manyWatchers = 10

// manyMachines measures what streams and consolidators cost a proxy that tails all
// streams at all consolidators: all of them are processes of their own.
func (o options) manyMachines(only *regexp.Regexp) error {
	first := true
	for _, s := range sizes {
		if !only.MatchString(s.name()) {
			continue
		}
		if first {
			first = false
			fmt.Printf("\nconsolidators, each a process of its own, all of whose streams one proxy tails, for sessions of %d streams each; %d records a second over all; CPU is the proxy's, unless it says so\n", sessionStreams, manyRate)
		}
		if err := o.manyOf(s); err != nil {
			return fmt.Errorf("%s: %w", s.name(), err)
		}
	}
	return nil
}

func (o options) manyOf(s size) error {
	consolidators, streams := s.consolidators, s.streams
	m, err := startMachines(o, consolidators, streams)
	if m != nil {
		defer m.stop()
	}
	if err != nil {
		return err
	}
	fmt.Println(s.name())
	ends := float64(consolidators * streams)
	const span = 10 * time.Second // of each measurement

	// All begin at once.
	if err := m.each(0, consolidators); err != nil {
		return err
	}
	began, err := m.look()
	if err != nil {
		return err
	}
	if err := m.open(); err != nil {
		return err
	}
	if err := m.await(int64(streams)); err != nil {
		return err
	}
	live, err := m.since(began)
	if err != nil {
		return err
	}
	fmt.Printf("  all live after %.1f s: %.0f µs a stream, %.1f µs for each stream and consolidator; the consolidators %.1f µs\n",
		live.took.Seconds(), micros(live.proxy)/float64(streams), micros(live.proxy)/ends, micros(live.consolidators)/ends)

	// Nothing happens.
	time.Sleep(o.settles())
	rest, err := m.during(span, func(time.Duration) error { return nil })
	if err != nil {
		return err
	}
	resident, err := statusBytes(m.proxy.pid, "VmRSS")
	if err != nil {
		return err
	}
	of, err := m.resident()
	if err != nil {
		return err
	}
	fmt.Printf("  idle: %.0f MiB, %.2f KiB for each stream and consolidator; %.1f %% of a core; a consolidator %.0f MiB, %.2f %% of a core\n",
		resident/(1<<20), (resident-baseMemory)/1024/ends, rest.share(rest.proxy), of/(1<<20), rest.share(rest.consolidators)/float64(consolidators))

	// Records.
	before, err := m.during(span, m.publish)
	if err != nil {
		return err
	}
	each := func(d time.Duration) float64 { return micros(d) / (manyRate * span.Seconds()) }
	fmt.Printf("  a record: %.1f µs; the consolidators %.1f µs\n", each(before.proxy), each(before.consolidators))

	for _, form := range []string{"watch", "watch=changes"} {
		end, got, err := m.watch(form, manyWatchers)
		if err != nil {
			return err
		}
		from := got()
		with, err := m.during(span, m.publish)
		bytes := float64(got()-from) / with.took.Seconds() / manyWatchers
		end()
		if err != nil {
			return err
		}
		fmt.Printf("  /api/streams?%s: %.2f ms of CPU a second for each of %d watchers, %.0f KiB/s\n",
			form, 10*with.share(with.proxy-before.proxy)/manyWatchers, manyWatchers, bytes/1024)
	}

	// One is killed, and comes back.
	return m.killAndBack()
}

// killAndBack kills a consolidator, starts it again, and waits until all its streams are
// read again.
func (m *machines) killAndBack() error {
	const one = 0
	began, err := m.look()
	if err != nil {
		return err
	}
	if err := m.kill(one); err != nil {
		return err
	}
	had := m.records()
	if err := m.start(one); err != nil {
		return err
	}
	ready := time.Now()
	if err := m.each(one, one+1); err != nil {
		return err
	}
	if err := m.await(had + int64(m.part(one))); err != nil {
		return err
	}
	back := time.Since(ready)
	u, err := m.since(began)
	if err != nil {
		return err
	}
	fmt.Printf("  a consolidator killed and back: all %d of its streams %.2f s after it listened; %.0f ms of CPU, %.1f µs a stream that is tailed there\n",
		m.part(one), back.Seconds(), micros(u.proxy)/1e3, micros(u.proxy)/float64(m.streams))
	return nil
}

// baseMemory is what a proxy takes without streams.
const baseMemory = 25 << 20

// settles is how long a proxy in Go may take to give back what it does not need.
func (o options) settles() time.Duration { return min(goSettles, 5*o.time) }

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
