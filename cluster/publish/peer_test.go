package publish_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/consolidator"
)

// patience is how long a test waits for what must come.
const patience = 60 * time.Second

// await waits until a condition holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

// freeAddr is an endpoint that nobody listens on.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "tcp://" + l.Addr().String()
}

// running is a consolidator that runs.
type running struct{ *consolidator.Consolidator }

// start runs a consolidator, on free ports if nothing else is said, until the
// test ends or stop is called.
func start(t testing.TB, cfg consolidator.Config) (c running, stop func()) {
	t.Helper()
	if cfg.Publish == nil {
		cfg.Publish = []string{"tcp://127.0.0.1:0"}
	}
	cfg.Subscribe = []string{"tcp://127.0.0.1:0"}
	cfg.Name = "vm-1"
	pump, err := consolidator.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- pump.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return running{pump}, stop
}

// read connects a reader that asks for something.
func read(t testing.TB, c running, request []byte) (*zmtp.Conn, *zmtp.Receiver) {
	t.Helper()
	conn, err := zmtp.Dial(context.Background(), endpoint(t, c.SubscribeAddrs()[0]), zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write(request); err != nil {
		t.Fatal(err)
	}
	return conn, zmtp.NewReceiver(conn)
}

// next is what is received next. It is valid until the next call.
func next(in *zmtp.Receiver) (zmtp.Token, error) {
	for {
		tok, err := in.Next()
		if err != nil || tok.Kind != zmtp.TokenNone {
			return tok, err
		}
		if err := in.Fill(); err != nil {
			return tok, err
		}
	}
}

// stands returns the last n records of a stream.
func stands(t testing.TB, c running, stream string, n int) (records []string) {
	t.Helper()
	conn, in := read(t, c, zmtp.AppendTail(nil, zmtp.Tail{Name: stream, From: zmtp.TailLast, A: uint64(n)}))
	defer conn.Close()
	defer in.Close()
	for len(records) < n {
		tok, err := next(in)
		if err != nil {
			t.Fatalf("read %s: %v after %d records", stream, err, len(records))
		}
		if tok.Kind == zmtp.TokenMessage {
			records = append(records, string(tok.Body))
		}
	}
	return records
}

// published is how many records stand in a stream.
func published(t testing.TB, c running, stream string) uint64 {
	t.Helper()
	conn, in := read(t, c, zmtp.AppendTail(nil, zmtp.Tail{Name: stream}))
	defer conn.Close()
	defer in.Close()
	for {
		tok, err := next(in)
		if err != nil {
			t.Fatal(err)
		}
		if name, data, err := zmtp.SplitCommand(tok.Body); err == nil && name == zmtp.CmdMark {
			mark, err := zmtp.ParseMark(data)
			if err != nil {
				t.Fatal(err)
			}
			return mark.Next
		}
	}
}

// last is how many records stood in a stream in the end, from the last word of
// a consolidator that is told to end.
func last(t testing.TB, c running, stream string) <-chan uint64 {
	t.Helper()
	conn, in := read(t, c, zmtp.AppendTail(nil, zmtp.Tail{Name: stream}))
	for { // until the tail has begun
		tok, err := next(in)
		if err != nil {
			t.Fatal(err)
		}
		if name, _, err := zmtp.SplitCommand(tok.Body); err == nil && name == zmtp.CmdMark {
			break
		}
	}
	n := make(chan uint64, 1)
	go func() {
		defer close(n)
		defer conn.Close()
		defer in.Close()
		for {
			tok, err := next(in)
			if err != nil {
				return
			}
			if tok.Kind != zmtp.TokenCommand {
				continue
			}
			if name, data, _ := zmtp.SplitCommand(tok.Body); name == zmtp.CmdBye {
				if ends, err := zmtp.ParseBye(data); err == nil && len(ends) == 1 {
					n <- ends[0].Next
				}
			}
		}
	}()
	return n
}

func endpoint(t testing.TB, s string) zmtp.Endpoint {
	t.Helper()
	e, err := zmtp.ParseEndpoint(s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// peer is the other side of a client, made by hand: it does what a test wants.
type peer struct {
	t  testing.TB
	ln net.Listener
	*zmtp.Conn
	in *zmtp.Receiver
}

// listen returns a peer that nobody has connected to yet.
func listen(t testing.TB) *peer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, ln: ln}
	t.Cleanup(func() {
		ln.Close()
		if p.Conn != nil {
			p.Conn.Close()
		}
	})
	return p
}

func (p *peer) addr() string { return "tcp://" + p.ln.Addr().String() }

// The roles of a peer.
var (
	asConsolidator = zmtp.Config{Type: zmtp.XSUB, Peers: []string{zmtp.PUB}, Name: "vm-1"}
	asForeign      = zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.PUB}, Foreign: true}
)

// accept takes the next connection.
func (p *peer) accept(role zmtp.Config) {
	p.t.Helper()
	_ = p.ln.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	role.Timeout = patience
	for {
		nc, err := p.ln.Accept()
		if err != nil {
			p.t.Fatal(err)
		}
		// One that waited too long in the backlog has given up.
		if p.Conn, err = zmtp.Handshake(nc, role); err == nil {
			break
		}
	}
	_ = p.SetDeadline(time.Now().Add(patience))
	p.in = zmtp.NewReceiver(p.Conn)
}

func (p *peer) send(b []byte) {
	p.t.Helper()
	if _, err := p.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// next is what the client sends next. It is valid until the next call.
func (p *peer) next() (zmtp.Token, error) { return next(p.in) }

// message is the next record, as "stream record". PINGs before it are answered.
func (p *peer) message() (string, error) {
	for {
		tok, err := p.next()
		if err != nil {
			return "", err
		}
		if tok.Kind == zmtp.TokenMessage {
			return fmt.Sprintf("%s %s", tok.Name, tok.Body), nil
		}
		p.pong(tok)
	}
}

// acknowledged returns a function like message that acknowledges each.
func (p *peer) acknowledged() func() (string, error) {
	n := uint64(0)
	return func() (string, error) {
		m, err := p.message()
		if err == nil {
			n++
			_, err = p.Write(zmtp.AppendAck(nil, n))
		}
		return m, err
	}
}

func (p *peer) pong(tok zmtp.Token) {
	p.t.Helper()
	if name, data, err := zmtp.SplitCommand(tok.Body); err == nil && name == zmtp.CmdPing {
		b, err := zmtp.AppendPong(nil, data)
		if err != nil {
			p.t.Fatal(err)
		}
		p.send(b)
	}
}

// ends waits until the client has closed the connection.
func (p *peer) ends() {
	p.t.Helper()
	for {
		if _, err := p.next(); err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				p.t.Fatal("the connection lives on")
			}
			return
		}
	}
}
