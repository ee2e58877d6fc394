package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"sluice/proxy"
)

// delays is what a measured crowd saw between publishing and event.
type delays struct{ p50, p99 time.Duration }

// fullBuffers is how long slow readers are written to before the others are measured:
// the kernel's buffers of both sides are full then.
const fullBuffers = 8 * time.Second

// healthy measures the delays of sessions that look at what they get, after they were
// published to for a while.
func (o options) healthy(s *httpServer, ws []*witness, rate int, warm time.Duration) (d delays, err error) {
	p := s.pace([]string{streamName(0)}, rate)
	time.Sleep(warm)
	for _, w := range ws {
		w.reset()
	}
	time.Sleep(o.time)
	if err := p.end(); err != nil {
		return d, err
	}
	var all []time.Duration
	for _, w := range ws {
		_, _, some := w.counted()
		all = append(all, some...)
	}
	if len(all) < 100 {
		return d, errors.New("hardly anything was delivered")
	}
	slices.Sort(all)
	return delays{all[len(all)/2], all[len(all)*99/100]}, nil
}

func (s *httpServer) witnesses(n int) (ws []*witness, err error) {
	for range n {
		w, err := s.witness(streamName(0), "")
		if w != nil {
			ws = append(ws, w)
		}
		if err != nil {
			return ws, err
		}
	}
	return ws, nil
}

func closeAll(ws []*witness) {
	for _, w := range ws {
		w.close()
	}
}

// measureDelays runs one round: few sessions at a high rate, then many at a low rate,
// alone, and beside as many that read a byte a second.
func (o options) measureDelays(server string) (few, alone, beside delays, err error) {
	dir, err := os.MkdirTemp("", "sluice-bench")
	if err != nil {
		return few, alone, beside, err
	}
	defer os.RemoveAll(dir)
	s, err := httpServers[server](o, dir)
	if s != nil {
		defer s.stop()
	}
	if err != nil {
		return few, alone, beside, err
	}
	ws, err := s.witnesses(5)
	defer func() { closeAll(ws) }()
	if err != nil {
		return few, alone, beside, err
	}
	if few, err = o.healthy(s, ws, 10_000, time.Second); err != nil {
		return few, alone, beside, err
	}
	more, err := s.witnesses(95)
	ws = append(ws, more...)
	if err != nil {
		return few, alone, beside, err
	}
	if alone, err = o.healthy(s, ws, 300, time.Second); err != nil {
		return few, alone, beside, err
	}
	stop, err := s.slow(100)
	defer stop()
	if err != nil {
		return few, alone, beside, err
	}
	beside, err = o.healthy(s, ws, 300, fullBuffers)
	return few, alone, beside, err
}

// slow opens n sessions that read a byte a second.
func (s *httpServer) slow(n int) (stop func(), err error) {
	done := make(chan struct{})
	var open []net.Conn
	stop = func() {
		close(done)
		for _, nc := range open {
			_ = nc.Close()
		}
	}
	for range n {
		nc, tcp, err := s.dial()
		if err != nil {
			return stop, err
		}
		open = append(open, nc)
		_ = tcp.SetReadBuffer(4 << 10)
		if _, err := nc.Write(s.request(streamName(0), "")); err != nil {
			return stop, err
		}
		go func() {
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			b := make([]byte, 1)
			for {
				select {
				case <-done:
					return
				case <-tick.C:
				}
				if _, err := nc.Read(b); err != nil {
					return
				}
			}
		}()
	}
	return stop, nil
}

func (o options) delays() error {
	if fullBuffers+o.time > proxy.DefaultWriteTimeout {
		return fmt.Errorf("after %v a reader that takes nothing is cut, so -time is %v at most here", proxy.DefaultWriteTimeout, proxy.DefaultWriteTimeout-fullBuffers)
	}
	fmt.Printf("\nproxy: latency, from publishing to event; medians of %d rounds of %v\n", o.rounds, o.time)
	var few, alone, beside []delays
	for range o.rounds {
		a, b, c, err := o.measureDelays("sluice")
		if err != nil {
			return err
		}
		few, alone, beside = append(few, a), append(alone, b), append(beside, c)
	}
	row := func(name string, all []delays) delays {
		m := delays{mid(all, func(d delays) time.Duration { return d.p50 }), mid(all, func(d delays) time.Duration { return d.p99 })}
		fmt.Printf("%-56s p50 %9v  p99 %9v\n", name, m.p50.Round(10*time.Microsecond), m.p99.Round(10*time.Microsecond))
		return m
	}
	row("5 sessions, 10,000/s", few)
	a := row("100 sessions, 300/s", alone)
	b := row("the same, beside 100 that read a byte a second", beside)
	fmt.Printf("p99 beside them × alone %.2f\n", float64(b.p99)/float64(a.p99))
	return nil
}
