package consolidator

import (
	"context"
	"time"

	"sluice/cluster/zmtp"
)

// liveFor is how long a stream is live after a record.
const liveFor = time.Minute

// times are how often and how long. Tests make them shorter.
type times struct {
	handshake time.Duration // for a peer to be connected
	ack       time.Duration // between acknowledgements, and between the sweeper's looks
	list      time.Duration // between lists of live streams, and between looks at heartbeats
	ping      time.Duration // between heartbeats
	silent    time.Duration // without a word, and a peer is gone
	mark      time.Duration // between periodic marks
	state     time.Duration // between records of its own state
}

var usualTimes = times{
	handshake: zmtp.HandshakeTimeout,
	ack:       100 * time.Millisecond,
	list:      time.Second,
	ping:      5 * time.Second,
	silent:    15 * time.Second,
	mark:      10 * time.Second,
	state:     5 * time.Second,
}

// sweep does what has to be done for all connections from time to time, so
// that an idle one costs no timer.
func (c *Consolidator) sweep(ctx context.Context) {
	tick := time.NewTicker(c.times.ack)
	defer tick.Stop()
	known := make(map[string]zmtp.StreamStat)
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
			c.list(now, known)
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
		if n := p.accepted.Load(); p.conn.Peer.Sluice && n > p.acked {
			p.acked = n
			if !p.out.send(zmtp.AppendAck(nil, n)) {
				p.conn.Close()
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
		silent := now.Sub(time.Unix(0, p.heard.Load()))
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
		silent := now.Sub(time.Unix(0, s.heard.Load()))
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
	conn.Close()
}

func (c *Consolidator) mark() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.subscribers {
		if s.conn.Peer.Sluice {
			s.mu.Lock()
			s.marks = true
			s.mu.Unlock()
			s.poke()
		}
	}
}

// list tells those who watch which live streams have changed.
func (c *Consolidator) list(now time.Time, known map[string]zmtp.StreamStat) {
	var watchers []*subscriber
	c.mu.Lock()
	for s := range c.subscribers {
		s.mu.Lock()
		if s.watch {
			watchers = append(watchers, s)
		}
		s.mu.Unlock()
	}
	c.mu.Unlock()
	if len(watchers) == 0 {
		clear(known)
		return
	}
	live := c.liveStreams(now)
	var changed []zmtp.StreamStat
	for _, st := range live {
		if known[st.Name] != st {
			changed = append(changed, st)
		}
	}
	clear(known)
	for _, st := range live {
		known[st.Name] = st
	}
	var delta, whole []byte
	for _, s := range watchers {
		s.mu.Lock()
		all := s.whole
		full := len(s.control) > maxControl/4
		s.whole = full
		s.mu.Unlock()
		switch {
		case full: // it does not read; it gets the whole list when it does
		case all:
			if whole == nil {
				whole = zmtp.AppendStreams(nil, live)
			}
			_ = s.answer(whole, nil)
		case len(changed) > 0:
			if delta == nil {
				delta = zmtp.AppendStreams(nil, changed)
			}
			_ = s.answer(delta, nil)
		}
	}
}

// sendStreams sends one reader the whole list.
func (c *Consolidator) sendStreams(s *subscriber) {
	s.mu.Lock()
	s.whole = false
	s.mu.Unlock()
	if s.answer(zmtp.AppendStreams(nil, c.liveStreams(time.Now())), nil) != nil {
		s.mu.Lock()
		s.whole = true
		s.mu.Unlock()
	}
}

func (c *Consolidator) liveStreams(now time.Time) []zmtp.StreamStat {
	var live []zmtp.StreamStat
	for st := range c.hub.Stats {
		if st.Next > 0 && now.Sub(st.Last) < liveFor {
			live = append(live, zmtp.StreamStat{Name: st.Name, Epoch: st.Epoch, Next: st.Next, Bytes: st.Bytes})
		}
	}
	return live
}
