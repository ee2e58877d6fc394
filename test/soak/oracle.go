package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sluice/cluster/zmtp"
)

// oracle reads one consolidator as a sluice peer, as fast as it can, with
// nothing of cluster/stream between: it counts by itself, as docs/wire.md says.
// From it the truth has the final positions.
type oracle struct {
	*tally
	endpoints []zmtp.Endpoint

	// Guarded by tally.mu.
	at     []oracleAt // by stream
	listed []position // what X-STREAMS told last
}

// oracleAt is where an oracle stands in one stream.
type oracleAt struct {
	position
	known  bool
	marked bool // on this connection
	ended  bool // an X-BYE told that it ends here

	refused uint64 // since the last quiet point, as marks told
}

func newOracle(w *world, machine int) *oracle {
	m := w.machines[machine]
	return &oracle{
		tally:     newTally(w, kindOracle, "oracle of "+m.name, machine),
		endpoints: m.subscribe,
		at:        make([]oracleAt, len(w.streams)),
		listed:    make([]position, len(w.streams)),
	}
}

func (o *oracle) run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := o.session(ctx)
		if violated(err) {
			return err
		}
		pause(ctx, 20*time.Millisecond)
	}
	return nil
}

func (o *oracle) session(ctx context.Context) error {
	conn, err := zmtp.Dial(ctx, o.endpoints[o.rnd.IntN(len(o.endpoints))], zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}})
	if err != nil {
		return err
	}
	var writing sync.Mutex // of answers to PING
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	ask := zmtp.AppendWatch(nil, true)
	o.mu.Lock()
	o.notef("connected")
	for s := range o.at {
		at := &o.at[s]
		at.marked = false
		tail := zmtp.Tail{Name: o.w.streams[s], From: zmtp.TailNow}
		if at.known {
			tail.From, tail.A, tail.B = zmtp.TailPosition, at.epoch, at.next
		}
		ask = zmtp.AppendTail(ask, tail)
	}
	o.mu.Unlock()
	if _, err := conn.Write(ask); err != nil {
		return err
	}
	in := zmtp.NewReceiver(conn)
	defer in.Close()
	for {
		for {
			t, err := in.Next()
			if err != nil {
				return o.w.violation(o, fmt.Errorf("the consolidator sends what is no ZMTP: %w", err))
			}
			if t.Kind == zmtp.TokenNone {
				break
			}
			o.mu.Lock()
			err = o.token(conn, &writing, t)
			o.mu.Unlock()
			if err != nil {
				return o.w.violation(o, err)
			}
		}
		if err := in.Fill(); err != nil {
			return err
		}
	}
}

func (o *oracle) token(conn *zmtp.Conn, writing *sync.Mutex, t zmtp.Token) error {
	switch t.Kind {
	case zmtp.TokenMessage:
		s := o.w.stream(t.Name)
		if s < 0 || t.Frames != 2 {
			return fmt.Errorf("a message of %d frames of %q, which was not asked for", t.Frames, t.Name)
		}
		at := &o.at[s]
		id, err := o.record(s, t.Body)
		if err != nil {
			return err
		}
		o.recent.add(event{stream: s, machine: o.machine, place: at.position, id: id})
		if !at.marked {
			return fmt.Errorf("a record of %q came before its mark", t.Name)
		}
		err = o.w.truth.log(o.machine, s).saw(at.position, id)
		at.next++
		return err
	case zmtp.TokenCommand:
		name, data, err := zmtp.SplitCommand(t.Body)
		if err != nil {
			return err
		}
		return o.command(conn, writing, name, data)
	}
	return fmt.Errorf("a message above the limit")
}

