package publish

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"sluice/cluster/zmtp"
)

// breaking is a connection that breaks in a write, after so many bytes.
type breaking struct {
	*net.TCPConn
	breaks bool
	left   int
}

func (b *breaking) Write(p []byte) (int, error) {
	if !b.breaks {
		return b.TCPConn.Write(p)
	}
	if len(p) <= b.left {
		n, err := b.TCPConn.Write(p)
		b.left -= n
		return n, err
	}
	n, _ := b.TCPConn.Write(p[:b.left])
	b.Close()
	return n, errors.New("the connection broke")
}

// What a foreign peer was sent by a write that broke is not sent to it again,
// with Once and without: it is uncertain. What it did not subscribe to is left
// out, and what was not sent whole comes with the next connection.
func TestForeignBreak(t *testing.T) {
	for _, once := range []bool{false, true} {
		for _, subscription := range []string{"tenant/", ""} {
			t.Run(fmt.Sprintf("once=%t %q", once, subscription), func(t *testing.T) { foreignBreak(t, once, subscription) })
		}
	}
}

func foreignBreak(t *testing.T, once bool, subscription string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	endpoint, err := zmtp.ParseEndpoint("tcp://" + ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Endpoint: endpoint.String(), Once: once}
	if _, err := cfg.fill(); err != nil {
		t.Fatal(err)
	}
	c := &Client{cfg: cfg, endpoint: endpoint, wake: make(chan struct{}, 1), ended: make(chan struct{}), byeFor: byeFor}
	const records = 20 // of each stream, in turn
	for n := range records {
		for _, stream := range []string{"system", "tenant/acme"} {
			if err := c.Publish(t.Context(), stream, fmt.Appendf(nil, "%02d", n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	// connect has the client publish over a connection that breaks after so many
	// bytes, and returns what the peer gets: as much as is given.
	connect := func(bytes, want int) (got []string) {
		t.Helper()
		ended := make(chan error, 1)
		go func() {
			nc, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				ended <- err
				return
			}
			below := &breaking{TCPConn: nc.(*net.TCPConn)}
			conn, err := zmtp.Handshake(below, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.SUB}})
			if err == nil {
				below.breaks, below.left = bytes > 0, bytes
				c.publishOver(ctx, conn)
			}
			ended <- err
		}()
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		peer, err := zmtp.Handshake(nc, zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.PUB}, Foreign: true})
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close()
		_ = peer.SetDeadline(time.Now().Add(time.Minute))
		if _, err := peer.Write(zmtp.AppendSubscription(nil, peer.Peer.Version, subscription, false)); err != nil {
			t.Fatal(err)
		}
		in := zmtp.NewReceiver(peer)
		defer in.Close()
		for len(got) < want {
			tok, err := in.Next()
			if err == nil && tok.Kind == zmtp.TokenNone {
				err = in.Fill()
			}
			if err != nil {
				t.Fatalf("%v after %q", err, got)
			}
			if tok.Kind == zmtp.TokenMessage {
				got = append(got, string(tok.Name)+" "+string(tok.Body))
			}
		}
		if bytes == 0 {
			if err := c.Flush(ctx); err != nil { // which it has been given up to
				t.Error(err)
			}
			stop()
			peer.Close()
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if now := c.Status(); bytes > 0 && (now.Connected || now.Err == nil || c.Stats().Lost == 0) {
			t.Errorf("after the break: %+v", now)
		}
		return got
	}

	var want []string
	for n := range records {
		if subscription == "" {
			want = append(want, fmt.Sprintf("system %02d", n))
		}
		want = append(want, fmt.Sprintf("tenant/acme %02d", n))
	}
	const whole = 5
	bytes := 3 // of the next one
	for _, m := range want[:whole] {
		bytes += messageSize(m[:len(m)-3], []byte(m[len(m)-2:]))
	}
	got := connect(bytes, whole)
	if s := c.Stats(); s.Uncertain != whole || s.Unacknowledged != 0 {
		t.Errorf("after the break: %+v", s)
	}
	got = append(got, connect(0, len(want)-whole)...)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the peer got %q", got)
	}
	s := c.Stats()
	s.Bytes = 0
	if want := (Stats{
		Published: 2 * records, Uncertain: whole, Unacknowledged: uint64(len(want) - whole), Refused: uint64(2*records - len(want)), Lost: 1,
	}); s != want {
		t.Errorf("counts %+v, want %+v", s, want)
	}
}
