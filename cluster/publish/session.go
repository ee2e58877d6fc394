package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"sluice/cluster/zmtp"
)

const (
	pingEvery   = 5 * time.Second
	maxSilent   = 15 * time.Second // of a consolidator on another machine
	localSilent = time.Minute      // of one on this machine: while its process is, so is the connection, and sending all of it anew helps nobody
	askAfter    = 250 * time.Millisecond
	leaveFor    = time.Second      // at most, for a foreign peer to read what was sent
	byeFor      = 10 * time.Second // at most, for a consolidator that ends to acknowledge the rest
)

// maxBarriers bounds the PINGs that wait for their PONG.
const maxBarriers = 64

// session is one connection. Its numbers count messages of this connection;
// c.mu guards them.
type session struct {
	c     *Client
	conn  *zmtp.Conn
	heard atomic.Int64  // when something came last, Unix nanoseconds
	over  chan struct{} // closed when nothing more comes
	err   error         // why; to be read after over

	given   uint64 // handed out to be written
	written uint64 // of them, those that were
	acked   uint64 // by the consolidator
	refused uint64 // found to be passed over
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

// write sends what there is, until the connection breaks, the consolidator is
// ending, or ctx ends.
func (s *session) write(ctx context.Context) error {
	c := s.c
	ask := time.NewTimer(askAfter)
	defer ask.Stop()
	due := false // long enough was nothing acknowledged
	for {
		c.mu.Lock()
		if ctx.Err() != nil || s.bye {
			c.mu.Unlock()
			return nil
		}
		var k *chunk
		var region []byte
		if s.conn.Peer.Sluice || s.subscribed.any() {
			c.tell()
			k, region = c.q.take()
		}
		control := s.control(region == nil, due)
		due = false
		if k != nil {
			s.given = s.total()
			c.writing = k
		}
		waiting := region == nil && len(control) == 0
		c.idle = waiting
		unasked := s.conn.Peer.Sluice && s.written > s.asked
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
			case <-s.over:
				return nil // read knows why
			case <-ctx.Done():
			}
			continue
		}
		if len(control) > 0 {
			if _, err := s.conn.Write(control); err != nil {
				s.wrote(k, region, 0, err)
				return err
			}
		}
		if region != nil {
			n, err := s.send(region)
			s.wrote(k, region, n, err)
			if err != nil {
				return err
			}
		}
	}
}

// send writes whole messages; of a foreign peer's, those that it wants. It
// returns how many bytes of them it is done with.
func (s *session) send(region []byte) (n int, err error) {
	if !s.conn.Peer.Sluice {
		if wanted, all := s.wanted(region); !all {
			written, err := s.conn.Write(wanted)
			if err != nil {
				return s.before(region, written), err
			}
			return len(region), nil
		}
	}
	return s.conn.Write(region)
}

// wrote notes that n bytes of the last take were written, and what ended that.
func (s *session) wrote(k *chunk, region []byte, n int, err error) {
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = nil
	if k == nil {
		return
	}
	if n < len(region) {
		c.q.unwrite(k, len(region)-n)
	}
	s.written = s.total()
	s.given = s.written
	s.asking += n
	if !s.conn.Peer.Sluice {
		s.unacknowledged(err != nil)
	}
	s.settle()
}

// total is how many messages were given to this connection.
func (s *session) total() uint64 { return s.counted.acked + s.counted.refused + s.c.q.flying }

// control is what is to be sent beside messages: answers, heartbeats, and
// PINGs that ask what has become of what was written. c.mu is held.
func (s *session) control(nothing, due bool) []byte {
	out := s.pong
	s.pong = nil
	if s.conn.Peer.Sluice && s.written > s.asked && len(s.barriers) < maxBarriers &&
		(due || s.asking >= s.c.cfg.Buffer/8 || (nothing && s.c.flushing > 0)) {
		s.lastPing++
		s.barriers = append(s.barriers, barrier{s.lastPing, s.written})
		s.asked, s.asking, s.beat = s.written, 0, false
		return zmtp.AppendPingContext(out, s.lastPing)
	}
	if s.beat {
		s.beat = false
		out = zmtp.AppendPing(out, 0)
	}
	return out
}

