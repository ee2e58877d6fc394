package zmtp_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/cluster/zmtp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair is two ends of a real connection. Both are closed when the test ends.
func pair(t testing.TB, network string) (a, b net.Conn) {
	t.Helper()
	e := zmtp.Endpoint{Network: "tcp", Address: "127.0.0.1:0"}
	if network == "unix" {
		e = zmtp.Endpoint{Network: "unix", Address: filepath.Join(t.TempDir(), "s")}
	}
	ln := listen(t, e)
	defer ln.Close()
	a, err := net.Dial(network, ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

type shaken struct {
	conn *zmtp.Conn
	err  error
}

// shake begins a handshake.
func shake(nc net.Conn, cfg zmtp.Config) <-chan shaken {
	done := make(chan shaken, 1)
	go func() {
		c, err := zmtp.Handshake(nc, cfg)
		done <- shaken{c, err}
	}()
	return done
}

var (
	consolidator = zmtp.Config{Type: zmtp.XPUB, Peers: []string{zmtp.SUB, zmtp.XSUB}, Name: "vm-1"}
	reader       = zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.PUB, zmtp.XPUB}}
)

func foreign(c zmtp.Config) zmtp.Config { c.Foreign = true; return c }

func TestHandshake(t *testing.T) {
	v31 := zmtp.Version{Major: 3, Minor: 1}
	for _, network := range []string{"tcp", "unix"} {
		for _, c := range []struct {
			name         string
			a, b         zmtp.Config
			sees, isSeen zmtp.Peer
		}{
			{
				"sluice peers", reader, consolidator,
				zmtp.Peer{Version: v31, Type: "XPUB", Sluice: true, Name: "vm-1"},
				zmtp.Peer{Version: v31, Type: "SUB", Sluice: true},
			},
			{
				"foreign reader", foreign(reader), consolidator,
				zmtp.Peer{Version: v31, Type: "XPUB"},
				zmtp.Peer{Version: v31, Type: "SUB"},
			},
			{
				"foreign XPUB", reader, foreign(zmtp.Config{Type: zmtp.XPUB, Peers: []string{zmtp.SUB}}),
				zmtp.Peer{Version: v31, Type: "XPUB"},
				zmtp.Peer{Version: v31, Type: "SUB"},
			},
			{
				"publisher",
				zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}},
				zmtp.Config{Type: zmtp.XSUB, Peers: []string{zmtp.PUB, zmtp.XPUB}, Name: "é"},
				zmtp.Peer{Version: v31, Type: "XSUB", Sluice: true, Name: "é"},
				zmtp.Peer{Version: v31, Type: "PUB", Sluice: true},
			},
		} {
			t.Run(network+"/"+c.name, func(t *testing.T) {
				an, bn := pair(t, network)
				other := shake(bn, c.b)
				a, err := zmtp.Handshake(an, c.a)
				if err != nil {
					t.Fatal(err)
				}
				b := <-other
				if b.err != nil {
					t.Fatal(b.err)
				}
				if a.Peer != c.sees || b.conn.Peer != c.isSeen {
					t.Errorf("they see %+v and %+v, want %+v and %+v", a.Peer, b.conn.Peer, c.sees, c.isSeen)
				}
				if !a.Peer.Pings() {
					t.Error("a peer of 3.1 knows PING")
				}
				// What follows the handshake is not lost, and ends with
				// CloseWrite.
				if _, err := b.conn.Write(zmtp.AppendMessage(nil, "s", []byte("r"))); err != nil {
					t.Fatal(err)
				}
				if err := b.conn.CloseWrite(); err != nil {
					t.Fatal(err)
				}
				if got := receive(t, a); got != `message 2 "s" "r"` {
					t.Errorf("received %s", got)
				}
			})
		}
	}
}

// receive reads tokens until the peer ends.
func receive(t testing.TB, c *zmtp.Conn) string {
	t.Helper()
	in := zmtp.NewReceiver(c)
	defer in.Close()
	var found []string
	for {
		for {
			tok, err := in.Next()
			if err != nil {
				t.Fatal(err)
			}
			if tok.Kind == zmtp.TokenNone {
				break
			}
			found = append(found, describe(t, tok, tok.Raw))
		}
		if err := in.Fill(); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			return strings.Join(found, "\n")
		}
	}
}

