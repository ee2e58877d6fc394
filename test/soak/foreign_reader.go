package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"sluice/cluster/zmtp"
	"sluice/internal/relay"
)

// foreign reads one consolidator as any ZeroMQ SUB socket does: by prefixes,
// and what it lost it is told among the records.
type foreignReader struct {
	*tally
	endpoint   zmtp.Endpoint
	prefixes   []string
	readBuffer int

	// Guarded by tally.mu.
	connections [][]*connection // by stream, those of this phase in order
}

func newForeign(w *world, id string, machine int, relayed bool) (*foreignReader, error) {
	m := w.machines[machine]
	f := &foreignReader{tally: newTally(w, kindForeign, id, machine), endpoint: m.subscribe[0], connections: make([][]*connection, len(w.streams))}
	if relayed && f.endpoint.Network == "tcp" {
		r, err := relay.Open(f.endpoint.Address)
		if err != nil {
			return nil, err
		}
		f.relays = append(f.relays, r)
		f.endpoint.Address = r.Addr()
	}
	// Prefixes that overlap bring each record once.
	switch f.rnd.IntN(3) {
	case 0:
		f.prefixes = []string{""}
	case 1:
		f.prefixes = []string{"system", "tenant/"}
	default:
		f.prefixes = append([]string{"sys"}, w.streams...)
	}
	if f.rnd.IntN(2) == 0 {
		f.readBuffer = 64 << 10
	}
	return f, nil
}

func (f *foreignReader) run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := f.session(ctx)
		if violated(err) {
			return err
		}
		f.mu.Lock()
		f.notef("connection over: %v", err)
		for _, list := range f.connections {
			if len(list) > 0 {
				c := list[len(list)-1]
				c.over, c.ended = true, errors.Is(err, io.EOF)
			}
		}
		f.mu.Unlock()
		pause(ctx, time.Duration(10+f.rnd.IntN(40))*time.Millisecond)
	}
	return nil
}

func (f *foreignReader) session(ctx context.Context) error {
	conn, err := zmtp.Dial(ctx, f.endpoint, zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}, Foreign: true})
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	if tc, ok := conn.NetConn().(*net.TCPConn); ok && f.readBuffer > 0 {
		_ = tc.SetReadBuffer(f.readBuffer)
	}
	var ask []byte
	for _, p := range f.prefixes {
		ask = zmtp.AppendSubscription(ask, conn.Peer.Version, p, false)
	}
	f.mu.Lock()
	f.notef("connected")
	f.sum.resumed++
	for s := range f.connections {
		f.connections[s] = append(f.connections[s], &connection{})
	}
	f.mu.Unlock()
	if _, err := conn.Write(ask); err != nil {
		return err
	}
	in := zmtp.NewReceiver(conn)
	defer in.Close()
	var writing sync.Mutex
	for {
		f.mu.Lock()
		for {
			t, err := in.Next()
			if err != nil {
				f.mu.Unlock()
				return f.w.violation(f, fmt.Errorf("the consolidator sends what is no ZMTP: %w", err))
			}
			if t.Kind == zmtp.TokenNone {
				break
			}
			if err := f.token(conn, &writing, t); err != nil {
				f.mu.Unlock()
				return f.w.violation(f, err)
			}
		}
		f.mu.Unlock()
		f.pause(ctx, f.rnd)
		if err := in.Fill(); err != nil {
			return err
		}
	}
}

func (f *foreignReader) token(conn *zmtp.Conn, writing *sync.Mutex, t zmtp.Token) error {
	switch t.Kind {
	case zmtp.TokenMessage:
		if s := f.w.stream(t.Name); s >= 0 {
			return f.message(s, t.Body)
		}
		return nil // a stream of the consolidator's own
	case zmtp.TokenCommand:
		name, data, err := zmtp.SplitCommand(t.Body)
		if err != nil {
			return err
		}
		if name == zmtp.CmdPing {
			return pong(conn, writing, data)
		}
		return fmt.Errorf("the command %q came to a foreign peer", name)
	}
	return errors.New("a message above the limit")
}

// message takes a record, or what is told among the records.
func (f *foreignReader) message(s int, data []byte) error {
	list := f.connections[s]
	c := list[len(list)-1]
	if n, ok := parseNotice(data); ok {
		f.notef("told %d lost of %s", n.Dropped, f.w.streams[s])
		f.lost(n.Dropped, n.Unknown)
		c.count += n.Dropped
		return nil
	}
	id, err := f.record(s, data)
	if err != nil {
		return err
	}
	f.recent.add(event{stream: s, machine: f.machine, id: id})
	c.record(id)
	return nil
}

func (f *foreignReader) check(q *quiet) error {
	for s, list := range f.connections {
		l := f.w.truth.log(f.machine, s)
		l.mu.Lock()
		for i, c := range list {
			end := f.end(q, l, s, c, i == len(list)-1)
			if err := c.check(l, 0, end); err != nil {
				l.mu.Unlock()
				return fmt.Errorf("%q, connection %d of %d in this phase: %w", f.w.streams[s], i+1, len(list), err)
			}
		}
		l.mu.Unlock()
		f.connections[s] = []*connection{{anchored: true, anchor: q.final[f.machine][s]}}
	}
	return nil
}

// end is where a connection has to have come to; nil when that cannot be said.
func (f *foreignReader) end(q *quiet, l *logTruth, s int, c *connection, last bool) *position {
	switch {
	case last:
		return &q.final[f.machine][s]
	case c.ended && c.anchored && !f.hurt.Load() && !q.killed[f.machine]:
		// Its consolidator ended, and hands over before that what a reader
		// who reads has not got.
		if _, e := l.life(c.anchor.epoch); e.known {
			return &position{e.epoch, e.end}
		}
	}
	return nil
}
