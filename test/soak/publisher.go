package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// outlet is how a publisher's messages leave.
type outlet interface {
	// connect makes a connection if there is none. fresh is set when it did.
	connect(ctx context.Context) (fresh bool, err error)
	// send hands messages over.
	send(batch []message) error
	// acked is how many of the sound messages of this connection are known to
	// be accepted.
	acked() int
	// leave ends the connection: well, so that all that was sent arrives, or by
	// force. well reports whether all arrived.
	leave(force bool) (well bool)
	// why is why the connection is over; nil while it is not.
	why() error
}

// message is one message of a publisher.
type message struct {
	name   string
	stream int
	number uint64
	record []byte
	fate   fate
	single bool // it has one frame
}

// publisher publishes to all streams of one machine, with numbers of its own in
// each.
type publisher struct {
	w       *world
	index   int
	machine int
	kind    string
	trust   trust
	out     outlet
	rnd     *rand.Rand

	connection int       // how many it had
	unacked    []message // of this connection, without their records
	acked      int
	buf        []byte

	sent, refused, discarded uint64
}

func newPublisher(w *world, index, machine int, kind string) (*publisher, error) {
	m := w.machines[machine]
	p := &publisher{w: w, index: index, machine: machine, kind: kind, rnd: w.random()}
	switch kind {
	case "sluice", "closing":
		p.out = &socket{endpoints: m.publish, rnd: p.rnd}
	case "foreign":
		p.out = &socket{endpoints: m.publish, rnd: p.rnd, foreign: true}
	case "go-zeromq":
		p.out, p.trust = &goSocket{endpoint: m.publish[0].String()}, trustNothing
	case "libzmq":
		peer, err := startPeer("pub", m.publish[0].String())
		if err != nil {
			return nil, err
		}
		p.out, p.trust = &pipe{peer: peer}, trustUnbroken
	}
	for s := range w.streams {
		l := w.truth.log(machine, s)
		l.mu.Lock()
		l.numbers[index] = &numbers{trust: p.trust}
		l.mu.Unlock()
	}
	return p, nil
}

func (p *publisher) String() string {
	return fmt.Sprintf("publisher %d (%s, to %s)", p.index, p.kind, p.w.machines[p.machine].name)
}

// identity is what a record says of itself that is published now.
func (p *publisher) identity(stream int, number uint64) identity {
	return identity{publisher: p.index, connection: p.connection, stream: stream, number: number}
}

// each calls f with what is known of the publisher's numbers in each stream.
func (p *publisher) each(f func(stream int, n *numbers)) {
	for s := range p.w.streams {
		l := p.w.truth.log(p.machine, s)
		l.mu.Lock()
		f(s, l.numbers[p.index])
		l.mu.Unlock()
	}
}

// ready connects, if there is no connection.
func (p *publisher) ready(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := p.over(); err != nil {
			return err
		}
		fresh, err := p.out.connect(ctx)
		if err != nil {
			pause(ctx, 20*time.Millisecond)
			continue
		}
		if fresh {
			p.connection++
			p.unacked, p.acked = p.unacked[:0], 0
			p.each(func(_ int, n *numbers) { n.open() })
		}
		return nil
	}
	return ctx.Err()
}

// over looks whether the connection is over. That has to have a reason.
func (p *publisher) over() error {
	if err := p.acknowledge(); err != nil {
		return err
	}
	why := p.out.why()
	if why == nil {
		return nil
	}
	p.each(func(_ int, n *numbers) { n.ended(false) })
	p.out.leave(true)
	if p.trust == trustConnection && !p.w.machines[p.machine].touched() {
		return fmt.Errorf("its connection broke, and its consolidator was not restarted: %w", why)
	}
	return nil
}

// acknowledge looks at what was accepted.
func (p *publisher) acknowledge() error {
	n := p.out.acked() - p.acked
	switch {
	case n == 0:
		return nil
	case n < 0 || n > len(p.unacked):
		return fmt.Errorf("X-ACK says that %d messages of the connection were accepted; it had said %d, and %d more were sent", p.acked+n, p.acked, len(p.unacked))
	}
	acked := p.unacked[:n]
	p.unacked = p.unacked[n:]
	p.acked += n
	p.each(func(s int, n *numbers) {
		for i := len(acked) - 1; i >= 0; i-- {
			if acked[i].stream == s {
				part := &n.parts[len(n.parts)-1]
				part.acked = max(part.acked, acked[i].number+1)
				return
			}
		}
	})
	return nil
}

// style is how a publisher publishes in one phase.
type style struct {
	every time.Duration // between two small batches
	flood int           // records of a flood
	leave int           // one of so many batches ends the connection; 0 never
}

