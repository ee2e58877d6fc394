package zmtp

import (
	"fmt"
	"io"
	"syscall"
)

// readSealed is how much is read at once of what a codec has to open, in bytes.
const readSealed = 64 << 10

// opener reads from a connection with a codec: what came and is not whole yet it
// keeps, at most a frame and what is read at once.
type opener struct {
	codec Codec
	kept  []byte
}

// newOpener returns the opener of a connection, which has received some bytes by its
// handshake; nil if the connection has no codec.
func newOpener(c *Conn) *opener {
	if c.codec == nil {
		return nil
	}
	return &opener{codec: c.codec, kept: c.rest}
}

// read reads once, and appends the frames that are whole by then to dst. It returns
// syscall.EAGAIN when there is nothing to read now, and io.EOF at the end.
func (o *opener) read(fd uintptr, dst []byte) ([]byte, error) {
	if len(o.kept) > MaxSealed {
		return dst, fmt.Errorf("%w: a frame of more than %d bytes", ErrProtocol, MaxSealed)
	}
	at := len(o.kept)
	if cap(o.kept)-at < readSealed {
		grown := make([]byte, at, at+2*readSealed)
		copy(grown, o.kept)
		o.kept = grown
	}
	n, err := syscall.Read(int(fd), o.kept[at:at+readSealed])
	for err == syscall.EINTR {
		n, err = syscall.Read(int(fd), o.kept[at:at+readSealed])
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
	o.kept = o.kept[:at+n]
	return o.open(dst)
}

// open appends the frames that are whole.
func (o *opener) open(dst []byte) ([]byte, error) {
	for sealed := o.kept; ; {
		frames, n, err := o.codec.Open(dst, sealed)
		if err != nil {
			return dst, err
		}
		dst = frames
		if sealed = sealed[n:]; n == 0 || len(sealed) == 0 {
			o.kept = o.kept[:copy(o.kept, sealed)]
			return dst, nil
		}
	}
}
