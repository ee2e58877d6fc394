package consolidator

import (
	"container/list"
	"fmt"
	"net"
	"sync"
	"time"
)

// The limits of Config.
const (
	DefaultMaxConnections = 20_000
	DefaultMaxHandshakes  = 1_000
	DefaultMaxStreams     = 100_000
)

// minHandshake is how long a handshake may take before it has to give way to
// another. Where all are younger, accepting pauses for so long at most: when
// thousands come back after a restart, each is served in turn.
const minHandshake = 250 * time.Millisecond

// limit puts the defaults where no limits are given.
func (cfg *Config) limit() error {
	for _, l := range []struct {
		value *int
		name  string
		usual int
	}{
		{&cfg.MaxConnections, "connections", DefaultMaxConnections},
		{&cfg.MaxHandshakes, "handshakes", DefaultMaxHandshakes},
		{&cfg.MaxStreams, "streams", DefaultMaxStreams},
	} {
		switch {
		case *l.value < 0:
			return fmt.Errorf("at most %d %s: give at least 1, or 0 for %d", *l.value, l.name, l.usual)
		case *l.value == 0:
			*l.value = l.usual
		}
	}
	return nil
}

// side is one of the two kinds of endpoint.
type side uint8

const (
	publishing side = iota
	subscribing
	sides
)

// peers is what connects to it.
func (s side) peers() string { return [...]string{"publisher", "reader"}[s] }

// share is how many connections one side may have: a quarter of all is kept for
// the other, so that readers, or strangers, cannot lock publishers out, nor the
// other way round.
func (cfg *Config) share() int { return cfg.MaxConnections - cfg.MaxConnections/4 }

// door is where the connections of one side come in. It is guarded by
// Consolidator.mu.
type door struct {
	side    side
	open    map[net.Conn]struct{}      // connections, those in their handshake included
	shaking map[net.Conn]*list.Element // connections in their handshake
	oldest  list.List                  // of shake, in the order in which they came
	left    chan struct{}              // one has left its handshake; capacity 1
	serving sync.WaitGroup             // the goroutines of its connections
}

type shake struct {
	conn  net.Conn
	since time.Time
}

func newDoors() (doors [sides]*door) {
	for i := range doors {
		doors[i] = &door{side: side(i), open: make(map[net.Conn]struct{}), shaking: make(map[net.Conn]*list.Element), left: make(chan struct{}, 1)}
	}
	return doors
}

// full reports whether there is no place for one more, and counts that. c.mu is
// held.
func (c *Consolidator) full(d *door) bool {
	open := 0
	for _, d := range c.doors {
		open += len(d.open)
	}
	switch {
	case open >= c.cfg.MaxConnections:
		c.counts.tooMany.Add(1)
	case len(d.open) >= c.cfg.share():
		c.counts.tooManyOf[d.side].Add(1)
	default:
		return false
	}
	return true
}

// admit lets a fresh connection into its handshake, or closes it. Of those in
// their handshake the oldest gives way, so that silent ones keep no one out.
func (c *Consolidator) admit(d *door, nc net.Conn) bool {
	ok, full := c.enter(d, nc)
	if !ok {
		nc.Close()
	}
	if full {
		c.log.Warn("peer refused: too many connections", "kind", d.side.peers(), "peer", nc.RemoteAddr())
	}
	return ok
}

// enter is admit, but closes only what gives way.
func (c *Consolidator) enter(d *door, nc net.Conn) (ok, full bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if c.full(d) {
			return false, true
		}
		if len(d.shaking) < c.cfg.MaxHandshakes {
			break
		}
		first := d.oldest.Front().Value.(shake)
		wait := minHandshake - time.Since(first.since)
		if wait <= 0 {
			c.counts.displaced.Add(1)
			d.leave(first.conn)
			first.conn.Close()
			break
		}
		c.mu.Unlock()
		select {
		case <-d.left:
		case <-time.After(wait):
		}
		c.mu.Lock()
	}
	d.open[nc] = struct{}{}
	d.shaking[nc] = d.oldest.PushBack(shake{nc, time.Now()})
	d.serving.Add(1)
	return true, false
}

// leave notes that a connection is no longer in its handshake. It reports
// false when that was known: it was displaced. Consolidator.mu is held.
func (d *door) leave(nc net.Conn) bool {
	e, ok := d.shaking[nc]
	if !ok {
		return false
	}
	d.oldest.Remove(e)
	delete(d.shaking, nc)
	select {
	case d.left <- struct{}{}:
	default:
	}
	return true
}

// gone notes that a connection that was admitted is closed.
func (c *Consolidator) gone(d *door, nc net.Conn) {
	c.mu.Lock()
	delete(d.open, nc)
	c.mu.Unlock()
	d.serving.Done()
}