func (o *oracle) command(conn *zmtp.Conn, writing *sync.Mutex, name string, data []byte) error {
	switch name {
	case zmtp.CmdPing:
		return pong(conn, writing, data)
	case zmtp.CmdMark:
		m, err := zmtp.ParseMark(data)
		if err != nil {
			return err
		}
		return o.mark(m)
	case zmtp.CmdStreams:
		stats, err := zmtp.ParseStreams(data)
		if err != nil {
			return err
		}
		for _, st := range stats {
			if s := o.w.stream([]byte(st.Name)); s >= 0 {
				o.listed[s] = position{st.Epoch, st.Next}
			}
		}
	case zmtp.CmdBye:
		ends, err := zmtp.ParseBye(data)
		if err != nil {
			return err
		}
		for _, e := range ends {
			s := o.w.stream([]byte(e.Name))
			if s < 0 {
				return fmt.Errorf("X-BYE of %q, which was not asked for", e.Name)
			}
			o.notef("X-BYE: %s ends at %016x:%d", e.Name, e.Epoch, e.Next)
			at := &o.at[s]
			if at.epoch != e.Epoch || at.next != e.Next {
				return fmt.Errorf("X-BYE says that %q ends at %016x:%d, and it was read to %v", e.Name, e.Epoch, e.Next, at.position)
			}
			at.ended = true
			if err := o.w.truth.log(o.machine, s).ends(position{e.Epoch, e.Next}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *oracle) mark(m zmtp.Mark) error {
	s := o.w.stream(m.Name)
	if s < 0 {
		return fmt.Errorf("a mark of %q, which was not asked for", m.Name)
	}
	at := &o.at[s]
	to := position{m.Epoch, m.Next}
	o.notef("mark %d of %s: %v, after %v", m.Cause, m.Name, to, at.position)
	first := !at.marked
	at.marked = true
	switch {
	case first && m.Cause != zmtp.MarkStart && m.Cause != zmtp.MarkTooLate && m.Cause != zmtp.MarkNewEpoch:
		return fmt.Errorf("the first mark of %q has the cause %d", m.Name, m.Cause)
	case !at.known:
	case at.epoch != m.Epoch:
		if m.Cause != zmtp.MarkNewEpoch {
			return fmt.Errorf("a mark of %q changes the epoch with the cause %d", m.Name, m.Cause)
		}
		o.lost(m.Next, !at.ended)
	case at.ended:
		return fmt.Errorf("%q goes on in the epoch %016x, which an X-BYE had ended", m.Name, m.Epoch)
	case m.Next < at.next:
		return fmt.Errorf("a mark of %q goes back from %d to %d", m.Name, at.next, m.Next)
	case m.Next > at.next && m.Cause == zmtp.MarkTooLarge:
		at.refused += m.Next - at.next
		o.lost(m.Next-at.next, false)
	case m.Next > at.next:
		if m.Cause != zmtp.MarkOvertaken && m.Cause != zmtp.MarkTooLate {
			return fmt.Errorf("a mark of %q says with the cause %d that %d records were lost", m.Name, m.Cause, m.Next-at.next)
		}
		o.lost(m.Next-at.next, false)
	case m.Cause == zmtp.MarkOvertaken || m.Cause == zmtp.MarkTooLate || m.Cause == zmtp.MarkTooLarge:
		return fmt.Errorf("a mark of %q tells of a loss, cause %d, and there is none", m.Name, m.Cause)
	}
	if at.epoch != to.epoch {
		at.ended = false
	}
	at.position, at.known = to, true
	return nil
}

// final is where each stream ends, once X-STREAMS says the same; or what is
// amiss.
func (o *oracle) final() ([]position, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []position
	for s, at := range o.at {
		if at.position != o.listed[s] {
			return nil, fmt.Errorf("%s has read %q to %v, and X-STREAMS says %v", o.id, o.w.streams[s], at.position, o.listed[s])
		}
		all = append(all, at.position)
	}
	return all, nil
}

// check compares what was told as refused with what publishers sent. Where the oracle
// has read was compared with X-STREAMS.
func (o *oracle) check(*quiet) error {
	for s := range o.at {
		at := &o.at[s]
		l := o.w.truth.log(o.machine, s)
		l.mu.Lock()
		var sent uint64
		for _, n := range l.numbers {
			for _, f := range n.fates {
				if f == refused {
					sent++
				}
			}
		}
		l.mu.Unlock()
		if at.refused > sent {
			return fmt.Errorf("of %q %d records were told as refused, and %d were to be", o.w.streams[s], at.refused, sent)
		}
		at.refused = 0
	}
	return nil
}

// pong answers a PING.
func pong(conn *zmtp.Conn, writing *sync.Mutex, ping []byte) error {
	b, err := zmtp.AppendPong(nil, ping)
	if err != nil {
		return err
	}
	writing.Lock()
	defer writing.Unlock()
	_ = conn.SetWriteDeadline(time.Now().Add(patience))
	_, _ = conn.Write(b) // a broken connection is seen where it is read
	return nil
}
