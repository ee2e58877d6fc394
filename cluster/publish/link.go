package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"sluice/cluster/uptime"
	"sluice/cluster/zmtp"
)

const (
	pingEvery   = 5 * time.Second
	maxSilent   = 15 * time.Second // of a consolidator on another machine
	localSilent = time.Minute      // of one on this machine: while its process is, so is the connection, and sending all of it again helps nobody
	askAfter    = 250 * time.Millisecond
	leaveFor    = time.Second      // at most, for a foreign peer to read what was sent
	byeFor      = 10 * time.Second // at most, for a consolidator that ends to acknowledge the rest, and for one that has ended to take it
)

// maxBarriers bounds the PINGs that wait for their PONG.
const maxBarriers = 64

// link is one connection. Its numbers count messages of this connection;
// c.mu guards them.
type link struct {
	c     *Client
	ctx   context.Context // publishing has to end when this does
	conn  *zmtp.Conn
	heard atomic.Int64  // when something came last: an uptime.Clock
	over  chan struct{} // closed when nothing more comes
	err   error         // why; to be read after over

	given   uint64 // handed out to be written
	written uint64 // of them, those that were
	acked   uint64 // by the consolidator
	refused uint64 // found to be passed over
	skipped uint64 // passed over, by the last X-SKIP; the X-ACK behind it makes it certain
	counted struct{ acked, refused uint64 }

	asked    uint64    // how many were written before the last PING that asks
	barriers []barrier // PINGs without their PONG
	lastPing uint64    // its context
	asking   int       // bytes written since the last PING that asks
	beat     bool      // a heartbeat is due
	pong     []byte    // answers that are due
	bye      bool      // the consolidator is ending

	subscribed subscriptions // of a foreign peer
	unwanted   []bool        // of the messages written last to it, those that were left out
}

// barrier is a PING behind so many messages: when its PONG comes, what was
// before it is acknowledged or passed over.
type barrier struct{ context, at uint64 }

// write sends what is to be sent, until the connection breaks, the consolidator is
// ending, or ctx ends.
func (l *link) write(ctx context.Context) error {
	c := l.c
	ask := time.NewTimer(askAfter)
	defer ask.Stop()
	due := false // long enough was nothing acknowledged
	for {
		c.mu.Lock()
		if ctx.Err() != nil || l.bye {
			c.mu.Unlock()
			return nil
		}
		var k *chunk
		var region []byte
		if l.conn.Peer.Sluice || l.subscribed.any() {
			c.addNotices()
			k, region = c.q.take()
		}
		control := l.control(region == nil, due)
		due = false
		if k != nil {
			l.given = l.total()
			c.writing = k
		}
		waiting := region == nil && len(control) == 0
		c.idle = waiting
		unasked := l.conn.Peer.Sluice && l.written > l.asked
		c.mu.Unlock()
		if waiting {
			var late <-chan time.Time
			if unasked {
				ask.Reset(askAfter)
				late = ask.C
			}
			select {
			case <-c.wake:
			case <-late:
				due = true
			case <-l.over:
				return nil // read knows why
			case <-ctx.Done():
			}
			continue
		}
		if len(control) > 0 {
			if _, err := l.conn.Write(control); err != nil {
				l.wrote(k, region, 0, err)
				return err
			}
		}
		if region != nil {
			n, err := l.send(region)
			l.wrote(k, region, n, err)
			if err != nil {
				return err
			}
		}
	}
}

// send writes whole messages; of a foreign peer's, those that it wants. It
// returns how many bytes of them it is done with.
func (l *link) send(region []byte) (n int, err error) {
	if !l.conn.Peer.Sluice {
		if wanted, all := l.wanted(region); !all {
			written, err := l.conn.Write(wanted)
			if err != nil {
				return l.before(region, written), err
			}
			return len(region), nil
		}
	}
	return l.conn.Write(region)
}

// wrote notes that n bytes of the last take were written, and what ended that.
func (l *link) wrote(k *chunk, region []byte, n int, err error) {
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = nil
	if k == nil {
		return
	}
	if n < len(region) {
		c.q.unwrite(k, len(region)-n)
	}
	l.written = l.total()
	l.given = l.written
	l.asking += n
	if !l.conn.Peer.Sluice {
		l.unacknowledged(err != nil)
	}
	l.settle()
}

// total is how many messages were given to this connection.
func (l *link) total() uint64 { return l.counted.acked + l.counted.refused + l.c.q.flying }

// control is what is to be sent beside messages: answers, heartbeats, and
// PINGs that ask what has become of what was written. c.mu is held.
func (l *link) control(nothing, due bool) []byte {
	out := l.pong
	l.pong = nil
	if l.conn.Peer.Sluice && l.written > l.asked && len(l.barriers) < maxBarriers &&
		(due || l.asking >= l.c.cfg.Buffer/8 || (nothing && l.c.flushing > 0)) {
		l.lastPing++
		l.barriers = append(l.barriers, barrier{l.lastPing, l.written})
		l.asked, l.asking, l.beat = l.written, 0, false
		return zmtp.AppendPingContext(out, l.lastPing)
	}
	if l.beat {
		l.beat = false
		out = zmtp.AppendPing(out, 0)
	}
	return out
}

