package direct

import (
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
)

// reading reads one connection of a link.
type reading struct {
	l    *link
	conn *zmtp.Conn
	in   *zmtp.Receiver
	name string // of the consolidator

	toldAway bool // it was reported that it had been away before this connection

	now     int64 // when the bytes at hand were read
	last    *cursor
	recs    []stream.Record // of one tail: held.tail
	notices []stream.Notice
	held    *cursor
	size    int
}

// little is how many bytes of one read are so few that it pays to wait for more.
const little = 32 << 10

func (r *reading) run() error {
	in := zmtp.NewReceiver(r.conn)
	r.in = in
	defer in.Close()
	if err := r.restarted(false); err != nil {
		return err
	}
	for had := in.Received(); ; {
		r.now = time.Now().UnixNano()
		for {
			t, err := in.Next()
			if err == nil && t.Kind != zmtp.TokenNone {
				err = r.take(t)
			}
			if err != nil {
				_ = r.flush()
				return err
			}
			if t.Kind == zmtp.TokenNone {
				break
			}
		}
		if err := r.flush(); err != nil {
			return err
		}
		// What was known of streams may change while nothing is held.
		r.last = nil
		if linger := r.l.d.out.Linger(); linger > 0 && in.Received()-had < little {
			time.Sleep(linger)
		}
		had = in.Received()
		r.l.wait()
		err := in.Fill()
		r.l.waited(err == nil)
		if err != nil {
			return err
		}
	}
}

func (r *reading) take(t zmtp.Token) error {
	switch t.Kind {
	case zmtp.TokenMessage:
		if t.Frames < 2 {
			return nil
		}
		return r.record(t.Name, t.Body)
	case zmtp.TokenCommand:
		name, data, err := zmtp.SplitCommand(t.Body)
		if err != nil {
			return err
		}
		return r.command(name, data)
	case zmtp.TokenPassedOver:
		return r.passedOver(t.Name)
	}
	return nil
}

// passedOver notes a record above the limit, which only a foreign peer sends.
func (r *reading) passedOver(name []byte) error {
	c := r.cursor(name)
	if c == nil || !c.marked {
		return nil
	}
	c.next++
	return r.note(c, stream.Notice{Kind: stream.KindGap, Hop: loss.AtNetwork, Reason: loss.TooLarge, Count: 1})
}

// cursor finds where the link stands in a stream, nil if it is not wanted.
func (r *reading) cursor(name []byte) *cursor {
	if r.last == nil || r.last.tail.name != string(name) {
		r.last = r.l.cursor(name)
	}
	return r.last
}

func (r *reading) record(name, body []byte) error {
	c := r.cursor(name)
	if c == nil || !c.marked {
		return nil // it was stopped, or what comes is from before it was asked for again
	}
	if r.held != c || r.size > maxHeld {
		if err := r.flush(); err != nil {
			return err
		}
		r.held = c
	}
	if body == nil {
		body = []byte{}
	}
	r.recs = append(r.recs, stream.Record{
		Stream: c.tail.name, Source: r.name,
		Position: stream.Position{Epoch: c.epoch, Seq: c.next},
		Arrived:  r.now, Data: body, Backfill: c.filling,
	})
	r.size += len(body) + stream.RecordCost
	c.next++
	return nil
}

// note adds a notice about a cursor's stream, after the records at hand.
func (r *reading) note(c *cursor, n stream.Notice) error {
	if r.held != c {
		if err := r.flush(); err != nil {
			return err
		}
		r.held = c
	}
	n.At = len(r.recs)
	n.Time = time.Now()
	n.Stream, n.Source = c.tail.name, r.name
	r.notices = append(r.notices, n)
	return nil
}

// flush hands on what is held.
func (r *reading) flush() error {
	if len(r.recs)+len(r.notices) == 0 {
		return nil
	}
	var err error
	if m := r.held.tail.merge; !m.hold(r.recs, r.notices) {
		err = r.l.d.out.PutIn(m.ctx, r.in.Block(), r.recs, r.notices)
		if m.ctx.Err() != nil {
			err = nil // the tail was stopped meanwhile, or all is
		}
	}
	clear(r.recs)
	r.recs, r.notices, r.size = r.recs[:0], r.notices[:0], 0
	return err
}

