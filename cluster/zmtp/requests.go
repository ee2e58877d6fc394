package zmtp

import (
	"io"
	"sync"
	"syscall"
)

// MaxRequest is how large what a reader sends may be, in bytes with all headers:
// a subscription, or a command. What is larger is passed over.
const MaxRequest = 1 << 10

// requestBuffer is how much of it is read at once, in bytes.
const requestBuffer = 4 << 10

var requestBuffers = sync.Pool{New: func() any { return new([requestBuffer]byte) }}

// Requests reads what a reader sends, and splits it in place. It is a [Receiver]
// for what is short: however much many readers send, each makes us hold no more
// than requestBuffer bytes, and while nothing comes, no more than MaxRequest. With a
// codec it is 64 KiB more, and while nothing comes, three more MaxRequest.
type Requests struct {
	tokens                      // of data in buf, or by itself
	buf    *[requestBuffer]byte // nil while it waits
}

// NewRequests returns the requests of a connection whose handshake is done.
// Nobody else may read from it.
func NewRequests(c *Conn) *Requests {
	r := &Requests{tokens: tokens{conn: c, open: newOpener(c, MaxRequest+overhead), dec: Decoder{limit: MaxRequest}}}
	if r.open != nil {
		r.data = r.open.openKept(nil)
		r.read = r.readSealed
	} else {
		r.data, r.read = c.rest, r.readSome
	}
	c.rest = nil
	return r
}

// Close lets go of the buffer. The connection is not closed.
func (r *Requests) Close() {
	r.data = nil
	r.release()
}

func (r *Requests) release() {
	if r.buf != nil {
		requestBuffers.Put(r.buf)
		r.buf = nil
	}
}

// readSome reads once, and reports whether something came of it. When there is
// nothing to read it gives the buffer away, and the runtime waits.
func (r *Requests) readSome(fd uintptr) bool {
	if r.buf == nil {
		r.buf = requestBuffers.Get().(*[requestBuffer]byte)
	}
	// What is left is the beginning of a request, or of a handshake's last
	// bytes: always less than the buffer.
	kept := copy(r.buf[:], r.data)
	for {
		n, err := syscall.Read(int(fd), r.buf[kept:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			r.data = append([]byte(nil), r.buf[:kept]...)
			r.release()
			return false
		case err != nil:
			r.err = err
		case n == 0:
			r.err = io.EOF
		}
		r.data = r.buf[:kept+max(n, 0)]
		return true
	}
}

// readSealed does what readSome does, where a codec has to open what comes.
func (r *Requests) readSealed(fd uintptr) bool {
	_, err := r.open.receive(fd)
	switch err {
	case nil:
		r.data = r.open.open(append([]byte(nil), r.data...))
	case syscall.EAGAIN:
		r.data = append([]byte(nil), r.data...) // no larger than it must be
		return false
	default:
		r.err = err
	}
	return true
}