func TestIncompatibleTypes(t *testing.T) {
	an, bn := pair(t, "tcp")
	other := shake(bn, consolidator)
	_, err := zmtp.Handshake(an, zmtp.Config{Type: "REQ", Peers: []string{"REP"}})
	if err == nil || !errors.Is(err, zmtp.ErrProtocol) || !strings.Contains(err.Error(), `"XPUB" socket cannot talk to this REQ`) {
		t.Errorf("error is %v", err)
	}
	if b := <-other; b.err == nil {
		t.Error("the other side took it")
	}
	if _, err := an.Write([]byte{0}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection is not closed: %v", err)
	}
}

// What a peer sends, byte for byte, and what comes of it.
func TestRefused(t *testing.T) {
	ready := func(props ...string) []byte {
		var p [][2]string
		for i := 0; i < len(props); i += 2 {
			p = append(p, [2]string{props[i], props[i+1]})
		}
		return zmtp.AppendReady(nil, p)
	}
	greeting := zmtp.AppendGreeting(nil)
	mechanism := func(name string) []byte {
		g := bytes.Clone(greeting)
		clear(g[12:32])
		copy(g[12:], name)
		return g
	}
	for _, c := range []struct {
		name, wrong string
		b           []byte
		told        bool // it is told why, by an ERROR
	}{
		{"an HTTP client", "not a ZeroMQ peer", []byte("GET / HTTP/1.1\r\n\r\n"), false},
		{"garbage", "not a ZeroMQ peer", bytes.Repeat([]byte{0xa5}, 100), false},
		// ZMTP 2.0 sends a revision, a type and an identity after the
		// signature, and would then wait for ours.
		{"ZMTP 2.0", "older ZMTP (revision 1)", unhex(t, "ff 0000000000000001 7f 01 02 00 00"), false},
		{"ZMTP 1.0", "not a ZeroMQ peer", unhex(t, "01 00"), false},
		{"CURVE", `mechanism "CURVE"`, mechanism("CURVE"), false},
		{"PLAIN", `mechanism "PLAIN"`, mechanism("PLAIN"), false},
		{"nothing after the greeting", "EOF", greeting, false},
		{"half a greeting", "EOF", greeting[:40], false},
		{"a READY of 2^62", "a READY of 4611686018427387904 bytes", join(greeting, announced(4, 1<<62)), false},
		{"a READY of 2^64-1", "a READY of", join(greeting, announced(4, 1<<64-1)), false},
		{"a READY of 1 MB", "a READY of 1000000 bytes", join(greeting, announced(4, 1e6), largest), false},
		{"a message", "before READY", join(greeting, name, small), false},
		{"reserved bits", "before READY", join(greeting, []byte{0x84, 0}), false},
		{"another command", `"PING" before READY`, join(greeting, ping), false},
		{"a command without a name", "without a whole name", join(greeting, []byte{4, 0}), false},
		{"an ERROR", `refused by the peer: "go away\x1b"`, join(greeting, zmtp.AppendError(nil, "go away\x1b")), false},
		{"a property that is not whole", "property", join(greeting, zmtp.AppendCommand(nil, "READY", []byte{5, 'a'})), false},
		{"no type", `"" socket cannot talk`, join(greeting, ready("Identity", "")), true},
		{"a dealer", `"DEALER" socket cannot talk`, join(greeting, ready("Socket-Type", "DEALER")), true},
		{"a type of escapes", `"\x1b[2J" socket cannot talk`, join(greeting, ready("Socket-Type", "\x1b[2J")), true},
		{"a type without end", `socket cannot talk`, join(greeting, ready("Socket-Type", strings.Repeat("x", 4000))), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			nc, peer := pair(t, "tcp")
			done := shake(nc, consolidator)
			if _, err := peer.Write(c.b); err != nil {
				t.Fatal(err)
			}
			if c.wrong == "EOF" {
				if err := peer.(*net.TCPConn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			// A refusal does not wait for the timeout.
			select {
			case s := <-done:
				if s.err == nil || !strings.Contains(s.err.Error(), c.wrong) {
					t.Errorf("error is %v, want one with %s", s.err, c.wrong)
				}
				if s.err != nil && (len(s.err.Error()) > 300 || strings.ContainsRune(s.err.Error(), 0x1b)) {
					t.Errorf("error is %q", s.err)
				}
			case <-time.After(zmtp.HandshakeTimeout - time.Second):
				t.Error("it goes on waiting")
			}
			if !c.told {
				return
			}
			got, _ := io.ReadAll(peer)
			if !bytes.Contains(got, []byte("\x05ERROR")) {
				t.Errorf("it was not told why: %q", got)
			}
		})
	}
}

// A silent peer, and one that sends a byte now and then, have no longer than
// the timeout.
func TestHandshakeTimeout(t *testing.T) {
	for _, sends := range []struct {
		name string
		b    []byte
	}{
		{"nothing", nil},
		{"the greeting", zmtp.AppendGreeting(nil)},
		{"half a READY", join(zmtp.AppendGreeting(nil), announced(4, 4000), []byte("\x05READY"))},
	} {
		t.Run(sends.name, func(t *testing.T) {
			nc, peer := pair(t, "unix")
			cfg := consolidator
			cfg.Timeout = 100 * time.Millisecond
			begun := time.Now()
			done := shake(nc, cfg)
			if _, err := peer.Write(sends.b); err != nil {
				t.Fatal(err)
			}
			s := <-done
			if !errors.Is(s.err, os.ErrDeadlineExceeded) {
				t.Errorf("error is %v", s.err)
			}
			if d := time.Since(begun); d < 100*time.Millisecond || d > 3*time.Second {
				t.Errorf("it ended after %v", d)
			}
			if _, err := io.ReadAll(peer); err != nil {
				t.Errorf("the connection was not closed: %v", err)
			}
		})
	}
	t.Run("trickle", func(t *testing.T) {
		nc, peer := pair(t, "tcp")
		cfg := consolidator
		cfg.Timeout = 200 * time.Millisecond
		done := shake(nc, cfg)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for b := zmtp.AppendGreeting(nil); ; {
			select {
			case <-tick.C:
				if len(b) == 0 {
					t.Fatal("the whole greeting has gone, and it goes on waiting")
				}
				_, _ = peer.Write(b[:1])
				b = b[1:]
				continue
			case s := <-done:
				if !errors.Is(s.err, os.ErrDeadlineExceeded) {
					t.Errorf("error is %v", s.err)
				}
			}
			return
		}
	})
}

// A handshake that comes byte by byte is as good as one that comes at once,
// and so are the records that follow it.
func TestHandshakeInPieces(t *testing.T) {
	b := join(zmtp.AppendGreeting(nil), zmtp.AppendReady(nil, [][2]string{{"SOCKET-TYPE", "SUB"}, {"x-sluice", "1"}}),
		zmtp.AppendTail(nil, zmtp.Tail{Name: "system"}), name, small)
	want := one(t, zmtp.AppendTail(nil, zmtp.Tail{Name: "system"}))
	for _, size := range []int{1, 7, 63, 64, 65, len(b)} {
		nc, peer := pair(t, "tcp")
		done := shake(nc, consolidator)
		for rest := b; len(rest) > 0; {
			n := min(size, len(rest))
			if _, err := peer.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := peer.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		s := <-done
		if s.err != nil {
			t.Fatal(s.err)
		}
		if !s.conn.Peer.Sluice || s.conn.Peer.Type != "SUB" {
			t.Errorf("it sees %+v", s.conn.Peer)
		}
		if got, want := receive(t, s.conn), describe(t, want, want.Raw)+"\n"+`message 2 "s" "r"`; got != want {
			t.Errorf("in pieces of %d: received %s, want %s", size, got, want)
		}
	}
}

// A peer of ZMTP 3.0 is known as one that does not know PING.
func TestHandshakeWithVersion30(t *testing.T) {
	nc, peer := pair(t, "tcp")
	done := shake(nc, consolidator)
	g := zmtp.AppendGreeting(nil)
	g[11] = 0
	if _, err := peer.Write(join(g, zmtp.AppendReady(nil, [][2]string{{"Socket-Type", "SUB"}, {"Identity", ""}}))); err != nil {
		t.Fatal(err)
	}
	s := <-done
	if s.err != nil || s.conn.Peer.Pings() || s.conn.Peer.Version != (zmtp.Version{Major: 3}) {
		t.Errorf("%+v, %v", s.conn, s.err)
	}
}

func TestHandshakeNeedsADescriptor(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	if _, err := zmtp.Handshake(a, reader); err == nil || !strings.Contains(err.Error(), "descriptor") {
		t.Errorf("error is %v", err)
	}
}

// Frames of every size arrive through a Receiver as they were sent, whatever
// the pieces.
func TestReceiver(t *testing.T) {
	sizes := []int{0, 1, 255, 256, 4 << 10, 100 << 10, 128 << 10, 200 << 10, zmtp.MaxRecord, 3, zmtp.MaxRecord, 0}
	for _, network := range []string{"tcp", "unix"} {
		nc, peer := pair(t, network)
		done := shake(nc, consolidator)
		other, err := zmtp.Handshake(peer, reader)
		if err != nil {
			t.Fatal(err)
		}
		s := <-done
		if s.err != nil {
			t.Fatal(s.err)
		}
		var b []byte
		var want []string
		for i, size := range sizes {
			body := bytes.Repeat([]byte{byte('a' + i)}, size)
			m := zmtp.AppendMessage(nil, "system", body)
			b = append(b, m...)
			tok := one(t, m)
			want = append(want, describe(t, tok, tok.Raw))
			if i%3 == 0 {
				b = append(b, join(name, announced(0, zmtp.MaxRecord+1), largest, []byte{'x'}, ping)...)
				want = append(want, "too large", passed, pinged)
			}
		}
		// Its last frame is empty, and nothing follows.
		const second = zmtp.MaxMessage - 3 - 257 - 9 - 1
		b = append(b, join(name, frame(1, largest[:255]), announced(1, second), make([]byte, second), frame(0, nil))...)
		want = append(want, "too large", passed)
		sent := make(chan error, 1)
		go func() {
			defer other.Close()
			for i, rest := 0, b; len(rest) > 0; i++ {
				n := min(1+i*i*7, len(rest))
				if _, err := other.Write(rest[:n]); err != nil {
					sent <- err
					return
				}
				rest = rest[n:]
			}
			sent <- nil
		}()
		got := receive(t, s.conn)
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		if w := strings.Join(want, "\n"); got != w {
			t.Errorf("%s: received %d bytes of description, want %d", network, len(got), len(w))
		}
	}
}

// What is written without waiting is what the kernel takes, and ErrFull says that it
// takes nothing.
func TestWriteReady(t *testing.T) {
	nc, peer := pair(t, "tcp")
	done := shake(nc, consolidator)
	other, err := zmtp.Handshake(peer, reader)
	if err != nil {
		t.Fatal(err)
	}
	s := <-done
	if s.err != nil {
		t.Fatal(s.err)
	}
	s.conn.LimitUnsent()
	const total = 16 << 20
	got := make(chan uint32, 1)
	waited := make(chan struct{}) // the writer has: the reader begins only then
	go func() {
		defer other.Close()
		<-waited
		var sum uint32
		buf := make([]byte, 64<<10)
		for n := 0; n < total; {
			k, err := other.NetConn().Read(buf)
			if err != nil {
				t.Error(err)
				break
			}
			sum = checksum(sum, buf[:k], n)
			n += k
		}
		got <- sum
	}()
	var want uint32
	sent, waits := 0, 0
	piece := make([]byte, 1000)
	for i := range piece {
		piece[i] = byte(i * 7)
	}
	pieces := make([][]byte, 300)
	err = s.conn.WriteReady(func(conn zmtp.Ready) bool {
		for sent < total {
			left := total - sent
			some := pieces[:0]
			for i := 0; i < cap(pieces) && left > 0; i++ {
				some = append(some, piece[:min(len(piece), left)])
				left -= len(some[i])
			}
			n, err := conn.Write(some)
			if err != nil {
				if !errors.Is(err, zmtp.ErrFull) {
					t.Error(err)
					return true
				}
				if waits++; waits == 1 {
					close(waited)
				}
				return false
			}
			for _, p := range some {
				k := min(n, len(p))
				want = checksum(want, p[:k], sent)
				sent += k
				n -= k
			}
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if sum := <-got; sum != want {
		t.Errorf("checksum %x, want %x", sum, want)
	}
}

// checksum depends on each byte's place.
func checksum(sum uint32, b []byte, at int) uint32 {
	for i, c := range b {
		sum += uint32(c) * (binary.LittleEndian.Uint32([]byte{byte(at + i), byte((at + i) >> 8), 1, 0}) | 1)
	}
	return sum
}
