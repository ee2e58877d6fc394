package unpack

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

const (
	bufferSize = 64 << 10 // bytes, of each layer
	maxLayers  = 4        // of compression and encoding, one within another
)

// Reader reads the text of an input. It is for one goroutine.
type Reader struct {
	in     io.Reader
	text   *bufio.Reader
	layers []Format
	opened []io.Closer
}

// Open finds out what an input is, and reads its text. The input stays its user's.
func Open(in io.Reader) (*Reader, error) {
	r := &Reader{in: in, text: bufio.NewReaderSize(in, bufferSize)}
	for {
		f, err := r.look()
		switch {
		case err != nil:
			r.Close()
			return nil, err
		case f.Text():
			return r, nil
		case f.open == nil:
			r.Close()
			return nil, &UnreadableError{f, r.layers}
		case len(r.layers) == maxLayers:
			r.Close()
			return nil, fmt.Errorf("it is packed more than %d times: unpack it first", maxLayers)
		}
		opened, err := f.open(r.text)
		if err != nil {
			r.Close()
			return nil, err
		}
		r.layers = append(r.layers, f)
		r.opened = append(r.opened, opened)
		r.text = bufio.NewReaderSize(opened, bufferSize)
	}
}

// look tells what comes next. What cannot be read shows when it is: an input that is
// short, or ends in an error, is text here.
func (r *Reader) look() (Format, error) {
	for n := 1; ; {
		if _, err := r.text.Peek(n); err != nil && r.text.Buffered() == 0 && !errors.Is(err, io.EOF) {
			return Format{}, err
		}
		head, err := r.text.Peek(min(r.text.Buffered(), headSize))
		f, more := detect(head)
		if !more || err != nil || len(head) < n {
			return f, nil
		}
		n = len(head) + 1
	}
}

// Read reads text.
func (r *Reader) Read(p []byte) (int, error) { return r.text.Read(p) }

// SkipHole passes over zero bytes that come next and take no room in the input, and
// returns how many: 0 when there are none, or the input is not one that knows, by a
// method of that name.
func (r *Reader) SkipHole() int64 {
	in, knows := r.in.(interface{ SkipHole() int64 })
	if !knows || !r.Plain() || r.text.Buffered() > 0 {
		return 0
	}
	return in.SkipHole()
}

// Plain reports whether the bytes of the text are those of the input.
func (r *Reader) Plain() bool { return len(r.layers) == 0 }

// Format is what the input is, outermost.
func (r *Reader) Format() Format {
	if r.Plain() {
		return Format{}
	}
	return r.layers[0]
}

// Close ends what Open began. The input stays open.
func (r *Reader) Close() error {
	for i := len(r.opened) - 1; i >= 0; i-- {
		r.opened[i].Close()
	}
	r.opened = nil
	return nil
}
