package zmtp_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/zmtp"
)

// frame is one frame with a header of its own choice.
func frame(flags byte, body []byte) []byte {
	b := []byte{flags}
	if flags&2 != 0 {
		b = binary.BigEndian.AppendUint64(b, uint64(len(body)))
	} else {
		b = append(b, byte(len(body)))
	}
	return append(b, body...)
}

// announced is the header of a long frame that announces a size.
func announced(flags byte, size uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{flags | 2}, size)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// decode gives a Decoder what piece cuts off b, again and again, as a Receiver
// does, and writes down what it finds. No more is kept than what it asks for.
func decode(t testing.TB, b []byte, piece func(rest int) int) (found []string, err error) {
	t.Helper()
	var d zmtp.Decoder
	var have []byte
	for len(b) > 0 {
		n := min(max(piece(len(b)), 1), len(b))
		// A copy each time, so that bytes kept from before would be seen.
		have = append(append(make([]byte, 0, len(have)+n), have...), b[:n]...)
		b = b[n:]
		for len(have) > 0 {
			tok, n, err := d.Next(have)
			if n < 0 || n > len(have) {
				t.Fatalf("%d bytes of %d are done with", n, len(have))
			}
			if err != nil {
				return found, err
			}
			if tok.Kind != zmtp.TokenNone {
				found = append(found, describe(t, tok, have[:n]))
			} else if n == 0 {
				break
			}
			have = have[n:]
		}
		if len(have) > zmtp.MaxMessage+9+257 {
			t.Fatalf("%d bytes have to be kept", len(have))
		}
	}
	return found, nil
}

func describe(t testing.TB, tok zmtp.Token, b []byte) string {
	t.Helper()
	switch tok.Kind {
	case zmtp.TokenMessage:
		if !bytes.Equal(tok.Raw, b) {
			t.Fatalf("a message of %d bytes has %d raw ones", len(b), len(tok.Raw))
		}
		if (tok.Body != nil) != (tok.Frames > 1) {
			t.Fatalf("%d frames, body %v", tok.Frames, tok.Body)
		}
		size, _ := zmtp.NextMessage(tok.Raw)
		if size != len(b) {
			t.Fatalf("NextMessage = %d for a message of %d bytes", size, len(b))
		}
		return fmt.Sprintf("message %d %q %q", tok.Frames, tok.Name, tok.Body)
	case zmtp.TokenCommand:
		if !bytes.Equal(tok.Raw, b) {
			t.Fatalf("a command of %d bytes has %d raw ones", len(b), len(tok.Raw))
		}
		return fmt.Sprintf("command %q", tok.Body)
	case zmtp.TokenTooLarge:
		return "too large"
	case zmtp.TokenPassedOver:
		return fmt.Sprintf("passed over %q", tok.Name)
	}
	t.Fatalf("a token of kind %d", tok.Kind)
	return ""
}

var (
	small   = frame(0, []byte("r"))
	ping    = zmtp.AppendPing(nil, 0)
	pong, _ = zmtp.AppendPong(nil, []byte("\x00\x00context"))
	name    = frame(1, []byte("s"))
	largest = bytes.Repeat([]byte{'x'}, zmtp.MaxRecord)
)

const passed = `passed over "s"`

const pinged = `command "\x04PING\x00\x00"`

