package testpeer_test

import (
	"testing"

	"sluice/cluster/zmtp"
	"sluice/internal/testpeer"
)

// A publisher by hand and a consolidator by hand understand each other.
func TestPeers(t *testing.T) {
	l := testpeer.Listen(t)
	dialled := make(chan *zmtp.Conn, 1)
	go func() {
		defer close(dialled)
		if conn, err := testpeer.Connect(l.Endpoint(), testpeer.AsPublisher); err == nil {
			dialled <- conn
		}
	}()
	l.Accept(testpeer.AsConsolidator)
	conn := <-dialled
	if conn == nil {
		t.Fatal("the publisher has no connection")
	}
	p := testpeer.New(t, conn)
	p.Send(zmtp.AppendPing(zmtp.AppendMessage(nil, "system", []byte("a record")), 0))
	if m, err := l.Acknowledged()(); err != nil || m != "system a record" {
		t.Errorf("got %q, %v", m, err)
	}
	if tok, err := p.Next(); err != nil || tok.Kind != zmtp.TokenCommand {
		t.Errorf("it is acknowledged by %v, %v", tok.Kind, err)
	}
	l.Drain() // answers the PING
	p.Settle()
	p.Close()
}

// A subscriber of libzmq prints what it subscribes to.
func TestLibzmq(t *testing.T) {
	l := testpeer.Listen(t)
	sub := testpeer.StartLibzmq(t, "sub", l.Endpoint(), "system")
	l.Accept(zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.SUB}, Foreign: true})
	if _, err := l.Next(); err != nil { // its subscription
		t.Fatal(err)
	}
	l.Send(zmtp.AppendMessage(nil, "system", []byte("a record")))
	if name, record := sub.Message(); name != "system" || record != "a record" {
		t.Errorf("got %q of %q", record, name)
	}
	sub.Do("stop")
}