// publish publishes until the phase ends.
func (p *publisher) publish(ctx context.Context, st style) error {
	next := time.Now().Add(p.between(p.w.o.phase / 3))
	for ctx.Err() == nil {
		if err := p.ready(ctx); err != nil {
			return unlessOver(ctx, err)
		}
		var err error
		switch {
		case st.leave > 0 && p.rnd.IntN(st.leave) == 0:
			err = p.leave()
		case st.flood > 0 && time.Now().After(next):
			next = time.Now().Add(p.between(p.w.o.phase / 2))
			err = p.flood(ctx, st.flood/2+p.rnd.IntN(st.flood))
		default:
			err = p.send(p.batch(1+p.rnd.IntN(4), -1))
			pause(ctx, p.between(2*st.every))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *publisher) between(most time.Duration) time.Duration {
	return time.Duration(p.rnd.Int64N(int64(most) + 1))
}

// flood publishes as fast as it can.
func (p *publisher) flood(ctx context.Context, records int) error {
	for records > 0 && ctx.Err() == nil && p.out.why() == nil {
		one := -1
		if p.rnd.IntN(2) == 0 {
			one = p.rnd.IntN(len(p.w.streams))
		}
		n := 1 + p.rnd.IntN(200)
		records -= n
		if err := p.send(p.batch(n, one)); err != nil {
			return err
		}
	}
	return nil
}

// leave ends the connection.
func (p *publisher) leave() error {
	force := p.rnd.IntN(2) == 0
	why := p.out.why()
	well := p.out.leave(force)
	if err := p.acknowledge(); err != nil {
		return err
	}
	if !well && !force && why == nil && p.trust == trustConnection && !p.w.machines[p.machine].touched() {
		return errors.New("it ended its connection well, and the consolidator did not read it to its end")
	}
	p.each(func(_ int, n *numbers) { n.ended(well) })
	return nil
}

// batch makes messages: of one stream, or of all. Their records stay valid
// until the next batch.
func (p *publisher) batch(n, stream int) []message {
	batch := make([]message, 0, n)
	p.buf = p.buf[:0]
	now := time.Now()
	size := 0
	for range n {
		m := message{stream: stream}
		if stream < 0 {
			m.stream = p.rnd.IntN(len(p.w.streams))
		}
		m.name = p.w.streams[m.stream]
		s := p.size()
		switch {
		case s > maxRecord:
			m.fate = refused
		case p.rnd.IntN(2000) == 0 && p.trust == trustConnection:
			m.fate = discarded
			p.break1(&m)
		}
		l := p.w.truth.log(p.machine, m.stream)
		l.mu.Lock()
		m.number = l.numbers[p.index].send(m.fate)
		l.mu.Unlock()
		from := len(p.buf)
		p.buf = appendRecord(p.buf, p.identity(m.stream, m.number), s, now)
		m.record = p.buf[from:len(p.buf):len(p.buf)]
		batch = append(batch, m)
		if size += s; size > 4<<20 {
			break
		}
	}
	return batch
}

// break1 makes a message that is no record of any stream.
func (p *publisher) break1(m *message) {
	switch p.rnd.IntN(4) {
	case 0:
		m.single = true
	case 1:
		m.name = ""
	case 2:
		m.name = m.name + "\n"
	case 3:
		m.name = strings.Repeat("x", 256)
	}
}

// size is the size of a record: mostly small, some large, few at the limit or
// above it.
func (p *publisher) size() int {
	switch n := p.rnd.IntN(10_000); {
	case n < 8000:
		return minRecord + p.rnd.IntN(320)
	case n < 9700:
		return 500 + p.rnd.IntN(3500)
	case n < 9985:
		return 4000 + p.rnd.IntN(28_000)
	case n < 9993:
		return maxRecord - p.rnd.IntN(3)
	case n < 9995:
		return 32_000 + p.rnd.IntN(maxRecord-32_000)
	}
	return maxRecord + 1 + p.rnd.IntN(64<<10)
}

// send hands a batch over. What a broken connection makes of it is not known.
func (p *publisher) send(batch []message) error {
	for _, m := range batch {
		switch m.fate {
		case refused:
			p.refused++
			continue
		case discarded:
			p.discarded++
			continue
		case accepted:
		}
		p.sent++
		if p.trust == trustConnection {
			p.unacked = append(p.unacked, message{stream: m.stream, number: m.number})
		}
	}
	if err := p.out.send(batch); err != nil {
		return nil //nolint:nilerr // why has it
	}
	return nil
}

// settle publishes a last record to each stream, again and again until somebody
// has got it: so all before it has arrived. A sluice peer has everything
// acknowledged then.
func (p *publisher) settle(ctx context.Context) error {
	deadline := time.Now().Add(patience)
	for {
		if err := p.ready(ctx); err != nil {
			return err
		}
		numbers, err := p.close()
		if err != nil {
			return err
		}
		for look := time.Now().Add(500 * time.Millisecond); time.Now().Before(look) && p.out.why() == nil; pause(ctx, 2*time.Millisecond) {
			if ok, err := p.arrived(numbers); ok || err != nil {
				return err
			}
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(deadline):
			return fmt.Errorf("what it sends does not arrive within %v: it has %d acknowledged, and %d not", patience, p.acked, len(p.unacked))
		}
	}
}

// close sends a small record to each stream, and returns their numbers.
func (p *publisher) close() ([]uint64, error) {
	var batch []message
	var all []uint64
	now := time.Now()
	for s, name := range p.w.streams {
		l := p.w.truth.log(p.machine, s)
		l.mu.Lock()
		number := l.numbers[p.index].send(accepted)
		l.mu.Unlock()
		batch = append(batch, message{name: name, stream: s, number: number, record: appendRecord(nil, p.identity(s, number), 0, now)})
		all = append(all, number)
	}
	return all, p.send(batch)
}

// arrived reports whether these records were got, and all of a sluice peer
// acknowledged.
func (p *publisher) arrived(numbers []uint64) (bool, error) {
	for s, n := range numbers {
		if !p.w.truth.log(p.machine, s).placed(p.identity(s, n)) {
			return false, nil
		}
	}
	err := p.acknowledge()
	return p.kind == "foreign" || p.trust != trustConnection || len(p.unacked) == 0, err
}

// unlessOver is nil when the error is only that ctx has ended.
func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