func TestDecoder(t *testing.T) {
	for _, c := range []struct {
		name  string
		b     []byte
		want  []string
		wrong string // part of the error
	}{
		{"nothing", nil, nil, ""},
		{"a message", join(name, small), []string{`message 2 "s" "r"`}, ""},
		{"an empty frame", frame(0, nil), []string{`message 1 "" ""`}, ""},
		{"an empty record", join(name, frame(0, nil)), []string{`message 2 "s" ""`}, ""},
		{"a long header of a short frame", join(frame(3, []byte("s")), frame(2, []byte("r"))), []string{`message 2 "s" "r"`}, ""},
		{"further frames", join(name, frame(1, []byte("r")), frame(3, []byte("x")), frame(0, nil)), []string{`message 4 "s" "r"`}, ""},
		{"messages and commands", join(name, small, ping, ping, name, small), []string{`message 2 "s" "r"`, `command "\x04PING\x00\x00"`, `command "\x04PING\x00\x00"`, `message 2 "s" "r"`}, ""},
		{"a command with a long header", frame(6, []byte("\x01A")), []string{`command "\x01A"`}, ""},
		{"not whole", join(name, small, name, []byte{0, 9, 'x'}), []string{`message 2 "s" "r"`}, ""},
		{"the largest record", join(name, frame(2, largest)), []string{fmt.Sprintf("message 2 %q %q", "s", largest)}, ""},
		{"a record too large", join(name, frame(2, append(largest, 'x')), name, small), []string{"too large", passed, `message 2 "s" "r"`}, ""},
		{"a record too large, and more frames", join(name, frame(3, append(largest, 'x')), frame(1, nil), frame(3, largest), small, ping), []string{"too large", passed, `command "\x04PING\x00\x00"`}, ""},
		{"further frames too large", join(name, frame(1, []byte("r")), frame(2, append(largest, make([]byte, 4096)...)), ping), []string{"too large", passed, `command "\x04PING\x00\x00"`}, ""},
		{"too many frames", join(bytes.Repeat(frame(1, nil), zmtp.MaxMessage), small, ping), []string{"too large", `command "\x04PING\x00\x00"`}, ""},
		{"a name too large", join(frame(3, make([]byte, zmtp.MaxMessage)), small, ping), []string{"too large", `command "\x04PING\x00\x00"`}, ""},
		{"a record of 2^62", join(name, announced(0, 1<<62), largest), []string{"too large"}, ""},
		{"a record of 2^63-1", join(name, announced(0, 1<<63-1), largest), []string{"too large"}, ""},
		{"a record of 2^63", join(name, announced(0, 1<<63), largest), nil, "a frame of 2^63 bytes"},
		{"a record of 2^64-1", join(name, announced(0, 1<<64-1), largest), nil, "a frame of 2^63 bytes"},
		{"a name of 2^63", join(announced(1, 1<<63), largest), nil, "a frame of 2^63 bytes"},
		{"2^63 within a message too large", join(name, frame(3, append(largest, 'x')), announced(0, 1<<63)), []string{"too large"}, "a frame of 2^63 bytes"},
		{"an empty frame too many", join(name, frame(1, largest[:255]), announced(1, zmtp.MaxMessage-3-257-9-9), make([]byte, zmtp.MaxMessage-3-257-9-9), frame(3, nil), frame(0, nil), ping), []string{"too large", passed, `command "\x04PING\x00\x00"`}, ""},
		{"an empty last frame too many", join(name, frame(1, largest[:255]), announced(1, zmtp.MaxMessage-3-257-9-1), make([]byte, zmtp.MaxMessage-3-257-9-1), frame(0, nil), ping), []string{"too large", passed, `command "\x04PING\x00\x00"`}, ""},
		{"a name of 256 bytes, and a record too large", join(frame(3, largest[:256]), frame(2, append(largest, 'x')), ping), []string{"too large", pinged}, ""},
		{"a record too large, not whole", join(name, frame(2, append(largest, 'x'))[:zmtp.MaxRecord]), []string{"too large"}, ""},
		{"a command of 2^63", announced(4, 1<<63), nil, "a command of 9223372036854775808 bytes"},
		{"a command too large", announced(4, zmtp.MaxCommand+1), nil, "a command of"},
		{"reserved bits", join(name, small, []byte{0x80, 0}), []string{`message 2 "s" "r"`}, "reserved bits"},
		{"reserved bit 3", []byte{8, 0}, nil, "reserved bits"},
		{"a command of several frames", []byte{5, 0}, nil, "several frames"},
		{"commands within messages", join(name, ping, small, name, frame(1, []byte("r")), pong, ping, frame(1, []byte("x")), ping, small, name, small), []string{
			pinged, `message 2 "s" "r"`, `command "\x04PONGcontext"`, pinged, pinged, `message 4 "s" "r"`, `message 2 "s" "r"`,
		}, ""},
		{"a command within a long message", join(name, frame(3, largest[:200_000]), ping, small, name, small), []string{pinged, fmt.Sprintf("message 3 %q %q", "s", largest[:200_000]), `message 2 "s" "r"`}, ""},
		{"a command within a message that is not whole", join(name, ping, name[:2]), []string{pinged}, ""},
		{"a command of several frames within a message", join(name, []byte{5, 0}), nil, "several frames"},
		{"a long command within a message", join(name, announced(4, 256)), nil, "a command of 256 bytes within a message"},
		{"many commands within a message", join(name, bytes.Repeat(ping, 32), small), append(slices.Repeat([]string{pinged}, 32), `message 2 "s" "r"`), ""},
		{"too many commands within a message", join(name, bytes.Repeat(ping, 33), small), slices.Repeat([]string{pinged}, 32), "more than 32 commands"},
		{"commands within a message too large", join(name, frame(3, append(largest, 'x')), ping, frame(1, nil), bytes.Repeat(ping, 40), small, ping), append([]string{"too large"}, append(slices.Repeat([]string{pinged}, 41), passed, pinged)...), ""},
		{"a long command within a message too large", join(name, frame(3, append(largest, 'x')), announced(4, 256)), []string{"too large"}, "a command of 256 bytes within a message"},
		{"reserved bits within a message too large", join(name, frame(3, append(largest, 'x')), []byte{0x10, 0}), []string{"too large"}, "flags 0x10"},
		{"reserved bits of a command within a message too large", join(name, frame(3, append(largest, 'x')), []byte{0x84, 0}), []string{"too large"}, "flags 0x84"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, 2))
			for _, way := range []struct {
				name  string
				piece func(rest int) int
			}{
				{"whole", func(rest int) int { return rest }},
				{"byte by byte", func(rest int) int {
					if len(c.b) > 10_000 && rest > 2000 && rest < len(c.b)-2000 {
						return 997 // looking at each byte of a large message would take too long here
					}
					return 1
				}},
				{"in pieces", func(int) int { return 1 + rnd.IntN(1+rnd.IntN(70_000)) }},
			} {
				got, err := decode(t, c.b, way.piece)
				if g, w := strings.Join(got, "\n"), strings.Join(c.want, "\n"); g != w {
					t.Errorf("%s: found\n%.400s\nwant\n%.400s", way.name, g, w)
				}
				switch {
				case c.wrong == "" && err != nil:
					t.Errorf("%s: %v", way.name, err)
				case c.wrong != "" && (!errors.Is(err, zmtp.ErrProtocol) || !strings.Contains(err.Error(), c.wrong)):
					t.Errorf("%s: error is %v, want one with %q", way.name, err, c.wrong)
				}
			}
		})
	}
}

