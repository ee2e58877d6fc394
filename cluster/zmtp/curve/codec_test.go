package curve_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
	"sluice/internal/wait"
)

// lent is a mechanism whose codec a test uses itself.
type lent struct {
	zmtp.Mechanism
	codec zmtp.Codec
}

func (l *lent) Handshake(x *zmtp.Exchange, ours []zmtp.Property) (zmtp.Properties, zmtp.Codec, error) {
	theirs, codec, err := l.Mechanism.Handshake(x, ours)
	l.codec = codec
	return theirs, codec, err
}

// codecs are the two codecs of a connection.
func codecs(t testing.TB) (client, server zmtp.Codec) {
	t.Helper()
	pair := newPair(t)
	c, s := &lent{Mechanism: curve.NewClient(newPair(t), pair.Public)}, &lent{Mechanism: curve.NewServer(pair, nil)}
	an, bn := pipe(t)
	_, _, errA, errB := shake(an, bn, with(asReader, c), with(asConsolidator, s))
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	return c.codec, s.codec
}

func seal(t testing.TB, c zmtp.Codec, frame []byte) []byte {
	t.Helper()
	b, err := c.Seal(nil, frame)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// frames are frames of all kinds.
func frames() [][]byte {
	var all [][]byte
	for _, size := range []int{0, 1, 30, 31, 32, 33, 200, 221, 222, 223, 255, 256, 1000, 70_000} {
		for _, flags := range []byte{0, zmtp.FlagMore, zmtp.FlagCommand} {
			frame := zmtp.AppendFrameHeader(nil, flags, uint64(size))
			for i := range size {
				frame = append(frame, byte(i*7))
			}
			all = append(all, frame)
		}
	}
	return all
}

const limit = 100_000

// Frames of all sizes and kinds are opened as they were sealed, however the bytes come.
func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	client, server := codecs(t)
	for name, way := range map[string][2]zmtp.Codec{"to the server": {client, server}, "to the client": {server, client}} {
		var sealed, want, got []byte
		for _, frame := range frames() {
			sealed = append(sealed, seal(t, way[0], frame)...)
			want = append(want, frame...)
		}
		for rest, there := sealed, 1; len(rest) > 0; {
			opened, n, err := way[1].Open(got, slices.Clone(rest[:there]), limit)
			switch {
			case err != nil:
				t.Fatalf("%s: %v", name, err)
			case len(opened)-len(got) > n:
				t.Errorf("%s: %d bytes came of %d", name, len(opened)-len(got), n)
			case n == 0:
				there = min(len(rest), there+1+there/3)
				continue
			}
			got, rest, there = opened, rest[n:], 1
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: something else was opened", name)
		}
	}
}

