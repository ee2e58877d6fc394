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
	asked   map[string]uint64   // streams that were asked for; with 0, or the barrier behind which nothing comes of them, since they were stopped
	barrier uint64              // number of the last PING that is one
	stopped []string            // the streams that wait for the next one
	barred  map[uint64][]string // those that wait for a PONG
	queue   []byte              // to be written
	poke    chan struct{}       // there is something to be written; capacity 1
}

// tail asks for a stream, as soon as nothing is on its way that was asked for before.
func (l *link) tail(t *tail) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wanted[t.name] = t
	delete(l.cursors, t.name)
	if l.conn == nil {
		return
	}
	if _, asked := l.asked[t.name]; !asked || !l.conn.Peer.Sluice {
		l.ask(t)
		return
	}
	l.cursors[t.name] = &cursor{tail: t, barrier: l.bar(t.name)}
}

// stop asks for a stream no more.
func (l *link) stop(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.wanted, name)
	delete(l.cursors, name)
	if l.conn == nil {
		return
	}
	if _, asked := l.asked[name]; !asked {
		return
	}
	if l.conn.Peer.Sluice {
		l.bar(name)
	} else {
		delete(l.asked, name)
		l.request(zmtp.AppendSubscription(nil, l.conn.Peer.Version, name, true))
	}
}

// bar stops a stream that was asked for, unless it is stopped, and returns the barrier
// behind which nothing comes of it. l.mu is held.
func (l *link) bar(name string) (barrier uint64) {
	if l.asked[name] == 0 {
		l.asked[name] = l.barrier + 1
		l.stopped = append(l.stopped, name)
		l.request(zmtp.AppendStop(nil, name))
	}
	return l.asked[name]
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
		delete(l.asked, name)
		if t := l.wanted[name]; t != nil {
			l.ask(t)
		}
	}
}

// anew forgets what was asked for on an older connection. l.mu is held.
func (l *link) anew() {
	l.asked, l.barred = make(map[string]uint64), make(map[uint64][]string)
	l.stopped, l.queue = nil, nil
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
func (l *link) ask(t *tail) {
	c := l.cursors[t.name]
	fresh := c == nil || c.barrier != 0
	if fresh {
		c = &cursor{tail: t}
		l.cursors[t.name] = c
	}
	if t.own && !l.conn.Peer.Sluice {
		return // it has no places
	}
	if !l.conn.Peer.Sluice {
		c.marked, c.known, c.epoch, c.next = true, true, rand.Uint64(), 0
		if _, asked := l.asked[t.name]; !asked {
			l.asked[t.name] = 0
			l.request(zmtp.AppendSubscription(nil, l.conn.Peer.Version, t.name, false))
		}
		return
	}
	l.asked[t.name] = 0
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
