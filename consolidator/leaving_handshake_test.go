package consolidator_test

import (
	"sync"
	"testing"

	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// delayed is the mechanism without security, whose peer keeps its READY back
// until it is told to go on.
type delayed struct {
	zmtp.Mechanism
	goOn chan struct{}
}

func (d delayed) Handshake(x *zmtp.Exchange, ours []zmtp.Property) (zmtp.Properties, zmtp.Codec, error) {
	<-d.goOn
	return d.Mechanism.Handshake(x, ours)
}

// dialDelayed connects a peer that finishes its handshake when finish is called.
func dialDelayed(t testing.TB, endpoint string, role zmtp.Config) (finish func() *testpeer.Peer) {
	t.Helper()
	d := delayed{zmtp.Null, make(chan struct{})}
	role.Mechanism = d
	var conn *zmtp.Conn
	var err error
	var dialling sync.WaitGroup
	dialling.Go(func() { conn, err = testpeer.Connect(endpoint, role) })
	goOn := sync.OnceFunc(func() {
		close(d.goOn)
		dialling.Wait()
	})
	t.Cleanup(func() {
		goOn()
		if conn != nil {
			conn.Close()
		}
	})
	return func() *testpeer.Peer {
		t.Helper()
		goOn()
		if err != nil {
			t.Fatal(err)
		}
		return testpeer.New(t, conn)
	}
}

// Those whose handshake ends while the consolidator leaves have what all others
// have: the publisher its last records read and acknowledged, the reader what it
// asked for and the exact end. For all that they know they were connected before.
func TestLeavingInTheHandshake(t *testing.T) {
	t.Parallel()
	c, stop := start(t, consolidator.Config{Grace: wait.Limit})
	c.WaitForHandshakes(wait.Limit)
	publisher := dialDelayed(t, c.PublishAddrs()[0], testpeer.AsPublisher)
	reader := dialDelayed(t, c.SubscribeAddrs()[0], testpeer.AsReader)
	wait.For(t, "both handshakes", func() bool { _, _, shaking := c.Connections(); return shaking == 2 })
	var stopping sync.WaitGroup
	stopping.Go(stop)
	wait.For(t, "the end to begin", c.Leaving)

	r := reader()
	r.Send(zmtp.AppendTail(nil, zmtp.Tail{Name: "system"}))
	wait.For(t, "the tail", func() bool { return c.Subscriptions() == 1 })
	p := &pusher{t: t, c: publisher(), byes: make(chan struct{})}
	const n = 1000
	var b []byte
	for i := range n {
		b = append(b, message("system", i)...)
	}
	p.c.Send(b)
	p.sent = n
	p.running.Go(func() { p.err = p.read(nil) })
	wait.For(t, "the end to be announced", func() bool {
		select {
		case <-p.byes:
			return true
		default:
			return false
		}
	})
	_ = p.c.CloseWrite()
	p.ended()
	var y tally
	y.follow(r, nothing)
	r.Close()
	stopping.Wait()
	y.check(t, "reader", n)
	if y.received != n || y.bye != n {
		t.Errorf("%d of %d records; told that the stream ends at %d", y.received, n, y.bye)
	}
}

// Strangers that never finish their handshake do not hold a consolidator that
// leaves for its grace period.
func TestLeavingStrangers(t *testing.T) {
	t.Parallel()
	c, stop := start(t, consolidator.Config{Grace: 10 * wait.Limit})
	dialDelayed(t, c.PublishAddrs()[0], testpeer.AsPublisher)
	dialDelayed(t, c.SubscribeAddrs()[0], testpeer.AsReader)
	wait.For(t, "both handshakes", func() bool { _, _, shaking := c.Connections(); return shaking == 2 })
	stop() // fails unless it returns within wait.Limit
}

// awaitCommand reads commands until one of that name, whose data it returns.
func awaitCommand(t testing.TB, r *testpeer.Peer, command string) []byte {
	t.Helper()
	for {
		tok, err := r.Next()
		if err != nil {
			t.Fatalf("%v while waiting for %s", err, command)
		}
		if name, data, err := zmtp.SplitCommand(tok.Body); err != nil {
			t.Fatal(err)
		} else if name == command {
			return append([]byte(nil), data...)
		} else if name == zmtp.CmdBye {
			t.Fatalf("final positions came before %s", command)
		}
	}
}

// A reader whose handshake ends at the very end, and one whose requests were on their way,
// are told where the streams end that they ask for, and get what they ask for before.
func TestAskingAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, late := range []string{"handshake", "request"} {
		t.Run(late, func(t *testing.T) {
			t.Parallel()
			c, stop := start(t, consolidator.Config{Grace: wait.Limit})
			c.WaitForHandshakes(wait.Limit)
			p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsPublisher)
			p.Settle(append(message("system", 0), message("system", 1)...)...)
			p.Close()
			reader := func() *testpeer.Peer { return testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsReader) }
			if late == "handshake" {
				reader = dialDelayed(t, c.SubscribeAddrs()[0], testpeer.AsReader)
				wait.For(t, "the handshake", func() bool { _, _, shaking := c.Connections(); return shaking == 1 })
			} else {
				r := reader()
				reader = func() *testpeer.Peer { return r }
			}
			var stopping sync.WaitGroup
			stopping.Go(stop)
			wait.For(t, "the end to begin", c.Leaving)
			r := reader()
			// It has not asked yet when it is asked whether it has.
			ping := awaitCommand(t, r, zmtp.CmdPing)
			r.Send(zmtp.AppendTail(nil, zmtp.Tail{Name: "system", From: zmtp.TailLast, A: 1}))
			pong, err := zmtp.AppendPong(nil, ping)
			if err != nil {
				t.Fatal(err)
			}
			r.Send(pong)
			y := tally{next: 1}
			y.follow(r, nothing)
			r.Close()
			stopping.Wait()
			if y.err != nil || y.received != 1 || y.byes != 1 || y.bye != 2 {
				t.Errorf("%+v", y)
			}
		})
	}
}

// A reader that does not answer at the end is not waited for as long as those are that
// take what they have not got.
func TestNoAnswerAtTheEnd(t *testing.T) {
	t.Parallel()
	c, stop := start(t, consolidator.Config{Grace: 10 * wait.Limit})
	r := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsReader)
	r.Settle(zmtp.AppendTail(nil, zmtp.Tail{Name: "system"})...)
	var stopping sync.WaitGroup
	stopping.Go(stop) // fails unless it returns within wait.Limit
	awaitCommand(t, r, zmtp.CmdPing)
	ends, err := zmtp.ParseBye(awaitCommand(t, r, zmtp.CmdBye))
	if err != nil || len(ends) != 1 || ends[0].Name != "system" {
		t.Errorf("final positions %+v, %v", ends, err)
	}
	r.Ends()
	r.Close()
	stopping.Wait()
}