// What somebody on the way does to messages ends the connection, and yields nothing.
func TestTamperedMessages(t *testing.T) {
	t.Parallel()
	frame := zmtp.AppendFrameHeader(nil, 0, 40)
	frame = append(frame, make([]byte, 40)...)
	for name, do := range map[string]func(client, server zmtp.Codec) [][]byte{
		"replayed": func(c, _ zmtp.Codec) [][]byte {
			m := seal(t, c, frame)
			return [][]byte{m, m}
		},
		"reordered": func(c, _ zmtp.Codec) [][]byte {
			a, b := seal(t, c, frame), seal(t, c, frame)
			return [][]byte{b, a}
		},
		"left out": func(c, _ zmtp.Codec) [][]byte {
			a := seal(t, c, frame)
			seal(t, c, frame)
			return [][]byte{a, seal(t, c, frame)}
		},
		"reflected": func(_, s zmtp.Codec) [][]byte {
			seal(t, s, frame) // the server's nonces are one behind
			return [][]byte{seal(t, s, frame)}
		},
		"of another connection": func(zmtp.Codec, zmtp.Codec) [][]byte {
			other, _ := codecs(t)
			return [][]byte{seal(t, other, frame)}
		},
		"cut": func(c, _ zmtp.Codec) [][]byte {
			m := seal(t, c, frame)
			m[1]--
			return [][]byte{m[:len(m)-1]}
		},
		"not sealed": func(zmtp.Codec, zmtp.Codec) [][]byte { return [][]byte{frame} },
		"a reserved flag": func(c, _ zmtp.Codec) [][]byte {
			m := seal(t, c, frame)
			m[0] |= 1 << 6
			return [][]byte{m}
		},
		"the last nonce": func(c, _ zmtp.Codec) [][]byte {
			m := seal(t, c, frame)
			copy(m[10:18], bytes.Repeat([]byte{0xff}, 8))
			return [][]byte{m}
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := codecs(t)
			sent := do(client, server)
			var err error
			for i, m := range sent {
				var got []byte
				var n int
				got, n, err = server.Open(nil, slices.Clone(m), limit)
				switch {
				case err != nil && (len(got) > 0 || n != 0):
					t.Errorf("message %d: %v, and yet %d bytes", i, err, len(got))
				case err == nil && i == len(sent)-1:
					t.Errorf("message %d is taken: %d bytes of %d", i, len(got), n)
				}
			}
			if !errors.Is(err, zmtp.ErrProtocol) {
				t.Errorf("it ends by %v", err)
			}
		})
	}
	t.Run("every bit", func(t *testing.T) {
		for bit := range 8 * (2 + curve.MinMessage + 40) {
			if bit == 2 {
				continue // a MESSAGE may be marked as a command, as the RFCs have it, or not, as libzmq does
			}
			client, server := curve.NewCodecs()
			m := seal(t, client, frame)
			m[bit/8] ^= 1 << (bit % 8)
			// A bit of the size makes it longer or shorter, too.
			got, n, err := server.Open(nil, m, limit)
			if len(got) > 0 || err == nil && n > 0 {
				t.Errorf("bit %d: %d bytes, %v", bit, n, err)
			}
		}
	})
}

// What is above the limit is opened in parts, with its true size and flags and nothing
// else of it, and what follows is read; but not its end, if it was changed.
func TestLongMessagesAreNotKept(t *testing.T) {
	t.Parallel()
	const size = 3 << 20
	frame := append(zmtp.AppendFrameHeader(nil, zmtp.FlagMore, size), bytes.Repeat([]byte("secret"), size/6+1)[:size]...)
	next := append(zmtp.AppendFrameHeader(nil, 0, 2), "hi"...)
	for _, changed := range []bool{false, true} {
		client, server := curve.NewCodecs()
		sealed := append(seal(t, client, frame), seal(t, client, next)...)
		if changed {
			sealed[size] ^= 1
		}
		var opened []byte
		var err error
		for at, there := 0, 0; at < len(sealed) && err == nil; {
			there = min(len(sealed), there+10_007)
			for n := 1; n > 0 && at < there && err == nil; at += n {
				opened, n, err = server.Open(opened, slices.Clone(sealed[at:there]), limit)
			}
		}
		head := zmtp.AppendFrameHeader(nil, zmtp.FlagMore, size)
		want := append(append(slices.Clone(head), make([]byte, size)...), next...)
		switch {
		case !changed && (err != nil || !bytes.Equal(opened, want)):
			t.Errorf("%v; %d bytes, want %d", err, len(opened), len(want))
		case changed && (!errors.Is(err, zmtp.ErrProtocol) || len(opened) >= len(head)+size):
			t.Errorf("changed, and yet %v, %d bytes", err, len(opened))
		}
	}
}

// What is too large is counted by its stream, and passed over, as without encryption.
func TestTooLargeThroughTheConnection(t *testing.T) {
	t.Parallel()
	client, server := connected(t)
	var out []byte
	out = zmtp.AppendMessage(out, "system", []byte("before"))
	out = zmtp.AppendMessage(out, "tenant/acme", make([]byte, zmtp.MaxRecord+1))
	out = zmtp.AppendMessage(out, "tenant/acme", make([]byte, 3<<20))
	out = zmtp.AppendMessage(out, strings.Repeat("n", 300<<10), []byte("no name"))
	out = zmtp.AppendMessage(out, "system", []byte("after"))
	go func() {
		_, _ = client.Write(out)
		_ = client.CloseWrite()
	}()
	got, err := tokens(server, false)
	want := []string{
		`1 "system" "before"`, `3 "" ""`, `4 "tenant/acme" ""`, `3 "" ""`, `4 "tenant/acme" ""`, `3 "" ""`, `1 "system" "after"`,
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %q, want %q", err, got, want)
	}
}

