package consolidator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// pusher is a sluice publisher that publishes {"i":0}, {"i":1} and so on as fast
// as it can, until it is told that this is the end.
type pusher struct {
	t       testing.TB
	c       *testpeer.Peer
	name    string
	sent    uint64        // whole messages; to be read when it has ended
	acked   atomic.Uint64 // messages acknowledged
	byes    chan struct{} // closed when it was told that this is the end
	running sync.WaitGroup
	err     error
}

// push starts one. What onAck does, it does for each acknowledgement.
func push(t testing.TB, addr, name string, from int, onAck func(n uint64)) *pusher {
	t.Helper()
	p := &pusher{t: t, c: testpeer.Dial(t, addr, testpeer.AsPublisher), name: name, byes: make(chan struct{})}
	p.running.Go(func() { p.write(from) })
	p.running.Go(func() { p.err = p.read(onAck) })
	t.Cleanup(func() {
		p.c.Close()
		p.running.Wait()
	})
	return p
}

func (p *pusher) write(from int) {
	filler := strings.Repeat("x", 200)
	for {
		select {
		case <-p.byes:
			_ = p.c.CloseWrite()
			return
		default:
		}
		var b []byte
		const batch = 100
		for range batch {
			b = zmtp.AppendMessage(b, p.name, fmt.Appendf(nil, `{"i":%d,"filler":%q}`, from, filler))
			from++
		}
		if _, err := p.c.Write(b); err != nil {
			return
		}
		p.sent += batch
	}
}

func (p *pusher) read(onAck func(n uint64)) error {
	for {
		t, err := p.c.Next()
		if err != nil {
			return err
		}
		if t.Kind != zmtp.TokenCommand {
			return fmt.Errorf("a publisher got %q", t.Raw)
		}
		name, data, err := zmtp.SplitCommand(t.Body)
		if err != nil {
			return err
		}
		switch name {
		case zmtp.CmdAck:
			n, err := zmtp.ParseAck(data)
			if err != nil {
				return err
			}
			if n < p.acked.Load() {
				return fmt.Errorf("acknowledged %d after %d", n, p.acked.Load())
			}
			p.acked.Store(n)
			if onAck != nil {
				onAck(n)
			}
		case zmtp.CmdBye:
			close(p.byes)
		}
	}
}

// ended waits for the end, at which all that it sent is acknowledged.
func (p *pusher) ended() {
	p.t.Helper()
	p.running.Wait()
	if !errors.Is(p.err, io.EOF) {
		p.t.Errorf("the publisher's connection ended with %v", p.err)
	}
	if acked := p.acked.Load(); acked != p.sent {
		p.t.Errorf("%d messages were sent, and %d acknowledged", p.sent, acked)
	}
}

// tally is what a reader got of one stream, and was told.
type tally struct {
	next     uint64 // the number of the next record
	received uint64
	lost     uint64
	bye      uint64 // where the stream ends, by X-BYE
	byes     int
	err      error
}

// follow reads a stream of {"i":…} to the connection's end, and calls each for
// each record. A sluice reader's tail has been asked for, a foreign one has
// subscribed.
func (y *tally) follow(c *testpeer.Peer, each func()) {
	y.err = func() error {
		for {
			t, err := c.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if t.Kind == zmtp.TokenMessage {
				err = y.record(t.Body)
				each()
			} else {
				err = errors.Join(c.Answer(t.Body), y.command(t.Body))
			}
			if err != nil {
				return err
			}
		}
	}()
}

func (y *tally) record(body []byte) error {
	var r struct {
		I       uint64
		Name    string
		Dropped uint64
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return err
	}
	switch {
	case y.byes > 0:
		return fmt.Errorf("a record after X-BYE: %s", body)
	case r.Name == "sluice":
		y.lost += r.Dropped
		y.next += r.Dropped
	case r.I != y.next:
		return fmt.Errorf("record %d, expected %d", r.I, y.next)
	default:
		y.next++
		y.received++
	}
	return nil
}

func (y *tally) command(body []byte) error {
	name, data, err := zmtp.SplitCommand(body)
	if err != nil {
		return err
	}
	switch name {
	case zmtp.CmdMark:
		m, err := zmtp.ParseMark(data)
		if err != nil {
			return err
		}
		if m.Next < y.next {
			return fmt.Errorf("a mark of %d, expected %d", m.Next, y.next)
		}
		y.lost += m.Next - y.next
		y.next = m.Next
	case zmtp.CmdBye:
		ends, err := zmtp.ParseBye(data)
		if err != nil {
			return err
		}
		y.byes++
		for _, e := range ends {
			y.bye = e.Next
		}
	}
	return nil
}

