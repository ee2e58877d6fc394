package proxied_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"sluice/cluster/block"
	"sluice/cluster/stream/proxied"
)

func TestEventBodyIsIdle(t *testing.T) {
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	b := proxied.NewEventBody(r, 1<<20, 10*time.Millisecond)
	_, _, err := b.Next()
	if err == nil || !strings.Contains(err.Error(), "heartbeat") {
		t.Errorf("read of a silent peer: %v", err)
	}
}

func TestEventBodyIsBounded(t *testing.T) {
	b := proxied.NewEventBody(io.NopCloser(endless{}), 100<<10, time.Minute)
	_, _, err := b.Next()
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("read of an endless event: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, "data: x"), nil }

// Whole events, and nothing else, however they come.
func FuzzEventBody(f *testing.F) {
	f.Add([]byte("id: 1\ndata: {}\n\nevent: ping\ndata:\n\nda"), 7)
	f.Add([]byte("data: 1\r\n\r\ndata: 2\n\n\n"), 1)
	f.Add([]byte("\n\n\n\n"), 3)
	f.Fuzz(func(t *testing.T, input []byte, size int) {
		in := io.Reader(bytes.NewReader(input))
		switch size % 3 {
		case 0:
			in = iotest.OneByteReader(in)
		case 1:
			in = iotest.HalfReader(in)
		case 2:
			in = iotest.DataErrReader(in)
		}
		b := proxied.NewEventBody(io.NopCloser(in), len(input)+1, time.Minute)
		defer func() { _ = b.Close() }()
		got, err := all(b, size%2 == 0)
		if err == nil || !strings.Contains(err.Error(), "ended the response") {
			t.Fatalf("it ends with %v", err)
		}
		if rest, ok := bytes.CutPrefix(input, got); !ok || len(got) > 0 && !endsEvent(got) || hasEnd(rest) {
			t.Errorf("%q of %q", got, input)
		}
	})
}

// all reads to the end. With hold, all blocks are held until then, and what they
// had is taken from them only then.
func all(b interface {
	Next() ([]byte, *block.Block, error)
}, hold bool,
) (got []byte, err error) {
	var pieces [][]byte
	for {
		events, in, err := b.Next()
		if err != nil {
			return bytes.Join(pieces, nil), err
		}
		if in != nil && hold {
			in.Hold()
			defer in.Release()
		} else {
			events = bytes.Clone(events)
		}
		pieces = append(pieces, events)
	}
}

func endsEvent(b []byte) bool {
	return bytes.HasSuffix(b, []byte("\n\n")) || bytes.HasSuffix(b, []byte("\n\r\n"))
}

func hasEnd(b []byte) bool {
	return bytes.Contains(b, []byte("\n\n")) || bytes.Contains(b, []byte("\n\r\n"))
}
