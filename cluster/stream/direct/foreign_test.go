package direct_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/go-zeromq/zmq4"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// foreignServer is an XPUB socket that is none of ours.
type foreignServer struct {
	endpoint string
	publish  func(name, record string)
}

func libzmqServer(t *testing.T) foreignServer {
	p := testpeer.StartLibzmq(t, "serve")
	return foreignServer{p.Line(), func(name, record string) { p.Put(name + "\t" + record) }}
}

func goServer(t *testing.T) foreignServer {
	ctx, cancel := context.WithCancel(context.Background())
	pub := zmq4.NewPub(ctx)
	if err := pub.Listen("tcp://127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pub.Close(); cancel() })
	return foreignServer{"tcp://" + pub.Addr().String(), func(name, record string) {
		if err := pub.Send(zmq4.NewMsgFrom([]byte(name), []byte(record))); err != nil {
			t.Fatal(err)
		}
	}}
}

// Behind a foreign XPUB or PUB socket records arrive, exactly filtered, and
// the source says that nothing can be accounted for.
func TestForeignXPUB(t *testing.T) {
	for name, serve := range map[string]func(*testing.T) foreignServer{"libzmq": libzmqServer, "go-zeromq": goServer} {
		t.Run(name, func(t *testing.T) { testForeign(t, serve(t), direct.Config{}, stream.StateUnaccounted) })
	}
	// One of ours, read as any ZeroMQ socket would.
	t.Run("foreign on purpose", func(t *testing.T) {
		c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
		p := publishTo(t, c)
		testForeign(t, foreignServer{c.SubscribeAddrs()[0], func(name, record string) {
			if _, err := p.conn.Write(zmtp.AppendMessage(nil, name, []byte(record))); err != nil {
				t.Fatal(err)
			}
		}}, direct.Config{Foreign: true}, stream.StateUnaccounted)
	})
}

func testForeign(t *testing.T, server foreignServer, cfg direct.Config, state stream.State) {
	s := reads(t, cfg, server.endpoint)
	s.Tail("tenant/acme", stream.Backfill{Last: 10})
	if n := s.Kind(stream.KindState); n.State != state || !n.State.Connected() || n.Source != strings.TrimPrefix(server.endpoint, "tcp://") {
		t.Errorf("told %+v", n)
	}
	s.Kind(stream.KindBackfill)

	// A subscription is not acknowledged: publish until one record is here.
	begin := func(stream string) int {
		t.Helper()
		probes := 0
		wait.For(t, "the subscription to "+stream, func() bool {
			server.publish(stream, fmt.Sprintf(`{"probe":%d}`, probes))
			probes++
			b := s.TryTake()
			return b != nil && len(b.Records) > 0
		})
		return probes
	}
	begin("tenant/acme")
	for i := range 20 {
		for _, name := range []string{"tenant/acme2", "tenant/acm", "tenant/acme/x", "tenant/"} {
			server.publish(name, `{"of":"a neighbour"}`)
		}
		server.publish("tenant/acme", fmt.Sprintf(`{"i":%d}`, i))
	}
	var seq uint64
	for i := 0; i < 20; {
		r := s.Record()
		if r.Stream != "tenant/acme" || r.Backfill {
			t.Fatalf("got %+v", r)
		}
		if strings.HasPrefix(string(r.Data), `{"probe"`) {
			seq = r.Position.Seq
			continue
		}
		if string(r.Data) != fmt.Sprintf(`{"i":%d}`, i) || i > 0 && r.Position.Seq != seq+1 || r.Position.Epoch == 0 {
			t.Fatalf("got %s at %d, want %d", r.Data, r.Position.Seq, i)
		}
		seq = r.Position.Seq
		i++
	}

	// Stopped, it does not come; another one does.
	s.Stop("tenant/acme")
	s.Tail("system", stream.Backfill{})
	begin("system")
	server.publish("tenant/acme", `{"i":"stopped"}`)
	server.publish("system", `{"i":"last"}`)
	for {
		r := s.Record()
		if r.Stream != "system" {
			t.Fatalf("stopped, and got %+v", r)
		}
		if string(r.Data) == `{"i":"last"}` {
			break
		}
	}
}

// What comes from a foreign socket above the limit is not handed on, and that is told.
func TestForeignRecordAboveTheLimit(t *testing.T) {
	server := goServer(t)
	s := reads(t, direct.Config{}, server.endpoint)
	s.Tail("s", stream.Backfill{})
	s.Kind(stream.KindBackfill)
	wait.For(t, "the subscription", func() bool {
		server.publish("s", "probe")
		b := s.TryTake()
		return b != nil && len(b.Records) > 0
	})
	server.publish("s", "before")
	server.publish("other", strings.Repeat("x", zmtp.MaxRecord+1))
	server.publish("s", strings.Repeat("x", zmtp.MaxRecord+1))
	server.publish("s", "after")
	record := func() stream.Record {
		for {
			if r := s.Record(); string(r.Data) != "probe" {
				return r
			}
		}
	}
	before := record()
	gap := s.Kind(stream.KindGap)
	after := s.Record()
	if string(before.Data) != "before" || string(after.Data) != "after" || after.Position.Seq != before.Position.Seq+2 {
		t.Errorf("got %.20q at %d, then %.20q at %d", before.Data, before.Position.Seq, after.Data, after.Position.Seq)
	}
	if gap.Stream != "s" || gap.Count != 1 || gap.Unknown || gap.Hop != loss.AtNetwork || gap.Reason != loss.TooLarge {
		t.Errorf("told %+v", gap)
	}
}
