package consolidator

import (
	"errors"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/names"
	"sluice/cluster/uptime"
	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
)

// maxRun is how large a run grows before it is appended, in bytes.
const maxRun = 64 << 10

// publisher is one publisher's connection.
type publisher struct {
	c        *Consolidator
	conn     *zmtp.Conn
	in       *zmtp.Receiver
	app      *fanout.Appender
	out      outbox
	heldPart heldPart // the beginning of a message

	handled handled      // its messages
	heard   atomic.Int64 // when it last sent something: an uptime.Clock

	// Owned by the sweeper.
	acked  uint64
	pinged time.Time

	added   uint64 // messages that wait for the flush; owned by read
	skipped uint64 // and those that were skipped since the last; owned by read
	passed  bool   // some of those take numbers, which wait for the flush, too; owned by read
	noted   flowed // owned by read: what the counts have of it
	forged  bool   // owned by read: it was logged that it publishes on the consolidator's own stream
	warned  bool   // owned by read: it was logged that it publishes to too many streams

	grant       atomic.Pointer[curve.Grant] // what its key may publish; nil means all
	judged      map[string]bool             // streams, by judgedBy; owned by read
	judgedBy    *curve.Grant                // owned by read
	deniedCount *atomic.Uint64              // of its key; owned by read; nil when nothing was denied
}

func (c *Consolidator) servePublisher(nc net.Conn) {
	conn := c.handshake(publishing, nc, zmtp.Config{Type: zmtp.XSUB, Peers: []string{zmtp.PUB, zmtp.XPUB}, Name: c.cfg.Name})
	if conn == nil {
		return
	}
	defer conn.Close()
	heldBy := &heldBy{conn: conn}
	p := &publisher{
		c: c, conn: conn, app: c.hub.Appender(),
		out:      outbox{conn: conn, held: c.heldIn, heldPart: heldPart{of: heldBy}},
		heldPart: heldPart{of: heldBy},
	}
	defer p.out.close()
	defer p.app.Close()
	p.heard.Store(int64(uptime.Now()))
	// All that is published is wanted, read or not: so there is backfill.
	p.out.send(zmtp.AppendSubscription(nil, conn.Peer.Version, "", false))
	c.mu.Lock()
	c.publishers[p] = struct{}{}
	if !p.admit() { // it has gone since the handshake
		c.keyGone(publishing, conn)
	}
	if c.phase != running {
		p.leave(c.leaveBy)
	}
	c.mu.Unlock()
	c.log.Debug("publisher connected", "peer", nc.RemoteAddr(), "version", conn.Peer.Version)
	err := p.read()
	if conn.Peer.Sluice {
		p.out.send(p.handled.appendAck(nil))
	}
	c.mu.Lock()
	delete(c.publishers, p)
	c.mu.Unlock()
	c.ended("publisher", conn, err)
}

// ended notes why a connection ended.
func (c *Consolidator) ended(kind string, conn *zmtp.Conn, err error) {
	switch {
	case errors.Is(err, zmtp.ErrProtocol):
		c.counts.protocol.Add(1)
		c.log.Warn("peer closed", "kind", kind, "peer", conn.RemoteAddr(), "error", err)
	case errors.Is(err, errNotReading):
		c.counts.notReading.Add(1)
		c.log.Warn("peer closed", "kind", kind, "peer", conn.RemoteAddr(), "error", err)
	case err == nil || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed):
		c.log.Debug("peer gone", "kind", kind, "peer", conn.RemoteAddr())
	default:
		c.log.Debug("peer gone", "kind", kind, "peer", conn.RemoteAddr(), "error", err)
	}
}

func (p *publisher) read() error {
	p.in = zmtp.NewReceiver(p.conn)
	p.in.Holds = func(bytes int, other bool) { p.c.heldIn.set(&p.heldPart, bytes, other) }
	defer p.in.Close()
	defer p.flush()
	for {
		for {
			t, err := p.in.Next()
			if err != nil {
				return err
			}
			if t.Kind == zmtp.TokenNone {
				break
			}
			if err := p.take(&t); err != nil {
				return err
			}
		}
		p.flush()
		if err := p.in.Fill(); err != nil {
			return err
		}
		p.heard.Store(int64(uptime.Now()))
	}
}

