package consolidator_test

import (
	"log/slog"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
)

// sticky is a mechanism whose codec never comes to an end of opening what it receives,
// until it is let go.
type sticky struct {
	zmtp.Mechanism
	stuck chan struct{} // one that opens
	letGo chan struct{}
}

func (m sticky) Handshake(x *zmtp.Exchange, ours []zmtp.Property) (zmtp.Properties, zmtp.Codec, error) {
	theirs, _, err := m.Mechanism.Handshake(x, ours)
	return theirs, m, err
}

func (m sticky) Seal(dst, frame []byte) ([]byte, error) { return append(dst, frame...), nil }

func (m sticky) Open(dst, sealed []byte, _ int) ([]byte, int, error) {
	m.stuck <- struct{}{}
	<-m.letGo
	return append(dst, sealed...), len(sealed), nil
}

// A connection whose goroutine does not come back does not keep the process from its
// end: which peers they are is logged.
func TestEndWithoutStuckConnections(t *testing.T) {
	t.Parallel()
	m := sticky{zmtp.Null, make(chan struct{}, 10), make(chan struct{})}
	t.Cleanup(func() { close(m.letGo) })
	var logged buffer
	c, stop := start(t, consolidator.Config{
		Mechanism: m, Grace: time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(&logged, nil)),
	}, func(c *consolidator.Consolidator) { c.LeaveBehind(10 * time.Millisecond) })
	p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	r := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsForeignReader)
	p.Send(message("system", 1))
	r.Send(zmtp.AppendPing(nil, 0))
	<-m.stuck
	<-m.stuck
	stop() // fails unless it returns within wait.Limit
	for kind, peer := range map[string]*testpeer.Peer{"publisher": p, "reader": r} {
		if want := "kind=" + kind + " count=1 peers=[" + peer.LocalAddr().String() + "]"; logged.count(want) != 1 {
			t.Errorf("%q is not in the log", want)
		}
	}
}