// A message above the limit is passed over without being kept: whatever was
// given to the decoder is done with at once, but for a header that is not
// whole.
func TestTooLargeIsNotKept(t *testing.T) {
	var d zmtp.Decoder
	b := join(name, announced(1, 1<<40))
	if _, n, err := d.Next(b); n != len(b) || err != nil {
		t.Fatalf("%d of %d bytes are done with, %v", n, len(b), err)
	}
	for size := range 1000 {
		tok, n, err := d.Next(make([]byte, size))
		if tok.Kind != zmtp.TokenNone || n != size || err != nil {
			t.Fatalf("%d of %d bytes are done with, kind %d, %v", n, size, tok.Kind, err)
		}
	}
}

func TestDecoderDoesNotAllocate(t *testing.T) {
	b := bytes.Repeat(join(name, frame(1, []byte("record")), frame(2, nil), ping), 10)
	part := join(name, []byte{2, 0, 0, 0, 0})
	var d zmtp.Decoder
	found := 0
	if n := testing.AllocsPerRun(1000, func() {
		found = 0
		for rest := b; len(rest) > 0; {
			tok, n, err := d.Next(rest)
			if err != nil || n == 0 {
				t.Fatal(n, err)
			}
			if tok.Kind == zmtp.TokenCommand {
				if _, _, err := zmtp.SplitCommand(tok.Body); err != nil {
					t.Fatal(err)
				}
			}
			rest = rest[n:]
			found++
		}
		var d zmtp.Decoder
		if _, _, err := d.Next(part); err != nil {
			t.Fatal(err)
		}
	}); n != 0 || found != 20 {
		t.Errorf("%v allocations, %d found", n, found)
	}
}

func TestWalkingDoesNotAllocate(t *testing.T) {
	b := bytes.Repeat(zmtp.AppendMessage(nil, "system", []byte(`{"i":1}`)), 100)
	if n := testing.AllocsPerRun(1000, func() {
		for rest := b; len(rest) > 0; {
			size, _ := zmtp.NextMessage(rest)
			name, record := zmtp.SplitMessage(rest)
			if len(name) != 6 || len(record) != 7 {
				t.Fatalf("%q %q", name, record)
			}
			rest = rest[size:]
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDecoder(b *testing.B) {
	for _, size := range []int{16, 240, 16 << 10} {
		b.Run(fmt.Sprint("record=", size), func(b *testing.B) {
			buf := bytes.Repeat(zmtp.AppendMessage(nil, "tenant/acme", make([]byte, size)), 1+(128<<10)/size)
			var d zmtp.Decoder
			b.SetBytes(int64(len(buf)))
			for b.Loop() {
				for rest := buf; len(rest) > 0; {
					_, n, err := d.Next(rest)
					if err != nil {
						b.Fatal(err)
					}
					rest = rest[n:]
				}
			}
		})
	}
}