// flush appends what was added, before the receiver's buffer is filled again.
func (p *publisher) flush() {
	if p.added > 0 || p.passed {
		excess := p.app.Flush()
		p.added -= excess
		p.tooManyStreams(excess)
	}
	if p.added > 0 || p.skipped > 0 {
		p.handled.add(p.added, p.skipped)
	}
	p.added, p.skipped, p.passed = 0, 0, false
	received := p.in.Received()
	if received-p.noted.bytes >= floodSize {
		// A publisher that floods always has something to read. Its readers,
		// and other publishers, would wait until its time is up: for a thread
		// within this process, and for a processor of the machine.
		p.in.Park()
		runtime.Gosched()
		yield()
	}
	p.note()
}

// floodSize is how much a publisher sends between two waits when it floods, in
// bytes.
const floodSize = 64 << 10

func (p *publisher) take(t *zmtp.Token) error {
	switch t.Kind {
	case zmtp.TokenMessage:
		switch {
		case t.Frames < 2:
			p.c.counts.tooFewFrames.Add(1)
			p.skipped++
			// Any text could be a name. Of a stream that is there, it is one: the
			// record was forgotten, or is sent by itself.
			if p.may(t.Name) && p.app.Knows(t.Name) {
				p.refuse(t.Name, fanout.CauseMalformed)
			}
		case names.Check(t.Name) != nil:
			p.c.counts.badName.Add(1)
			p.skipped++
		case string(t.Name) == ownStream:
			p.reserved()
		case !p.may(t.Name):
			_, n := p.in.Run(t, maxRun)
			p.c.counts.keyMayNot.Add(1 + n)
			p.denied(t.Name, 1+n)
		default:
			// A run: what follows of the same stream is appended with it.
			size, n := p.in.Run(t, maxRun)
			if p.app.Add(t.Name, t.Raw[:len(t.Raw)+size], 1+n) {
				p.added += 1 + n
			} else {
				p.tooManyStreams(1 + n)
			}
		}
	case zmtp.TokenTooLarge:
		p.c.counts.tooLarge.Add(1)
	case zmtp.TokenPassedOver:
		if !p.may(t.Name) {
			p.denied(t.Name, 1)
			break
		}
		p.skipped++
		p.refuse(t.Name, fanout.CauseTooLarge)
	case zmtp.TokenCommand:
		return p.command(t.Body)
	}
	return nil
}

// refuse notes a message that came whole and is no record: whoever reads the stream has
// lost it.
func (p *publisher) refuse(name []byte, cause fanout.Cause) {
	if names.Check(name) == nil && string(name) != ownStream && p.app.AddRefused(name, cause, 1) {
		p.passed = true
	}
}

// reserved notes a message on the consolidator's own stream, where nobody else may say
// anything: it is not published, and takes no number.
func (p *publisher) reserved() {
	p.c.counts.reserved.Add(1)
	p.skipped++
	if !p.forged {
		p.forged = true
		p.c.log.Warn("records on the consolidator's own stream are refused", "kind", "publisher", "peer", p.conn.RemoteAddr(), "stream", ownStream)
	}
}

// tooManyStreams notes messages of streams for which there was no room.
func (p *publisher) tooManyStreams(n uint64) {
	if n == 0 {
		return
	}
	p.c.counts.tooManyStreams.Add(n)
	p.skipped += n
	if !p.warned {
		p.warned = true
		p.c.log.Warn("too many streams, records of more are dropped", "kind", "publisher", "peer", p.conn.RemoteAddr())
	}
}

func (p *publisher) command(body []byte) error {
	name, data, err := zmtp.SplitCommand(body)
	if err != nil {
		return err
	}
	if name == zmtp.CmdPing {
		pong, err := zmtp.AppendPong(nil, data)
		if err != nil {
			return err
		}
		if p.conn.Peer.Sluice {
			// What came before the PING is acknowledged before its PONG.
			p.flush()
			pong = append(p.handled.appendAck(nil), pong...)
		}
		if !p.out.send(pong) {
			return errNotReading
		}
	}
	return nil // PONG, and what is not known
}

var errNotReading = errors.New("peer does not read what it is sent")

// leave notifies the publisher of the end, and lets what it has sent be read
// until then. A sluice publisher ends its direction when it is notified, and has
// its last messages acknowledged; a foreign one closes when it finds our
// direction ended.
func (p *publisher) leave(by time.Time) {
	if p.conn.Peer.Sluice {
		p.out.send(zmtp.AppendBye(nil, nil))
	} else {
		_ = p.conn.CloseWrite()
	}
	_ = p.conn.SetReadDeadline(by)
}
