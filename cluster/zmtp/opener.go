package zmtp

import (
	"fmt"
	"io"
	"sync"
	"syscall"
)

// maxSealed is the most that a codec may make of one frame, in bytes: what is not
// opened by then ends the connection.
const maxSealed = MaxMessage + overhead

// overhead is what a codec may add to a frame, in bytes.
const overhead = 1 << 10

// sealedBuffer is how much is read at once of what a codec has to open, in bytes.
const sealedBuffer = 64 << 10

var sealedBuffers = sync.Pool{New: func() any { return new([sealedBuffer]byte) }}

// opener reads from a connection with a codec. It keeps the beginning of a frame that
// is not whole yet, and nothing else.
type opener struct {
	codec Codec
	limit int // bytes of one sealed frame
	kept  []byte
	err   error // why nothing more is opened
}

// newOpener returns the opener of a connection, which has received some bytes by its
// handshake; nil if the connection has no codec.
func newOpener(c *Conn, limit int) *opener {
	if c.codec == nil {
		return nil
	}
	return &opener{codec: c.codec, limit: limit, kept: c.rest}
}

// holds is how many bytes are held while nothing comes.
func (o *opener) holds() int {
	if o == nil {
		return 0
	}
	return cap(o.kept)
}

// read reads once, and appends the frames that are whole by then to dst. It returns
// syscall.EAGAIN when there is nothing to read now, and io.EOF at the end.
func (o *opener) read(fd uintptr, dst []byte) ([]byte, error) {
	if o.err != nil {
		return dst, o.err
	}
	buf := sealedBuffers.Get().(*[sealedBuffer]byte)
	defer sealedBuffers.Put(buf)
	n, err := syscall.Read(int(fd), buf[:])
	for err == syscall.EINTR {
		n, err = syscall.Read(int(fd), buf[:])
	}
	switch {
	case err == syscall.EAGAIN:
		o.kept = append([]byte(nil), o.kept...) // no larger than it must be
		return dst, err
	case err != nil:
		return dst, err
	case n == 0:
		return dst, io.EOF
	}
	if opened := o.open(dst, buf[:n]); len(opened) > len(dst) {
		return opened, nil // what came before an error is read first
	}
	return dst, o.err
}

// open takes what was received, and appends the frames that are whole to dst.
func (o *opener) open(dst, received []byte) []byte {
	sealed := received
	if len(o.kept) > 0 {
		o.kept = append(o.kept, received...)
		sealed = o.kept
	}
	for len(sealed) > 0 {
		opened, n, err := o.codec.Open(dst, sealed)
		if err == nil && (n > o.limit || n == 0 && len(sealed) > o.limit) {
			err = fmt.Errorf("%w: a sealed frame of more than %d bytes", ErrProtocol, o.limit)
		}
		if o.err = err; err != nil {
			return dst
		}
		dst, sealed = opened, sealed[n:]
		if n == 0 {
			break
		}
	}
	o.kept = append(o.kept[:0], sealed...)
	return dst
}