// So is what a reader sends.
func TestTooLargeRequests(t *testing.T) {
	t.Parallel()
	client, server := connected(t)
	v31 := zmtp.Version{Major: 3, Minor: 1}
	var out []byte
	for _, size := range []int{1, zmtp.MaxRequest - 20, zmtp.MaxRequest, 2 * zmtp.MaxRequest, 60 << 10, 1} {
		out = zmtp.AppendSubscription(out, v31, strings.Repeat("x", size), false)
	}
	go func() {
		_, _ = client.Write(out)
		_ = client.CloseWrite()
	}()
	got, err := tokens(server, true)
	kinds := ""
	for _, s := range got {
		kinds += s[:1]
	}
	if err != nil || kinds != "223332" {
		t.Errorf("%v, kinds %s", err, kinds)
	}
}

// Sealing and opening allocate nothing.
func TestNoAllocations(t *testing.T) {
	client, server := curve.NewCodecs()
	message := zmtp.AppendMessage(nil, "tenant/acme", make([]byte, 240))
	name := message[:2+len("tenant/acme")]
	sealed, opened := make([]byte, 0, 1000), make([]byte, 0, 1000)
	if n := testing.AllocsPerRun(100, func() {
		b, err1 := client.Seal(sealed, name)
		b, err2 := client.Seal(b, message[len(name):])
		got, n, err3 := server.Open(opened, b, limit)
		got, _, err4 := server.Open(got, b[n:], limit)
		if err := errors.Join(err1, err2, err3, err4); err != nil || !bytes.Equal(got, message) {
			t.Errorf("%v, %q", err, got)
		}
	}); n > 0 {
		t.Errorf("%v allocations a record", n)
	}
}

// Neither does writing a run of records, nor reading it.
func TestConnectionsDoNotAllocate(t *testing.T) {
	client, server := connected(t)
	var records []byte
	for range 200 {
		records = zmtp.AppendMessage(records, "tenant/acme", make([]byte, 240))
	}
	in := zmtp.NewReceiver(client)
	defer in.Close()
	most := 3 // pools are emptied now and then
	if wait.Race {
		most = 100 // and with the race detector often
	}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := server.Write(records); err != nil {
			t.Fatal(err)
		}
		for left := 200; left > 0; {
			tok, err := in.Next()
			if err == nil && tok.Kind == zmtp.TokenNone {
				err = in.Fill()
			}
			if err != nil {
				t.Fatal(err)
			}
			if tok.Kind == zmtp.TokenMessage {
				left--
			}
		}
	}); n > float64(most) {
		t.Errorf("%v allocations for 200 records", n)
	}
}

func BenchmarkSeal(b *testing.B) {
	client, _ := curve.NewCodecs()
	for _, size := range []int{16, 240, 16 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			message := zmtp.AppendMessage(nil, "tenant/000", make([]byte, size))
			var out []byte
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				out, _ = client.Seal(out[:0], message[:12])
				out, _ = client.Seal(out, message[12:])
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, size := range []int{16, 240, 16 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			client, server := curve.NewCodecs()
			message := zmtp.AppendMessage(nil, "tenant/000", make([]byte, size))
			var sealed, out []byte
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if len(sealed) == 0 {
					b.StopTimer()
					for range 1000 {
						sealed, _ = client.Seal(sealed, message[:12])
						sealed, _ = client.Seal(sealed, message[12:])
					}
					b.StartTimer()
				}
				var n int
				for range 2 {
					var err error
					if out, n, err = server.Open(out[:0], sealed, 1<<20); err != nil {
						b.Fatal(err)
					}
					sealed = sealed[n:]
				}
			}
		})
	}
}
