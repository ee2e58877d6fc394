package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// fanOut is a load on servers of events.
type fanOut struct {
	name     string
	sessions int
	streams  int // session i reads stream i modulo streams
	rate     int // records a second and stream
	query    string
	servers  []string
}

// fanOuts are the loads. Each peer gets those that tell something of it.
var fanOuts = []fanOut{
	{name: "proxy: 1,000 sessions, 300/s", sessions: 1000, streams: 1, rate: 300, servers: []string{"sluice", "hub", "r3labs"}},
	{name: "proxy: 1,000 sessions, 300/s, with TLS and a token", sessions: 1000, streams: 1, rate: 300, servers: []string{"sluice", "secure"}},
	{name: "proxy: 1,000 sessions, 500/s", sessions: 1000, streams: 1, rate: 500, servers: []string{"sluice", "nchan", "hub"}},
	{name: "proxy: 1,000 sessions, 8,000/s", sessions: 1000, streams: 1, rate: 8000, servers: []string{"sluice"}},
	{name: "proxy: 1,000 streams, 50/s each", sessions: 1000, streams: 1000, rate: 50, servers: []string{"sluice", "hub"}},
	{name: "proxy: 1,000 filters, 300/s", sessions: 1000, streams: 1, rate: 300, query: "level=info&grep=bench.*x", servers: []string{"sluice"}},
}

func streamName(i int) string { return "tenant/" + strconv.Itoa(i) }

// fanned is what one round measured.
type fanned struct {
	perSecond float64 // events
	perCPU    float64 // events a second of the server's CPU
	share     float64 // delivered, of what was published
	p50, p99  time.Duration
}

func (o options) measureFanOut(f fanOut, server string) (r fanned, err error) {
	dir, err := os.MkdirTemp("", "sluice-bench")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	s, err := httpServers[server](o, dir)
	if s != nil {
		defer s.stop()
	}
	if err != nil {
		return r, err
	}
	// The streams are there before their readers: those of invented names wait their turn.
	for i := range f.streams {
		if err := s.send([]posted{{streamName(i), stamped(time.Now())}}); err != nil {
			return r, err
		}
	}
	c, err := s.connect(f.sessions, func(i int) string { return streamName(i % f.streams) }, f.query)
	defer c.close()
	if err != nil {
		return r, err
	}
	w, err := s.witness(streamName(0), f.query)
	defer w.close()
	if err != nil {
		return r, err
	}
	streams := make([]string, f.streams)
	for i := range streams {
		streams[i] = streamName(i)
	}
	p := s.pace(streams, f.rate)
	begun := make([]int64, len(c.sessions))
	for i, b := range c.sessions {
		begun[i] = b.bytes.Load()
	}
	err = c.awaitRecords(begun)
	if err != nil {
		return r, errors.Join(err, p.end())
	}
	time.Sleep(time.Second)
	w.reset()
	cpu, err := s.cpu()
	if err != nil {
		return r, errors.Join(err, p.end())
	}
	start, before, published := time.Now(), c.total(), p.records.Load()
	time.Sleep(o.time)
	took, sum, sent := time.Since(start), c.total()-before, p.records.Load()-published
	after, err := s.cpu()
	if err = errors.Join(err, p.end()); err != nil {
		return r, err
	}
	_, size, delays := w.counted()
	if len(delays) == 0 {
		return r, errors.New("nothing was delivered")
	}
	events := float64(sum) / size
	r.perSecond = events / took.Seconds()
	r.perCPU = events / (after - cpu).Seconds()
	r.share = events / (float64(sent) * float64(f.sessions) / float64(f.streams))
	r.p50, r.p99 = delays[len(delays)/2], delays[len(delays)*99/100]
	return r, nil
}

// awaitRecords waits until each session has more than it had.
func (c *crowdOf) awaitRecords(had []int64) error {
	more := func(i int) bool { return c.sessions[i].bytes.Load() > had[i]+300 }
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		i := 0
		for i < len(had) && more(i) {
			i++
		}
		if i == len(had) {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.New("a session gets no records")
		}
	}
}

// fan prints one load: the servers take turns.
func (o options) fan(f fanOut) error {
	all := make([][]fanned, len(f.servers))
	for range o.rounds {
		for i, server := range f.servers {
			r, err := o.measureFanOut(f, server)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", f.name, server, err)
			}
			all[i] = append(all[i], r)
		}
	}
	fmt.Printf("\n%s; medians of %d rounds of %v\n", f.name, o.rounds, o.time)
	var ours fanned
	for i, server := range f.servers {
		m := fanned{
			perSecond: midFloat(all[i], func(r fanned) float64 { return r.perSecond }),
			perCPU:    midFloat(all[i], func(r fanned) float64 { return r.perCPU }),
			share:     midFloat(all[i], func(r fanned) float64 { return r.share }),
			p50:       mid(all[i], func(r fanned) time.Duration { return r.p50 }),
			p99:       mid(all[i], func(r fanned) time.Duration { return r.p99 }),
		}
		fmt.Printf("%-8s %8.0f k events/s (%3.0f %%)  %8.0f k a CPU-second, %6.2f µs each   p50 %9v  p99 %9v",
			server, m.perSecond/1e3, m.share*100, m.perCPU/1e3, 1e6/m.perCPU, m.p50.Round(10*time.Microsecond), m.p99.Round(10*time.Microsecond))
		if i == 0 {
			ours = m
			fmt.Println()
			continue
		}
		fmt.Printf("   its CPU an event × ours %.1f\n", ours.perCPU/m.perCPU)
	}
	return nil
}
