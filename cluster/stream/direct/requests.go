package direct

import (
	"math/rand/v2"

	"sluice/cluster/zmtp"
)

// requests are what a link asks its consolidator for. They are guarded by link.mu.
//
// When a stream is wanted again that was asked for before on this connection, answers to
// that may still be coming, and nothing in them tells them from what is asked for now. A
// PONG does: it comes behind all that was asked for before its PING, the barrier.
type requests struct {
	barrier  uint64              // number of the last PING that is one
	stopping map[string]uint64   // by stream that was asked for, and stopped: the barrier behind which nothing comes of it
	stopped  []string            // those of them that wait for the next PING
	barred   map[uint64][]string // those that wait for a PONG
	queue    []byte              // to be written
	poke     chan struct{}       // there is something to be written; capacity 1
}

// tail asks for a stream, as soon as nothing is on its way that was asked for before.
func (l *link) tail(t *tail) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.cursors[t.name]
	c := &cursor{tail: t}
	l.cursors[t.name] = c
	if l.conn == nil {
		return
	}
	asked := before != nil && before.asked
	switch {
	case !l.conn.Peer.Sluice:
		c.asked = asked
		l.ask(c)
	case asked || l.stopping[t.name] != 0:
		c.barrier = l.bar(t.name)
	default:
		l.ask(c)
	}
}

// stop asks for a stream no more.
func (l *link) stop(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.cursors[name]
	delete(l.cursors, name)
	switch {
	case l.conn == nil || c == nil || !c.asked:
	case l.conn.Peer.Sluice:
		l.bar(name)
	default:
		l.request(zmtp.AppendSubscription(nil, l.conn.Peer.Version, name, true))
	}
}

// bar stops a stream that was asked for, unless it is stopped, and returns the barrier
// behind which nothing comes of it. l.mu is held.
func (l *link) bar(name string) (barrier uint64) {
	if l.stopping[name] == 0 {
		l.stopping[name] = l.barrier + 1
		l.stopped = append(l.stopped, name)
		l.request(zmtp.AppendStop(nil, name))
	}
	return l.stopping[name]
}

// take takes the queue, and ends it with a PING if streams wait for one.
func (l *link) take() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.stopped) > 0 {
		l.barrier++
		l.barred[l.barrier] = l.stopped
		l.queue = zmtp.AppendPingContext(l.queue, l.barrier)
		l.stopped = nil
	}
	out := l.queue
	l.queue = nil
	return out
}

// passed notes that the PONG to a PING has come: what waited for it is asked for, if it
// is wanted.
func (l *link) passed(barrier uint64) {
	if barrier == 0 {
		return // it was a heartbeat
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	names := l.barred[barrier]
	delete(l.barred, barrier)
	for _, name := range names {
		delete(l.stopping, name)
		if c := l.cursors[name]; c != nil {
			l.ask(c)
		}
	}
}

// anew forgets what was asked for on an older connection. l.mu is held.
func (l *link) anew() {
	l.stopping, l.barred = make(map[string]uint64), make(map[uint64][]string)
	l.stopped, l.queue = nil, nil
	for _, c := range l.cursors {
		c.asked = false
	}
}

// watch asks for the live streams, or no more.
func (l *link) watch(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil && l.conn.Peer.Sluice {
		l.request(zmtp.AppendWatch(nil, on))
	}
	if !on {
		l.rates.clear()
	}
}

// ask asks for a stream: from where the link stands in it, or as the tail says.
// l.mu is held, and the link is connected.
func (l *link) ask(c *cursor) {
	t, fresh, asked := c.tail, !c.sent, c.asked
	if t.own && !l.conn.Peer.Sluice {
		return // it has no places
	}
	c.sent, c.asked, c.barrier = true, true, 0
	if !l.conn.Peer.Sluice {
		c.marked, c.known, c.epoch, c.next = true, true, rand.Uint64(), 0
		if !asked {
			l.request(zmtp.AppendSubscription(nil, l.conn.Peer.Version, t.name, false))
		}
		return
	}
	c.marked = false
	c.filling = fresh
	want := zmtp.Tail{Name: t.name, From: zmtp.TailNow}
	if p, ok := t.from.Positions[l.name]; ok && fresh {
		c.known, c.epoch, c.next = true, p.Epoch, p.Seq
	}
	if fresh && t.own && t.at.Epoch != 0 {
		c.known, c.epoch, c.next = true, t.at.Epoch, t.at.Seq
	}
	switch {
	case c.known:
		want.From, want.A, want.B = zmtp.TailPosition, c.epoch, c.next
	case t.from.Last > 0:
		want.From, want.A = zmtp.TailLast, uint64(t.from.Last)
	}
	l.request(zmtp.AppendTail(nil, want))
}

// request queues a command. l.mu is held.
func (l *link) request(b []byte) {
	l.queue = append(l.queue, b...)
	select {
	case l.poke <- struct{}{}:
	default:
	}
}
