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