// settle is done with what was acknowledged or passed over. c.mu is held.
func (l *link) settle() {
	c := l.c
	room := l.written - l.counted.acked - l.counted.refused
	if n := min(l.acked-l.counted.acked, room); n > 0 {
		l.counted.acked += n
		room -= n
		c.status.Moved = time.Now()
		c.q.pop(n, func(records, tried uint64) {
			c.stats.Acknowledged += records
			c.stats.Repeated += tried
		})
	}
	if n := min(l.refused-l.counted.refused, room); n > 0 {
		l.counted.refused += n
		c.q.pop(n, func(records, _ uint64) { c.stats.Refused += records })
	}
	c.moved()
}

// read handles what the peer sends, until the connection ends.
func (l *link) read() {
	defer close(l.over)
	in := zmtp.NewReceiver(l.conn)
	defer in.Close()
	l.err = l.receive(in)
	// A write may be waiting. Who has ended its direction may still read the other, but
	// need not.
	if errors.Is(l.err, io.EOF) {
		l.writeBy(time.Now().Add(l.c.byeFor))
	} else {
		l.conn.Abort()
	}
}

// writeBy bounds how long writing waits, unless it has to end at once.
func (l *link) writeBy(t time.Time) {
	_ = l.conn.SetWriteDeadline(t)
	if l.ctx.Err() != nil {
		_ = l.conn.SetWriteDeadline(time.Now())
	}
}

func (l *link) receive(in *zmtp.Receiver) error {
	for {
		for {
			t, err := in.Next()
			if err != nil {
				return err
			}
			if t.Kind == zmtp.TokenNone {
				break
			}
			if err := l.handle(&t); err != nil {
				return err
			}
		}
		if err := in.Fill(); err != nil {
			return err
		}
		l.heard.Store(int64(uptime.Now()))
	}
}

// handle takes one message or command of the peer.
func (l *link) handle(t *zmtp.Token) error {
	if t.Kind == zmtp.TokenMessage {
		if prefix, cancel, ok := zmtp.ParseSubscription(*t); ok {
			l.subscribe(prefix, cancel)
		}
		return nil
	}
	if t.Kind != zmtp.TokenCommand {
		return nil
	}
	name, data, err := zmtp.SplitCommand(t.Body)
	if err != nil {
		return err
	}
	switch name {
	case zmtp.CmdSubscribe, zmtp.CmdCancel:
		l.subscribe(data, name == zmtp.CmdCancel)
		return nil
	case zmtp.CmdPing:
		return l.answer(data)
	}
	if !l.conn.Peer.Sluice {
		return nil
	}
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	switch name {
	case zmtp.CmdAck:
		n, err := zmtp.ParseAck(data)
		if err != nil {
			return err
		}
		skipped := max(l.refused, l.skipped)
		if skipped > l.given || n > l.given-skipped {
			return fmt.Errorf("%w: %d messages acknowledged and %d skipped of %d", zmtp.ErrProtocol, n, skipped, l.given)
		}
		l.acked, l.refused = max(l.acked, n), skipped
		l.settle()
	case zmtp.CmdSkip:
		var err error
		if l.skipped, err = zmtp.ParseSkip(data); err != nil {
			return err
		}
	case zmtp.CmdPong:
		l.passed(zmtp.PongContext(data))
	case zmtp.CmdBye:
		l.bye = true
		c.poke()
	}
	return nil
}

// passed takes a PONG: what was written before its PING, and is not
// acknowledged, was passed over. c.mu is held.
func (l *link) passed(context uint64) {
	if context > l.lastPing {
		return // there was no such PING
	}
	for len(l.barriers) > 0 && l.barriers[0].context <= context {
		if at := l.barriers[0].at; at > l.acked+l.refused {
			l.refused = at - l.acked
		}
		l.barriers = l.barriers[1:]
	}
	l.settle()
}

// maxPong bounds the answers that wait while the peer does not read, in bytes.
const maxPong = 4 << 10

func (l *link) answer(ping []byte) error {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	if len(l.pong) > maxPong {
		return nil // it does not read them
	}
	var err error
	l.pong, err = zmtp.AppendPong(l.pong, ping)
	l.c.poke()
	return err
}

// watch sends heartbeats, and ends a connection whose peer is silent.
func (l *link) watch() {
	if !l.conn.Peer.Pings() {
		return // the kernel's keep-alive has to do
	}
	limit := maxSilent
	if l.c.endpoint.Local() {
		limit = localSilent
	}
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.over:
			return
		case now := <-tick.C:
			if uptime.Since(uptime.Clock(l.heard.Load())) > limit {
				_ = l.conn.SetDeadline(now)
				return
			}
			l.c.mu.Lock()
			l.beat = true
			l.c.poke()
			l.c.mu.Unlock()
		}
	}
}

// leave ends our direction, and lets the peer read what was sent. A
// consolidator that is ending acknowledges it then.
func (l *link) leave(ctx context.Context) {
	l.c.mu.Lock()
	wait := time.Duration(0)
	switch {
	case l.bye:
		wait = l.c.byeFor
	case !l.conn.Peer.Sluice:
		wait = leaveFor
	}
	l.c.mu.Unlock()
	if wait == 0 || l.conn.CloseWrite() != nil {
		return
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	done := ctx.Done()
	if !l.conn.Peer.Sluice {
		done = nil // as Close has it: everything is written then
	}
	select {
	case <-l.over:
	case <-late.C:
	case <-done:
	}
}

// silent names the cause of an error that comes of the deadline that watch has set.
func silent(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("consolidator is silent")
	}
	return err
}
