package syslog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxCounted is how large a message may say that it is, in bytes.
const maxCounted = 1 << 30

// ErrCount is of a connection whose messages say sizes that they cannot have.
var ErrCount = errors.New("a message says that it is larger than any can be")

// Frames divides a connection into messages: those that begin with their length
// (octet counting), and those that end with a line break or a zero byte, also one
// after the other.
type Frames struct {
	in  *bufio.Reader
	buf []byte
}

// NewFrames reads from a connection.
func NewFrames(in io.Reader) *Frames { return &Frames{in: bufio.NewReaderSize(in, 4<<10)} }

// Next returns the next message, valid until the next call, of which it keeps
// MaxMessage bytes; cut is how many are missing. At the end of the connection what has
// no end is a message, too, with io.ErrUnexpectedEOF if it said that it would be longer.
func (f *Frames) Next() (message []byte, cut int64, err error) {
	if cap(f.buf) > 16<<10 {
		f.buf = nil // most are short
	}
	f.buf = f.buf[:0]
	for {
		c, err := f.in.ReadByte()
		if err != nil {
			return nil, 0, err
		}
		if c == '\n' || c == 0 || c == '\r' {
			continue // between messages
		}
		if err := f.in.UnreadByte(); err != nil {
			return nil, 0, err
		}
		if size, ok := f.count(); ok {
			return f.counted(size)
		}
		return f.line()
	}
}

// count reads the length of a message, if it begins with one: digits without a zero
// before them, and a space. What is none is not read.
func (f *Frames) count() (size int64, ok bool) {
	for n := 1; n <= 11; n++ {
		head, err := f.in.Peek(n)
		if len(head) < n || err != nil {
			return 0, false
		}
		switch c := head[n-1]; {
		case n > 1 && c == ' ':
			_, _ = f.in.Discard(n)
			return size, true
		case c < '0' || '9' < c || n == 1 && c == '0':
			return 0, false
		default:
			size = size*10 + int64(c-'0')
		}
	}
	return 0, false
}

func (f *Frames) counted(size int64) ([]byte, int64, error) {
	if size > maxCounted {
		return nil, 0, fmt.Errorf("%w: %d bytes", ErrCount, size)
	}
	keep := min(size, MaxMessage)
	for int64(len(f.buf)) < keep {
		piece, err := f.in.Peek(int(min(keep-int64(len(f.buf)), int64(max(1, f.in.Buffered())))))
		f.buf = append(f.buf, piece...)
		_, _ = f.in.Discard(len(piece))
		if err != nil {
			return f.buf, size - int64(len(f.buf)), cutShort(err)
		}
	}
	left, err := io.CopyN(io.Discard, f.in, size-keep)
	if err != nil {
		return f.buf, size - keep, cutShort(err)
	}
	return f.buf, left, nil
}

func (f *Frames) line() (message []byte, cut int64, err error) {
	for {
		c, err := f.in.ReadByte()
		switch {
		case err != nil:
			if errors.Is(err, io.EOF) {
				err = nil // the next call returns it
			}
			return f.buf, cut, err
		case c == '\n' || c == 0:
			return f.buf, cut, nil
		case len(f.buf) < MaxMessage:
			f.buf = append(f.buf, c)
		default:
			cut++
		}
	}
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
