package unpack_test

import (
	"bytes"
	"strings"
	"testing"

	"sluice/headless/unpack"
)

// filled takes holes out of text that comes in pieces, in one buffer as those do who
// read into it.
func filled(t testing.TB, pieces ...string) (text string, skipped unpack.Skipped, inHole bool) {
	t.Helper()
	var h unpack.Holes
	buf := make([]byte, 64<<10)
	to := 0
	for _, piece := range pieces {
		came := buf[to+h.Room():][:len(piece)]
		copy(came, piece)
		if h.Clean(came) {
			to += len(came)
		} else {
			out := h.Append(buf[:to], came)
			if &out[:1][0] != &buf[0] {
				t.Fatalf("%q outgrew its buffer", pieces)
			}
			to = len(out)
		}
	}
	inHole = h.End()
	return string(buf[:to]), h.Skipped, inHole
}

func nul(n int) string { return strings.Repeat("\x00", n) }

func TestHoles(t *testing.T) {
	for name, tt := range map[string]struct {
		in, want string
		skipped  unpack.Skipped
		inHole   bool
	}{
		"none":                         {"a\nb\n", "a\nb\n", unpack.Skipped{}, false},
		"one byte at the beginning":    {nul(1) + "a\n", "a\n", unpack.Skipped{1, 1}, false},
		"at the beginning":             {nul(5000) + "{}\n", "{}\n", unpack.Skipped{1, 5000}, false},
		"between lines":                {"a\n" + nul(3) + "b\n", "a\nb\n", unpack.Skipped{1, 3}, false},
		"within a line":                {"abc" + nul(100) + "{}\n", "abc\n{}\n", unpack.Skipped{1, 100}, false},
		"within a line, to its end":    {"abc" + nul(100) + "\n{}\n", "abc\n{}\n", unpack.Skipped{1, 100}, false},
		"zeros within a line are text": {"a" + nul(1) + "b" + nul(15) + "c\n", "a" + nul(1) + "b" + nul(15) + "c\n", unpack.Skipped{}, false},
		"as few as are a hole":         {"a" + nul(16) + "c\n", "a\nc\n", unpack.Skipped{1, 16}, false},
		"at the end":                   {"a\n" + nul(7), "a\n", unpack.Skipped{1, 7}, true},
		"at the end of a line":         {"a" + nul(7), "a", unpack.Skipped{1, 7}, true},
		"nothing else":                 {nul(4096), "", unpack.Skipped{1, 4096}, true},
		"several":                      {nul(10) + "a\n" + nul(20) + "b" + nul(30) + "c" + nul(40), "a\nb\nc", unpack.Skipped{4, 100}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, skipped, inHole := filled(t, tt.in)
			if got != tt.want || skipped != tt.skipped || inHole != tt.inHole {
				t.Errorf("%q, %+v, in a hole %v; want %q, %+v, %v", got, skipped, inHole, tt.want, tt.skipped, tt.inHole)
			}
			// Wherever it is cut in two, and byte by byte.
			for cut := range min(len(tt.in), 300) {
				if again, s, in := filled(t, tt.in[:cut], tt.in[cut:]); again != got || s != skipped || in != inHole {
					t.Fatalf("cut at %d: %q, %+v, %v", cut, again, s, in)
				}
			}
			if again, s, _ := filled(t, strings.Split(tt.in, "")...); again != got || s != skipped {
				t.Errorf("byte by byte: %q, %+v", again, s)
			}
		})
	}
}

// A hole of any size is passed over without being held.
func TestALargeHole(t *testing.T) {
	var h unpack.Holes
	piece := make([]byte, 1<<20)
	text := []byte("abc")
	for range 20 {
		if text = h.Append(text, piece); len(text) != 3 {
			t.Fatalf("%d bytes are held", len(text))
		}
	}
	if text = h.Append(text, []byte("{}\n")); string(text) != "abc{}\n" || h.Skipped.String() != "skipped a hole of 20.0 MiB of zero bytes" {
		t.Errorf("%q, %v", text, h.Skipped)
	}
	if allocs := testing.AllocsPerRun(3, func() { text = h.Append(text[:0], piece); text = h.Append(text, []byte("{}\n")) }); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestSkippedInWords(t *testing.T) {
	for want, s := range map[string]unpack.Skipped{
		"skipped a hole of 1 zero byte":                  {1, 1},
		"skipped a hole of 512 zero bytes":               {1, 512},
		"skipped a hole of 2.9 GiB of zero bytes":        {1, 3000 << 20},
		"skipped a hole of 1.2 MiB of zero bytes":        {1, 1258291},
		"skipped 3 holes, 10.0 KiB of zero bytes in all": {3, 10240},
	} {
		if s.String() != want {
			t.Errorf("%+v is %q, want %q", s, s, want)
		}
	}
}

func TestTrimMark(t *testing.T) {
	for in, want := range map[string]string{"": "", bom: "", bom + bom + "{}": "{}", "a" + bom: "a" + bom, "\xef\xbb": "\xef\xbb"} {
		if got := unpack.TrimMark([]byte(in)); string(got) != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// simple is what Holes does, of a whole input at once.
func simple(in []byte) (out []byte, skipped unpack.Skipped) {
	for i := 0; i < len(in); {
		n := 0
		for i+n < len(in) && in[i+n] == 0 {
			n++
		}
		inLine := len(out) > 0 && out[len(out)-1] != '\n'
		switch {
		case n == 0:
			out = append(out, in[i])
			n = 1
		case inLine && n < 16 && i+n < len(in):
			out = append(out, in[i:i+n]...)
		default:
			skipped.Holes++
			skipped.Bytes += int64(n)
			if inLine && i+n < len(in) && in[i+n] != '\n' {
				out = append(out, '\n')
			}
		}
		i += n
	}
	return out, skipped
}

func FuzzHoles(f *testing.F) {
	f.Add([]byte("a\n"+nul(20)+"b"+nul(3)+"c\n"), uint16(7))
	f.Add([]byte(nul(40)+"\n"+nul(2)), uint16(1))
	f.Add([]byte("ab"+nul(16)+"\n"+nul(17)+"x"), uint16(19))
	f.Fuzz(func(t *testing.T, in []byte, size uint16) {
		if len(in) > 32<<10 || bytes.HasPrefix(in, []byte("\x00")) && len(in) == 0 {
			return
		}
		var pieces []string
		for rest := string(in); rest != ""; {
			n := min(int(size)+1, len(rest))
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		got, skipped, _ := filled(t, pieces...)
		if want, s := simple(in); got != string(want) || skipped != s {
			t.Errorf("%q in pieces of %d is %q, %+v; want %q, %+v", in, int(size)+1, got, skipped, want, s)
		}
	})
}
