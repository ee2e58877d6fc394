package consolidator

import (
	"context"
	"time"

	"sluice/cluster/uptime"
	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
)

// times are how often and how long. Tests make them shorter.
type times struct {
	handshake time.Duration // for a peer to be connected
	ack       time.Duration // between acknowledgements, and between the sweeper's looks
	list      time.Duration // between lists of live streams, and between looks at heartbeats
	ping      time.Duration // between heartbeats
	silent    time.Duration // without a word, and a peer is gone
	finish    time.Duration // at the end, for handshakes that have begun, and for what readers have asked for
	stuck     time.Duration // at the end, beyond the time that a connection has, for it to be gone
	mark      time.Duration // between periodic marks
	state     time.Duration // between records of its own state
	keys      time.Duration // between looks at the lists of keys
}

var usualTimes = times{
	handshake: zmtp.HandshakeTimeout,
	ack:       100 * time.Millisecond,
	list:      time.Second,
	ping:      5 * time.Second,
	silent:    15 * time.Second,
	finish:    minHandshake,
	stuck:     5 * time.Second,
	mark:      10 * time.Second,
	state:     5 * time.Second,
	keys:      curve.Every,
}

// sweep does what has to be done for all connections from time to time, so
// that an idle one costs no timer.
func (c *Consolidator) sweep(ctx context.Context) {
	tick := time.NewTicker(c.times.ack)
	defer tick.Stop()
	var listed, marked time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			c.acknowledge()
			if now.Sub(listed) < c.times.list {
				continue
			}
			listed = now
			c.beat(now)
			c.listEach(now)
			if now.Sub(marked) >= c.times.mark {
				marked = now
				c.mark()
			}
		}
	}
}

func (c *Consolidator) acknowledge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for p := range c.publishers {
		if n := p.handled.sum(); p.conn.Peer.Sluice && n > p.acked {
			p.acked = n
			if !p.out.send(p.handled.appendAck(nil)) {
				c.counts.notReading.Add(1)
				p.conn.Abort()
			}
		}
	}
}

// beat sends heartbeats, and closes what has been silent for too long.
func (c *Consolidator) beat(now time.Time) {
	ping := zmtp.AppendPing(nil, 0)
	c.mu.Lock()
	defer c.mu.Unlock()
	for p := range c.publishers {
		if !p.conn.Peer.Pings() {
			continue // the kernel's keep-alive has to do
		}
		silent := uptime.Since(uptime.Clock(p.heard.Load()))
		if silent > c.times.silent {
			c.silent("publisher", p.conn)
			continue
		}
		if now.Sub(p.pinged) >= c.times.ping {
			p.pinged = now
			p.out.send(ping)
		}
	}
	for s := range c.subscribers {
		if !s.conn.Peer.Pings() {
			continue
		}
		silent := uptime.Since(uptime.Clock(s.heard.Load()))
		if silent > c.times.silent && !s.blocked.Load() {
			c.silent("reader", s.conn)
			continue
		}
		if now.Sub(s.pinged) >= c.times.ping && !s.blocked.Load() {
			s.pinged = now
			_ = s.answer(ping, nil)
		}
	}
}

func (c *Consolidator) silent(kind string, conn *zmtp.Conn) {
	c.counts.silent.Add(1)
	c.log.Info("peer silent, closed", "kind", kind, "peer", conn.RemoteAddr())
	conn.Abort()
}

func (c *Consolidator) mark() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.subscribers {
		if s.conn.Peer.Sluice {
			s.mu.Lock()
			s.marks = true
			s.mu.Unlock()
			s.wake()
		}
	}
}