// check compares with what was published.
func (y *tally) check(t testing.TB, who string, published uint64) {
	t.Helper()
	if y.err != nil {
		t.Errorf("%s: %v", who, y.err)
	}
	if y.received+y.lost != published {
		t.Errorf("%s: received %d + lost %d != published %d", who, y.received, y.lost, published)
	}
	t.Logf("%s: received %d, lost %d of %d", who, y.received, y.lost, published)
}

// nothing is done for each record by readers that are fast.
func nothing() {}

// SIGTERM under load: the publisher has all acknowledged that it had sent,
// readers get all of it or are told what they lost, sluice ones the exact end;
// and the process exits with 0.
func TestLeavingUnderLoad(t *testing.T) {
	volume.Check(t)
	c := spawn(t, "--grace", wait.Limit.String())
	readers := map[string]*testpeer.Peer{
		"fast sluice":  testpeer.Dial(t, c.subscribe, testpeer.AsReader),
		"slow sluice":  testpeer.Dial(t, c.subscribe, testpeer.AsReader),
		"fast foreign": testpeer.Dial(t, c.subscribe, testpeer.AsForeignReader),
		"slow foreign": testpeer.Dial(t, c.subscribe, testpeer.AsForeignReader),
	}
	tallies := make(map[string]*tally)
	var reading sync.WaitGroup
	for who, r := range readers {
		if r.Peer.Sluice {
			r.Send(zmtp.AppendTail(nil, zmtp.Tail{Name: "system"}))
		} else {
			r.Settle(subscriptions(r, "system")...)
		}
		each := nothing
		if strings.HasPrefix(who, "slow") {
			n, pace := 0, time.Tick(time.Millisecond)
			each = func() {
				if n++; n%1000 == 0 {
					<-pace
				}
			}
		}
		y := new(tally)
		tallies[who] = y
		reading.Go(func() {
			y.follow(r, each)
			r.Close()
		})
	}
	p := push(t, c.publish, "system", 0, nil)
	wait.For(t, "acknowledgements", func() bool { return p.acked.Load() > 50_000 })
	c.terminate()
	p.ended()
	reading.Wait()
	c.wait()
	for who, y := range tallies {
		y.check(t, who, p.sent)
		if sluice := readers[who].Peer.Sluice; sluice && (y.byes != 1 || y.bye != p.sent) {
			t.Errorf("%s: told %d times that the stream ends at %d, not %d", who, y.byes, y.bye, p.sent)
		}
	}
}

// What a reader has in its kernel's buffer when the consolidator exits, it has.
func TestLeavingWithBytesUnread(t *testing.T) {
	t.Parallel()
	c := spawn(t)
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		_ = raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<20)
		})
		return err
	}}
	nc, err := d.Dial("tcp", strings.TrimPrefix(c.subscribe, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	conn, err := zmtp.Handshake(nc, testpeer.AsForeignReader)
	if err != nil {
		t.Fatal(err)
	}
	r := testpeer.New(t, conn)
	r.Settle(subscriptions(r, "system")...)
	raw, err := nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	room := 0
	_ = raw.Control(func(fd uintptr) { room, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF) })
	if err != nil {
		t.Fatal(err)
	}
	// The kernel's own bookkeeping takes much of it.
	size := room / 4
	var b []byte
	var n uint64
	for ; len(b) < size; n++ {
		b = zmtp.AppendMessage(b, "system", fmt.Appendf(nil, `{"i":%d,"filler":%q}`, n, strings.Repeat("x", 1000)))
	}
	p := testpeer.Dial(t, c.publish, testpeer.AsForeignPublisher)
	p.Send(b)
	p.Settle()
	p.Close()
	c.terminate()
	c.wait()
	var y tally
	y.follow(r, nothing)
	y.check(t, "foreign", n)
	if y.lost > 0 {
		t.Errorf("%d lost", y.lost)
	}
	t.Logf("%d KiB were in its buffer", len(b)>>10)
}

// A reader that is slow, but not too slow, gets all that is in the log within
// the grace period, although the kernel does not hold it.
func TestLeavingSlowly(t *testing.T) {
	c, stop := start(t, consolidator.Config{Grace: wait.Limit})
	r := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsReader)
	small(t, r.Conn, 64<<10)
	r.Send(zmtp.AppendTail(nil, zmtp.Tail{Name: "system"}))
	p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	wait.For(t, "the tail", func() bool { return c.Subscriptions() == 1 })
	const n = 3000 // of a KiB
	for i := range n {
		p.Send(zmtp.AppendMessage(nil, "system", fmt.Appendf(nil, `{"i":%d,"filler":%q}`, i, strings.Repeat("x", 1000))))
	}
	wait.For(t, "the records", func() bool { return c.Published("system") == n })
	p.Close()
	var y tally
	var reading sync.WaitGroup
	reading.Go(func() {
		got, pace := 0, time.Tick(time.Millisecond)
		y.follow(r, func() {
			if got++; got%30 == 0 {
				<-pace // it is slow
			}
		})
		r.Close()
	})
	stop()
	reading.Wait()
	y.check(t, "slow", n)
	if y.lost > 0 || y.bye != n {
		t.Errorf("%d lost; told that it ends at %d", y.lost, y.bye)
	}
}