// settle is done with what was acknowledged or passed over. c.mu is held.
func (s *session) settle() {
	c := s.c
	room := s.written - s.counted.acked - s.counted.refused
	if n := min(s.acked-s.counted.acked, room); n > 0 {
		s.counted.acked += n
		room -= n
		c.status.Moved = time.Now()
		c.q.pop(n, func(records, tried uint64) {
			c.stats.Acknowledged += records
			c.stats.Repeated += tried
		})
	}
	if n := min(s.refused-s.counted.refused, room); n > 0 {
		s.counted.refused += n
		c.q.pop(n, func(records, _ uint64) { c.stats.Refused += records })
	}
	c.moved()
}

// read takes what the peer says, until the connection ends.
func (s *session) read() {
	defer close(s.over)
	in := zmtp.NewReceiver(s.conn)
	defer in.Close()
	s.err = s.receive(in)
	if !errors.Is(s.err, io.EOF) {
		s.conn.Close() // a write may be waiting
	}
}

func (s *session) receive(in *zmtp.Receiver) error {
	for {
		for {
			t, err := in.Next()
			if err != nil {
				return err
			}
			if t.Kind == zmtp.TokenNone {
				break
			}
			if err := s.hear(&t); err != nil {
				return err
			}
		}
		if err := in.Fill(); err != nil {
			return err
		}
		s.heard.Store(time.Now().UnixNano())
	}
}

// hear takes one thing that the peer says.
func (s *session) hear(t *zmtp.Token) error {
	if t.Kind == zmtp.TokenMessage {
		if prefix, cancel, ok := zmtp.ParseSubscription(*t); ok {
			s.subscribe(prefix, cancel)
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
		s.subscribe(data, name == zmtp.CmdCancel)
		return nil
	case zmtp.CmdPing:
		return s.answer(data)
	}
	if !s.conn.Peer.Sluice {
		return nil
	}
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	switch name {
	case zmtp.CmdAck:
		n, err := zmtp.ParseAck(data)
		if err != nil {
			return err
		}
		if n > s.given-s.refused {
			return fmt.Errorf("%w: %d messages acknowledged of %d", zmtp.ErrProtocol, n, s.given)
		}
		s.acked = max(s.acked, n)
		s.settle()
	case zmtp.CmdPong:
		s.passed(zmtp.PongContext(data))
	case zmtp.CmdBye:
		s.bye = true
		c.poke()
	}
	return nil
}

// passed takes a PONG: what was written before its PING, and is not
// acknowledged, was passed over. c.mu is held.
func (s *session) passed(context uint64) {
	for len(s.barriers) > 0 && s.barriers[0].context <= context {
		if at := s.barriers[0].at; at > s.acked+s.refused {
			s.refused = at - s.acked
		}
		s.barriers = s.barriers[1:]
	}
	s.settle()
}

// maxPong bounds the answers that wait while the peer does not read, in bytes.
const maxPong = 4 << 10

func (s *session) answer(ping []byte) error {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if len(s.pong) > maxPong {
		return nil // it does not read them
	}
	var err error
	s.pong, err = zmtp.AppendPong(s.pong, ping)
	s.c.poke()
	return err
}

// watch sends heartbeats, and ends a connection whose peer is silent.
func (s *session) watch() {
	if !s.conn.Peer.Pings() {
		return // the kernel's keep-alive has to do
	}
	limit := maxSilent
	if s.c.endpoint.Local() {
		limit = localSilent
	}
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.over:
			return
		case now := <-tick.C:
			if now.Sub(time.Unix(0, s.heard.Load())) > limit {
				_ = s.conn.SetDeadline(now)
				return
			}
			s.c.mu.Lock()
			s.beat = true
			s.c.poke()
			s.c.mu.Unlock()
		}
	}
}

// leave ends our direction, and lets the peer read what was sent. A
// consolidator that is ending acknowledges it then.
func (s *session) leave(ctx context.Context) {
	s.c.mu.Lock()
	wait := time.Duration(0)
	switch {
	case s.bye:
		wait = byeFor
	case !s.conn.Peer.Sluice:
		wait = leaveFor
	}
	s.c.mu.Unlock()
	if wait == 0 || s.conn.CloseWrite() != nil {
		return
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	done := ctx.Done()
	if !s.conn.Peer.Sluice {
		done = nil // as Close has it: everything is written then
	}
	select {
	case <-s.over:
	case <-late.C:
	case <-done:
	}
}

// silent tells an error for a deadline that watch has set.
func silent(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("consolidator is silent")
	}
	return err
}
