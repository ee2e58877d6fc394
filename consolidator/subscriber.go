package consolidator

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/names"
	"sluice/cluster/uptime"
	"sluice/cluster/zmtp"
)

// maxControl bounds the answers that wait for one reader, in bytes.
const maxControl = 1 << 20

// subscriber is one reader's connection.
type subscriber struct {
	c       *Consolidator
	conn    *zmtp.Conn
	reader  *fanout.Reader
	sender  sender
	wakeups chan struct{} // something other than records is to be sent; capacity 1
	gone    chan struct{} // the peer has ended

	heard   atomic.Int64 // when it last sent something, or last took anything after a stall: an uptime.Clock
	blocked atomic.Bool  // it does not read: what we sent waits in the kernel

	mu      sync.Mutex
	control []byte   // to be sent before any more records
	answers heldPart // of control
	marks   bool     // periodic marks are due
	leaving bool     // it is the end
	settled bool     // all that it asked for before it knew of that was read, or should have been
	watch   watch

	pinged time.Time // owned by the sweeper

	rest  heldPart // of sender.pending; owned by the goroutine that writes
	moved bool     // some of it was written since it was set
}

func (c *Consolidator) serveSubscriber(nc net.Conn) {
	conn := c.handshake(subscribing, nc, zmtp.Config{Type: zmtp.XPUB, Peers: []string{zmtp.SUB, zmtp.XSUB}, Name: c.cfg.Name, Run: c.run})
	if conn == nil {
		return
	}
	defer conn.Close()
	conn.LimitUnsent()
	heldBy := &heldBy{conn: conn}
	s := &subscriber{
		c: c, conn: conn,
		reader:  c.hub.Reader(),
		wakeups: make(chan struct{}, 1),
		gone:    make(chan struct{}),

		answers: heldPart{of: heldBy}, rest: heldPart{of: heldBy},
	}
	s.sender.s = s
	s.heard.Store(int64(uptime.Now()))
	c.subscriptions.begin(s)
	defer c.subscriptions.end(s)
	defer s.reader.Close()
	c.mu.Lock()
	c.subscribers[s] = struct{}{}
	if _, ok := c.granted(subscribing, conn); !ok { // it has gone since the handshake
		c.keyGone(subscribing, conn)
	}
	s.tellStandstill(c.standstill, max(time.Since(c.standstill.ended), time.Millisecond))
	if c.phase == readersLeave {
		s.leave(c.leaveBy)
	}
	c.mu.Unlock()
	writing := &c.doors[subscribing].serving
	writing.Add(1)
	c.log.Debug("reader connected", "peer", nc.RemoteAddr(), "version", conn.Peer.Version, "sluice", conn.Peer.Sluice)
	go func() {
		defer writing.Done()
		s.write()
		s.sender.dropPending()
		c.heldOut.set(&s.rest, 0, true)
	}()
	err := s.read()
	close(s.gone)
	s.mu.Lock() // and no other lock yet: somebody may wait for that memory
	s.control = nil
	c.heldOut.set(&s.answers, 0, true)
	s.mu.Unlock()
	c.mu.Lock()
	delete(c.subscribers, s)
	c.mu.Unlock()
	c.ended("reader", conn, err)
}

func (s *subscriber) read() error {
	in := zmtp.NewRequests(s.conn)
	defer in.Close()
	for {
		for {
			t, err := in.Next()
			if err != nil {
				return err
			}
			if t.Kind == zmtp.TokenNone {
				break
			}
			if err := s.take(t); err != nil {
				return err
			}
		}
		if err := in.Fill(); err != nil {
			return err
		}
		s.heard.Store(int64(uptime.Now()))
	}
}

func (s *subscriber) take(t zmtp.Token) error {
	switch t.Kind {
	case zmtp.TokenMessage:
		// What an XSUB peer sends upstream, and is no subscription, is
		// nobody's.
		if prefix, cancel, ok := zmtp.ParseSubscription(t); ok {
			return s.subscribe(prefix, cancel)
		}
	case zmtp.TokenTooLarge:
		// No stream's name is so long.
		s.c.counts.subscriptions.Add(1)
	case zmtp.TokenCommand:
		return s.command(t.Body)
	}
	return nil
}

func (s *subscriber) command(body []byte) error {
	name, data, err := zmtp.SplitCommand(body)
	if err != nil {
		return err
	}
	switch name {
	case zmtp.CmdSubscribe:
		return s.subscribe(data, false)
	case zmtp.CmdCancel:
		return s.subscribe(data, true)
	case zmtp.CmdPing:
		return s.answer(zmtp.AppendPong(nil, data))
	}
	if !s.conn.Peer.Sluice {
		return nil // PONG, and what is not known
	}
	switch name {
	case zmtp.CmdPong:
		if zmtp.PongContext(data) == leavingPing {
			s.settle()
		}
	case zmtp.CmdTail:
		return s.tail(data)
	case zmtp.CmdStop:
		name, err := zmtp.ParseName(data)
		if err != nil {
			return err
		}
		s.reader.Stop(name)
		return s.c.subscriptions.set(s, s.reader.Subscriptions())
	case zmtp.CmdStreams:
		on, err := zmtp.ParseWatch(data)
		if err != nil {
			return err
		}
		s.watchStreams(on)
	}
	return nil
}