// Peers that do not care cannot hold a consolidator that leaves: one that
// reads nothing, one that publishes without end, one in its handshake, one that
// does not close.
func TestLeavingAlone(t *testing.T) {
	c, stop := start(t, consolidator.Config{Grace: 200 * time.Millisecond})
	_ = silent(t, c.SubscribeAddrs()[0])
	idle := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsForeignReader)
	idle.Settle()
	deaf := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsForeignReader)
	small(t, deaf.Conn, 64<<10)
	deaf.Settle(subscriptions(deaf, "")...)
	quiet := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	quiet.Settle()
	endless := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	var flooding sync.WaitGroup
	flooding.Go(func() {
		b := make([]byte, 0, 64<<10)
		for len(b) < 60<<10 {
			b = append(b, message("flood", 1)...)
		}
		for {
			if _, err := endless.Write(b); err != nil {
				return
			}
		}
	})
	wait.For(t, "a flood", func() bool { return c.Published("flood") > 100_000 })
	stop()
	flooding.Wait()
}

// What was acknowledged was appended, at every moment.
func TestAcknowledged(t *testing.T) {
	c, stop := start(t, consolidator.Config{})
	var early atomic.Uint64
	p := push(t, c.PublishAddrs()[0], "system", 0, func(n uint64) {
		if got := c.Published("system"); got < n {
			early.Store(n)
		}
	})
	wait.For(t, "acknowledgements", func() bool { return p.acked.Load() > 100_000 })
	stop()
	p.ended()
	if n := early.Load(); n > 0 {
		t.Errorf("%d messages were acknowledged before they were appended", n)
	}
	if got := c.Published("system"); got != p.sent {
		t.Errorf("%d records were appended, %d sent", got, p.sent)
	}
}

// A sluice reader across clean restarts under load: it knows exactly what it
// lost, of all that was ever published.
func TestRestartUnderLoad(t *testing.T) {
	t.Parallel()
	small := consolidator.Config{StreamBuffer: 256 << 10}
	c, stop := start(t, small)
	again := small
	again.Publish, again.Subscribe = c.PublishAddrs(), c.SubscribeAddrs()
	s := source(t, direct.Config{Consolidators: again.Subscribe})
	s.Tail("system", stream.Backfill{})
	var got seen
	until(t, s, &got, func() bool { return got.begun == 1 })

	var published, received, lost, unknown, begun atomic.Uint64
	ctx, cancel := context.WithCancel(t.Context())
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			b, err := s.Take(ctx)
			if err != nil {
				return
			}
			received.Add(uint64(len(b.Records)))
			for _, n := range b.Notices {
				switch n.Kind {
				case stream.KindPosition:
					begun.Add(1)
				case stream.KindGap:
					lost.Add(n.Count)
					if n.Unknown {
						unknown.Add(1)
					}
				}
			}
			b.Release()
		}
	})
	for epoch := range uint64(3) {
		p := push(t, again.Publish[0], "system", 0, nil)
		wait.For(t, "records of this epoch", func() bool { return p.acked.Load() > 20_000 && begun.Load() == epoch })
		stop()
		p.ended()
		published.Add(p.sent)
		_, stop = start(t, again)
	}
	// What is lost at the end of an epoch is told in the next one.
	p := push(t, again.Publish[0], "system", 0, nil)
	wait.For(t, "records of the last epoch", func() bool { return p.acked.Load() > 0 && begun.Load() == 3 })
	stop()
	p.ended()
	published.Add(p.sent)
	wait.For(t, "all records to be received or told as lost", func() bool {
		return received.Load()+lost.Load() >= published.Load()
	})
	cancel()
	reading.Wait()
	if received.Load()+lost.Load() != published.Load() || unknown.Load() > 0 {
		t.Errorf("received %d + lost %d != published %d, %d unknown gaps", received.Load(), lost.Load(), published.Load(), unknown.Load())
	}
	t.Logf("published %d, received %d, lost %d", published.Load(), received.Load(), lost.Load())
}