func (r *reading) command(name string, data []byte) error {
	switch name {
	case zmtp.CmdPong:
		r.l.passed(zmtp.PongContext(data))
		return nil
	case zmtp.CmdPing:
		pong, err := zmtp.AppendPong(nil, data)
		if err != nil {
			return err
		}
		r.l.mu.Lock()
		if len(r.l.queue) < zmtp.MaxCommand {
			r.l.request(pong)
		}
		r.l.mu.Unlock()
		return nil
	}
	if !r.conn.Peer.Sluice {
		return nil
	}
	switch name {
	case zmtp.CmdMark:
		m, err := zmtp.ParseMark(data)
		if err != nil {
			return err
		}
		return r.mark(m)
	case zmtp.CmdLive:
		name, err := zmtp.ParseName(data)
		if err != nil {
			return err
		}
		return r.live(name)
	case zmtp.CmdStreams:
		stats, err := zmtp.ParseStreams(data)
		if err != nil {
			return err
		}
		r.l.rates.update(time.Now(), stats)
	case zmtp.CmdStill:
		return r.stoodStill(data)
	case zmtp.CmdBye:
		ends, err := zmtp.ParseBye(data)
		if err != nil {
			return err
		}
		return r.bye(ends)
	}
	return nil
}

// mark compares where the consolidator says that we stand with what we
// counted: the difference was lost.
func (r *reading) mark(m zmtp.Mark) error {
	c := r.cursor(m.Name)
	if c == nil || c.barrier != 0 {
		return nil
	}
	if !c.marked {
		switch m.Cause {
		case zmtp.MarkStart, zmtp.MarkTooLate, zmtp.MarkNewEpoch:
		default:
			return nil // of a tail before this one
		}
		c.marked = true
	}
	var err error
	switch {
	case !c.known:
	case c.epoch != m.Epoch:
		gap := stream.Notice{Kind: stream.KindGap, Hop: loss.AtConsolidator, Reason: loss.Restarted, Count: m.Next, Unknown: !c.closed}
		gap.Position = stream.Position{Epoch: m.Epoch, Seq: m.Next}
		if c.closed {
			gap.Count += c.end - min(c.next, c.end)
		}
		if gap.Unknown || gap.Count > 0 {
			err = r.note(c, gap)
		}
	case m.Next > c.next:
		gap := stream.Notice{Kind: stream.KindGap, Hop: loss.AtConsolidator, Reason: loss.TooSlow, Count: m.Next - c.next}
		switch m.Cause {
		case zmtp.MarkTooLate:
			gap.Hop, gap.Reason = loss.AtNetwork, loss.Away
		case zmtp.MarkTooLarge:
			gap.Reason = loss.TooLarge
		case zmtp.MarkMalformed:
			gap.Reason = loss.Malformed
		}
		err = r.note(c, gap)
	}
	if err != nil {
		return err
	}
	anew := c.known && c.epoch != m.Epoch
	begins := !c.known || anew || c.tail.own && !c.begun
	c.known, c.closed, c.begun = true, false, true
	c.epoch, c.next = m.Epoch, m.Next
	if begins {
		err = r.note(c, stream.Notice{Kind: stream.KindPosition, Position: stream.Position{Epoch: m.Epoch, Seq: m.Next}})
	}
	if err == nil && anew {
		err = r.restarted(true)
	}
	return err
}

// live ends the backfill of a stream.
func (r *reading) live(name string) error {
	c := r.cursor([]byte(name))
	if c == nil || !c.marked {
		return nil
	}
	if err := r.flush(); err != nil {
		return err
	}
	c.filling = false
	if c.tail.own {
		return r.note(c, stream.Notice{Kind: stream.KindBackfill})
	}
	c.tail.merge.answered(r.l)
	return nil
}

// bye notes where the streams end, so that a restart costs no unknown gap.
func (r *reading) bye(ends []zmtp.StreamEnd) error {
	for _, e := range ends {
		if c := r.cursor([]byte(e.Name)); c != nil && c.marked && c.epoch == e.Epoch {
			c.closed, c.end = true, e.Next
		}
	}
	return nil
}
