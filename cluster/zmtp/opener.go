package zmtp

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"syscall"
)

// maxSealed is how long a sealed frame may be that is opened as a whole, in bytes: no
// frame of a message within the limits is longer. What is longer is opened in parts.
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
	limit int // bytes of a sealed frame that is opened as a whole
	kept  []byte
	err   error // why nothing more is opened

	buf    *[sealedBuffer]byte // between receive and open
	sealed []byte              // likewise: what is there, in buf or in kept
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

// receive reads once. What is there then is for open, and makes at most n bytes. It
// returns syscall.EAGAIN when there is nothing to read now, and io.EOF at the end.
func (o *opener) receive(fd uintptr) (n int, err error) {
	if o.err != nil {
		return 0, o.err
	}
	// What is kept comes first in a large buffer, unless it nearly fills that: then the
	// rest of a long frame is read behind it.
	had := len(o.kept)
	var into []byte
	if had <= sealedBuffer/2 {
		o.buf = sealedBuffers.Get().(*[sealedBuffer]byte)
		copy(o.buf[:], o.kept)
		into = o.buf[:]
	} else {
		o.kept = slices.Grow(o.kept, sealedBuffer)
		into = o.kept[:had+sealedBuffer]
	}
	got, err := syscall.Read(int(fd), into[had:])
	for err == syscall.EINTR {
		got, err = syscall.Read(int(fd), into[had:])
	}
	if err == nil && got == 0 {
		err = io.EOF
	}
	if err != nil {
		o.putBack()
		if cap(o.kept) > had+maxSpare {
			o.kept = append([]byte(nil), o.kept...)
		}
		return 0, err
	}
	o.sealed = into[:had+got]
	return len(o.sealed), nil
}

// maxSpare is how much room may be kept while nothing comes, in bytes.
const maxSpare = 1 << 10

// open appends to dst the frames that are whole, or parts of such as are not kept. An
// error is returned by the next receive: what came before it is read first.
func (o *opener) open(dst []byte) []byte {
	sealed := o.sealed
	for len(sealed) > 0 && o.err == nil {
		opened, n, err := o.openSome(dst, sealed)
		if err == nil && n == 0 && len(sealed) > o.limit {
			err = fmt.Errorf("%w: more than %d bytes of a sealed frame, and none of it was opened", ErrProtocol, o.limit)
		}
		if o.err = err; err != nil {
			break
		}
		if n == 0 {
			break
		}
		dst, sealed = opened, sealed[n:]
	}
	o.kept = append(o.kept[:0], sealed...)
	o.sealed = nil
	o.putBack()
	return dst
}

// openSome opens the first of the frames in sealed, or several.
func (o *opener) openSome(dst, sealed []byte) (opened []byte, n int, err error) {
	if run, ok := o.codec.(runCodec); ok {
		return run.OpenRun(dst, sealed, o.limit)
	}
	return o.codec.Open(dst, sealed, o.limit)
}

// openKept is open, of what the handshake has received.
func (o *opener) openKept(dst []byte) []byte {
	o.sealed = o.kept
	return o.open(dst)
}

func (o *opener) putBack() {
	if o.buf != nil {
		sealedBuffers.Put(o.buf)
		o.buf = nil
	}
}
