package consolidator

import (
	"container/list"
	"fmt"
	"net"
	"time"
)

// The limits of Config.
const (
	DefaultMaxConnections = 20_000
	DefaultMaxHandshakes  = 2_000
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

// door is where connections come in. It is guarded by Consolidator.mu.
type door struct {
	open    int                        // connections, those in their handshake included
	shaking map[net.Conn]*list.Element // connections in their handshake
	oldest  list.List                  // of shake, in the order in which they came
	left    chan struct{}              // one has left its handshake; capacity 1
}

type shake struct {
	conn  net.Conn
	since time.Time
}

func newDoor() door {
	return door{shaking: make(map[net.Conn]*list.Element), left: make(chan struct{}, 1)}
}

// admit lets a fresh connection into its handshake, or closes it. Of those in
// their handshake the oldest gives way, so that silent ones keep nobody out.
func (c *Consolidator) admit(nc net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closing && c.open < c.cfg.MaxConnections && len(c.shaking) >= c.cfg.MaxHandshakes {
		first := c.oldest.Front().Value.(shake)
		wait := minHandshake - time.Since(first.since)
		if wait <= 0 {
			c.counts.displaced.Add(1)
			c.leaveDoor(first.conn)
			first.conn.Close()
			break
		}
		c.mu.Unlock()
		select {
		case <-c.left:
		case <-time.After(wait):
		}
		c.mu.Lock()
	}
	switch {
	case c.closing:
		nc.Close()
		return false
	case c.open >= c.cfg.MaxConnections:
		c.counts.tooMany.Add(1)
		nc.Close()
		return false
	}
	c.open++
	c.shaking[nc] = c.oldest.PushBack(shake{nc, time.Now()})
	c.conns.Add(1)
	return true
}

// leaveDoor notes that a connection is no longer in its handshake. It reports
// false when that was known: it was displaced. c.mu is held.
func (c *Consolidator) leaveDoor(nc net.Conn) bool {
	e, ok := c.shaking[nc]
	if !ok {
		return false
	}
	c.oldest.Remove(e)
	delete(c.shaking, nc)
	select {
	case c.left <- struct{}{}:
	default:
	}
	return true
}

// gone notes that a connection that was admitted is closed.
func (c *Consolidator) gone() {
	c.mu.Lock()
	c.open--
	c.mu.Unlock()
	c.conns.Done()
}
