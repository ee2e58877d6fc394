package direct

import (
	"context"
	"fmt"
	"time"

	"sluice/cluster/backoff"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
)

// patience is how long a link hears nothing of its peer before it does what. A network
// that is cut tells nobody. A peer that is well answers when it is asked, so one that is
// not heard is soon looked for, in steps; each comes within look after its time.
type patience struct {
	look  time.Duration // between two looks
	ask   time.Duration // a sluice peer is asked for a sign of life: a PING
	probe time.Duration // another connection is tried beside this one
	lost  time.Duration // it is reported as lost
	over  time.Duration // of whatever peer, the connection is over
	ping  time.Duration // between PINGs, however much is heard
}

var usualPatience = patience{
	look:  time.Second,
	ask:   2 * time.Second,
	probe: 3 * time.Second,
	lost:  4 * time.Second,
	over:  15 * time.Second,
	ping:  5 * time.Second,
}

// silence is for how long a link has listened, and heard nothing. It is owned by the
// goroutine that writes.
type silence struct {
	every  time.Duration // it is looked
	looked time.Time     // the last time
	since  time.Time     // when the link began to wait, as it was seen then
	lasted time.Duration
}

// look looks once more, and returns how long nothing has been heard. waiting is since
// when the link has waited for what is read next; zero while it does not wait. A look that
// comes late, as after this process stood still, says little of the peer: what it has
// sent may not have been read yet.
func (s *silence) look(now, waiting time.Time) time.Duration {
	passed := min(now.Sub(s.looked), 2*s.every)
	s.looked = now
	if waiting.IsZero() || !waiting.Equal(s.since) {
		s.since, s.lasted = waiting, 0
	} else {
		s.lasted += passed
	}
	return s.lasted
}

// probing is the attempt at another connection while this one is silent. TCP waits ever
// longer before it sends anew what was lost: up to as long as the network was cut. Who
// connects anew is there within a second.
type probing struct {
	l     *link
	conn  *zmtp.Conn
	group *rescue.Group
	end   context.CancelFunc // of the attempts; nil while there are none
}

// begin begins to try, unless it has begun. What has been heard since then is reason
// enough not to replace anything.
func (p *probing) begin(since time.Time) {
	if p.end != nil {
		return
	}
	ctx, cancel := context.WithCancel(p.group.Context())
	p.end = cancel
	p.group.Go("try another connection to a consolidator", func() {
		for wait := (backoff.Backoff{}); ctx.Err() == nil; {
			began := time.Now()
			conn, err := p.l.dial(ctx)
			if err == nil {
				if !p.l.replace(p.conn, conn, since) {
					conn.Close()
				}
				return
			}
			wait.Took(time.Since(began))
			if !wait.Wait(ctx) {
				return
			}
		}
	})
}

// stop gives it up.
func (p *probing) stop() {
	if p.end != nil {
		p.end()
		p.end = nil
	}
}

// replace has another connection take the place of one over which nothing has been heard
// since. It reports whether it does.
func (l *link) replace(old, by *zmtp.Conn, since time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != old || l.rekeyed || !l.waiting.Equal(since) || !by.Peer.Sluice {
		return false
	}
	l.next = by
	old.Abort()
	return true
}

// replacement takes the connection that takes the place of a silent one; nil if there is
// none.
func (l *link) replacement() *zmtp.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	conn := l.next
	l.next = nil
	return conn
}

// drop closes it, if it is not wanted any more.
func (l *link) drop() {
	if conn := l.replacement(); conn != nil {
		conn.Close()
	}
}

// write sends what is asked for, and heartbeats, and looks for a peer that is silent.
func (l *link) write(conn *zmtp.Conn, done <-chan struct{}, group *rescue.Group) {
	p := &l.d.patience
	tick := time.NewTicker(p.look)
	defer tick.Stop()
	pinged := time.Now()
	quiet := silence{every: p.look, looked: pinged}
	probe := probing{l: l, conn: conn, group: group}
	defer probe.stop()
	ping := zmtp.AppendPing(nil, 0)
	for {
		var ticked bool
		select {
		case <-done:
			return
		case <-l.poke:
		case <-tick.C:
			ticked = true
		}
		out := l.take()
		if ticked && conn.Peer.Pings() {
			now, waiting := time.Now(), l.waitsSince()
			silent := quiet.look(now, waiting)
			if silent >= p.over {
				conn.Abort()
				return
			}
			if now.Sub(pinged) >= p.ping || conn.Peer.Sluice && silent >= p.ask {
				pinged = now
				out = append(out, ping...)
			}
			if conn.Peer.Sluice {
				l.search(&probe, silent, waiting)
			}
		}
		if len(out) == 0 {
			continue
		}
		_ = conn.SetWriteDeadline(time.Now().Add(p.over))
		if _, err := conn.Write(out); err != nil {
			conn.Abort()
			return
		}
	}
}

// search looks for a peer that has been silent for so long.
func (l *link) search(probe *probing, silent time.Duration, waiting time.Time) {
	if silent < l.d.patience.probe {
		probe.stop()
		return
	}
	probe.begin(waiting)
	if silent < l.d.patience.lost {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil && !l.gone && l.silent.IsZero() && l.waiting.Equal(waiting) {
		l.silent = waiting
		l.becomeLocked(stream.StateLost, l.name, fmt.Errorf("nothing has been heard of it for %v", l.d.patience.lost), false)
	}
}

// wait notes that the link waits for its peer from now on.
func (l *link) wait() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = time.Now()
}

// waitsSince is since when it waits; zero while it does not.
func (l *link) waitsSince() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting
}

// waited notes that it waits no more, and whether its peer was heard: one that was
// reported as lost is there, then.
func (l *link) waited(heard bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = time.Time{}
	if !heard || l.silent.IsZero() {
		return
	}
	l.silent = time.Time{}
	if !l.gone {
		l.becomeLocked(stream.StateLive, l.name, nil, false)
	}
}