func (s *subscriber) watchStreams(on bool) {
	if !on {
		s.mu.Lock()
		s.watch = watch{}
		s.mu.Unlock()
		return
	}
	l := s.c.list(time.Now(), s.c.times.list)
	s.mu.Lock()
	s.watch.begin(l)
	s.mu.Unlock()
	s.wake()
}

// feed hands the sender the next piece of the list of live streams, when it has
// sent the one before. The goroutine that writes calls it.
func (s *subscriber) feed() {
	if len(s.sender.pending) >= maxPiece {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.control) == 0 {
		s.control = s.watch.next(s.control)
	}
}

// errTooMany ends the connection of a peer that subscribes without end.
var errTooMany = fmt.Errorf("%w: more than %d subscriptions", zmtp.ErrProtocol, maxSubscriptions)

func (s *subscriber) subscribe(prefix []byte, cancel bool) error {
	switch {
	case len(prefix) > names.Max:
		// No stream's name can begin with it.
		s.c.counts.subscriptions.Add(1)
	case cancel:
		s.reader.Cancel(string(prefix))
	case s.reader.Subscriptions() >= maxSubscriptions:
		s.c.counts.subscriptions.Add(1)
		return errTooMany
	default:
		s.reader.Subscribe(string(prefix))
	}
	return s.c.subscriptions.set(s, s.reader.Subscriptions())
}

func (s *subscriber) tail(data []byte) error {
	t, err := zmtp.ParseTail(data)
	if err != nil {
		return err
	}
	if err := names.Check(t.Name); err != nil {
		return fmt.Errorf("%w: tail: %w", zmtp.ErrProtocol, err)
	}
	if s.reader.Subscriptions() >= maxSubscriptions {
		s.c.counts.subscriptions.Add(1)
		return errTooMany
	}
	from := fanout.From{Kind: fanout.FromNow}
	switch t.From {
	case zmtp.TailLast:
		from = fanout.From{Kind: fanout.FromLast, Last: t.A}
	case zmtp.TailPosition:
		from = fanout.From{Kind: fanout.FromPosition, Position: fanout.Position{Epoch: t.A, Next: t.B}}
	}
	s.reader.Tail(t.Name, from)
	return s.c.subscriptions.set(s, s.reader.Subscriptions())
}

// answer queues bytes that are not records.
func (s *subscriber) answer(b []byte, err error) error {
	if err != nil {
		return err
	}
	s.mu.Lock()
	full := len(s.control) > 0 && len(s.control)+len(b) > maxControl
	if !full {
		s.control = append(s.control, b...)
		s.c.heldOut.set(&s.answers, cap(s.control), false)
	}
	s.mu.Unlock()
	if full {
		return errNotReading
	}
	s.wake()
	return nil
}

func (s *subscriber) wake() {
	select {
	case s.wakeups <- struct{}{}:
	default:
	}
}

// leavingPing is the context of the PING by which a reader is asked, at the end, whether
// it has asked for anything yet that was not read here.
const leavingPing = 1

// leave lets the writer end once all is handed over, or then at the latest. A sluice reader
// that has just come has asked already, for all that it knows: it gets the end of what it
// asks for, so that its PONG is waited for, for as long as handshakes are.
func (s *subscriber) leave(by time.Time) {
	_ = s.conn.SetDeadline(by)
	ask := s.conn.Peer.Sluice
	s.mu.Lock()
	s.leaving = true
	s.mu.Unlock()
	if ask && s.answer(zmtp.AppendPingContext(nil, leavingPing), nil) == nil {
		time.AfterFunc(min(s.c.times.finish, s.c.cfg.Grace), s.settle)
	} else {
		s.settle()
	}
}

func (s *subscriber) settle() {
	s.mu.Lock()
	s.settled = true
	s.mu.Unlock()
	s.wake()
}

// write sends until the peer is gone, or all is handed over at shutdown.
func (s *subscriber) write() {
	for {
		select {
		case <-s.gone:
			return
		case <-s.reader.Ready():
		case <-s.wakeups:
		}
		s.feed()
		err := s.conn.WriteReady(s.sender.write)
		s.stalled(false)
		if err == nil {
			err = s.sender.err
		}
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				s.c.log.Debug("write", "peer", s.conn.RemoteAddr(), "error", err)
			}
			s.conn.Abort() // which ends read, too
			return
		}
		if s.sender.ended {
			// The peer reads to the end, and then closes.
			_ = s.conn.CloseWrite()
			return
		}
	}
}

// stalled notes after each write whether the peer reads. One that does not
// cannot answer either, so its silence is not held against it.
func (s *subscriber) stalled(yes bool) {
	if s.blocked.Swap(yes) && !yes {
		s.heard.Store(int64(uptime.Now()))
	}
	if yes {
		held := s.conn.Kept()
		if len(s.sender.pending) > 0 {
			held += cap(s.sender.pending)
		}
		s.c.heldOut.set(&s.rest, held, s.moved)
		s.moved = false
		return
	}
	s.moved = true
	if len(s.sender.pending) == 0 {
		s.c.heldOut.set(&s.rest, 0, true)
	}
	s.feed()
}
