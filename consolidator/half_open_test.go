package consolidator_test

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// cable passes a connection on until it is cut through: then nothing comes
// through it any more, and neither side is told.
type cable struct {
	ln      net.Listener
	to      string
	running sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

func lay(t testing.TB, addr string) *cable {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{ln: ln, to: strings.TrimPrefix(addr, "tcp://")}
	c.running.Go(c.accept)
	t.Cleanup(func() {
		ln.Close()
		c.mu.Lock()
		for _, nc := range c.conns {
			nc.Close()
		}
		c.mu.Unlock()
		c.running.Wait()
	})
	return c
}

func (c *cable) addr() string { return "tcp://" + c.ln.Addr().String() }

func (c *cable) accept() {
	for {
		in, err := c.ln.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", c.to)
		if err != nil {
			in.Close()
			continue
		}
		c.mu.Lock()
		c.conns = append(c.conns, in, out)
		c.mu.Unlock()
		c.running.Go(func() { c.pass(out, in) })
		c.running.Go(func() { c.pass(in, out) })
	}
}

func (c *cable) pass(to, from net.Conn) {
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		c.mu.Lock()
		if !c.cut {
			_, _ = to.Write(b[:n])
		}
		c.mu.Unlock()
	}
}

func (c *cable) cutThrough() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
}

// Peers behind a cable that was cut through are found by their silence. Those
// that answer heartbeats stay, however long they have nothing else to say.
func TestHalfOpen(t *testing.T) {
	const ping, silent = 50 * time.Millisecond, 3 * time.Second
	c, _ := start(t, consolidator.Config{Admin: anyPort}, func(c *consolidator.Consolidator) {
		c.Hurry(wait.Limit, ping, silent)
	})
	cables := []*cable{lay(t, c.PublishAddrs()[0]), lay(t, c.SubscribeAddrs()[0])}
	for i, roles := range [][]zmtp.Config{{testpeer.AsForeignPublisher, testpeer.AsPublisher}, {testpeer.AsForeignReader, testpeer.AsReader}} {
		for _, role := range roles {
			lost := testpeer.Dial(t, cables[i].addr(), role)
			lost.Settle()
			lost.Drain()
			stays := testpeer.Dial(t, ends(c, 0)[i].addr, role)
			stays.Settle()
			stays.Drain()
		}
	}
	b := neighboursOf(t, c)
	before, _, _ := c.Connections()
	for _, k := range cables {
		k.cutThrough()
	}
	counted(t, c, consolidator.Counts{Silent: 4})
	wait.For(t, "the four to be gone", func() bool {
		publishers, readers, _ := c.Connections()
		return publishers == before-2 && readers == 4
	})
	b.done()
	counted(t, c, consolidator.Counts{Silent: 4})
}
