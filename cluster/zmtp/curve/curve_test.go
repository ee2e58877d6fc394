package curve_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
	"sluice/internal/wait"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	asConsolidator = zmtp.Config{Type: zmtp.XPUB, Peers: []string{zmtp.SUB, zmtp.XSUB}, Name: "vm-1", Timeout: wait.Limit}
	asReader       = zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.PUB, zmtp.XPUB}, Timeout: wait.Limit}
)

func with(cfg zmtp.Config, m zmtp.Mechanism) zmtp.Config { cfg.Mechanism = m; return cfg }

func newPair(t testing.TB) *curve.Pair {
	t.Helper()
	p, err := curve.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pipe is two ends of a real connection. Both are closed when the test ends.
func pipe(t testing.TB) (a, b net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if a, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// shake does the handshakes of both ends.
func shake(an, bn net.Conn, asA, asB zmtp.Config) (a, b *zmtp.Conn, errA, errB error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		b, errB = zmtp.Handshake(bn, asB)
	}()
	a, errA = zmtp.Handshake(an, asA)
	<-done
	return a, b, errA, errB
}

// connected is a client and a server that have done their handshakes.
func connected(t testing.TB) (client, server *zmtp.Conn) {
	t.Helper()
	pair := newPair(t)
	an, bn := pipe(t)
	client, server, errA, errB := shake(an, bn, with(asReader, curve.NewClient(newPair(t), pair.Public)), with(asConsolidator, curve.NewServer(pair, nil)))
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	return client, server
}

// Both sides know each other's key after a handshake, and what the other said of itself.
func TestHandshake(t *testing.T) {
	t.Parallel()
	ours, theirs := newPair(t), newPair(t)
	an, bn := pipe(t)
	a, b, errA, errB := shake(an, bn, with(asReader, curve.NewClient(ours, theirs.Public)), with(asConsolidator, curve.NewServer(theirs, nil)))
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	v31 := zmtp.Version{Major: 3, Minor: 1}
	if want := (zmtp.Peer{Version: v31, Type: "XPUB", Sluice: true, Name: "vm-1", Key: theirs.Public.String()}); a.Peer != want {
		t.Errorf("the client sees %+v, want %+v", a.Peer, want)
	}
	if want := (zmtp.Peer{Version: v31, Type: "SUB", Sluice: true, Key: ours.Public.String()}); b.Peer != want {
		t.Errorf("the server sees %+v, want %+v", b.Peer, want)
	}
}

// What comes to nothing says what to do, on both sides.
func TestRefusals(t *testing.T) {
	t.Parallel()
	ours, theirs, others := newPair(t), newPair(t), newPair(t)
	client := curve.NewClient(ours, theirs.Public)
	nobody := func(curve.Key) bool { return false }
	foreign := asReader
	foreign.Foreign = true
	publisher := zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XPUB}, Timeout: wait.Limit}
	for name, c := range map[string]struct {
		a, b       zmtp.Config
		errA, errB string
	}{
		"wrong server key": {
			with(asReader, curve.NewClient(ours, others.Public)), with(asConsolidator, curve.NewServer(theirs, nil)),
			"most likely since its key is not " + others.Public.String(), "another key",
		},
		"key not allowed": {
			with(asReader, client), with(asConsolidator, curve.NewServer(theirs, nobody)),
			"the key " + ours.Public.String() + " may not connect here: add it", "the key " + ours.Public.String() + " may not connect",
		},
		"key of a foreign peer not allowed": {
			with(foreign, client), with(asConsolidator, curve.NewServer(theirs, nobody)),
			"most likely since it does not know the key " + ours.Public.String() + ": add it", "the key " + ours.Public.String() + " may not connect",
		},
		"server without CURVE": {
			with(asReader, client), asConsolidator,
			"started without a key: start it with one (--curve-key)", "the peer wants keys",
		},
		"client without CURVE": {
			asReader, with(asConsolidator, curve.NewServer(theirs, nil)),
			"give its public key (--curve-server)", "the peer has to connect with keys",
		},
		"both clients": {
			with(asReader, client), with(asConsolidator, client),
			"both sides are clients", "both sides are clients",
		},
		"wrong socket": {
			with(publisher, client), with(asConsolidator, curve.NewServer(theirs, nil)),
			"cannot talk to this XPUB socket", `a "PUB" socket cannot talk`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			an, bn := pipe(t)
			_, _, errA, errB := shake(an, bn, c.a, c.b)
			for _, side := range []struct {
				name, want string
				err        error
			}{{"client", c.errA, errA}, {"server", c.errB, errB}} {
				if side.err == nil || !strings.Contains(strings.ReplaceAll(side.err.Error(), `\"`, `"`), side.want) {
					t.Errorf("%s: %v, want %q", side.name, side.err, side.want)
				}
			}
		})
	}
}

// tokens reads all that comes until the peer ends, and describes it.
func tokens(c *zmtp.Conn, requests bool) (got []string, err error) {
	var in interface {
		Next() (zmtp.Token, error)
		Fill() error
		Close()
	} = zmtp.NewReceiver(c)
	if requests {
		in = zmtp.NewRequests(c)
	}
	defer in.Close()
	for {
		t, err := in.Next()
		switch {
		case err != nil:
			return got, err
		case t.Kind != zmtp.TokenNone:
			got = append(got, fmt.Sprintf("%d %q %q", t.Kind, t.Name, t.Body))
			continue
		}
		if err := in.Fill(); errors.Is(err, io.EOF) {
			return got, nil
		} else if err != nil {
			return got, err
		}
	}
}
