package zmtp

import (
	"io"
	"syscall"

	"sluice/cluster/block"
)

// bufferSize is how much a Receiver reads at once, in bytes. Large reads are few,
// and so are the wakings of readers that follow each.
const bufferSize = 1 << 20

// minRoom is how much room there has to be in a large buffer that others hold,
// for it to be read into.
const minRoom = 64 << 10

// maxMoved is how much of a message that is not whole yet is copied each time
// some more of it comes after a wait, in bytes. A longer one grows in place.
const maxMoved = 128 << 10

var buffers = block.NewPool(bufferSize)

// Receiver reads from a connection in large pieces and splits them in place.
// It holds a large buffer only while there is data in it; waiting, it holds
// the beginning of a message that is not whole yet, and nothing else.
type Receiver struct {
	tokens              // of data in big, or in rest
	big    *block.Block // nil while it waits
	end    int          // of what was read into big
	last   block.Claim  // the big one before it waited
	rest   []byte       // its own small buffer
	n      uint64       // bytes ever read, and opened

	// Holds, when it is set, is called with the bytes that are kept while the
	// receiver waits, and whether they are of another message than those of
	// the last call; and with 0 when it is closed.
	Holds func(bytes int, other bool)
	at    uint64 // where the message that is kept begins, of the bytes ever read
}

// NewReceiver returns a receiver for a connection whose handshake is done.
// Nobody else may read from it.
func NewReceiver(c *Conn) *Receiver {
	r := &Receiver{tokens: tokens{conn: c, open: newOpener(c, maxSealed)}}
	if r.open != nil {
		r.rest = r.open.openKept(nil)
		r.data, r.read = r.rest, r.readSealed
	} else {
		r.data, r.read = c.rest, r.readSome
	}
	r.n = uint64(len(r.data))
	c.rest = nil
	return r
}

// Block is the memory that the tokens since the last Fill point into: whoever
// holds it may keep them. It is nil when there is none to hold.
func (r *Receiver) Block() *block.Block { return r.big }

// Run takes the messages that follow t, the last token, as long as they are of
// two frames and of the same name; at most about max bytes of them. They stand
// right behind t.Raw: size is their bytes and n their number.
func (r *Receiver) Run(t *Token, max int) (size int, n uint64) {
	if t.Raw[0] != flagMore {
		return 0, 0
	}
	size, n = run(r.data, t.Raw[:2+len(t.Name)], max)
	r.data = r.data[size:]
	return size, n
}

// Received is the number of bytes read so far, without the handshake.
func (r *Receiver) Received() uint64 { return r.n }

// Close lets go of the buffer. The connection is not closed.
func (r *Receiver) Close() {
	r.data = nil
	r.release()
	if r.Holds != nil {
		r.Holds(0, true)
	}
}

// wait reports what is kept.
func (r *Receiver) wait() {
	at := r.n - uint64(len(r.data))
	r.Holds(cap(r.data)+r.open.holds(), at != r.at)
	r.at = at
}

// Park gives the large buffer away, as waiting does, unless there is much in it
// that was not looked at yet. Whoever lets others run between two reads does it
// first, so that there are not many more buffers than processors.
func (r *Receiver) Park() {
	if len(r.data) <= maxMoved {
		r.park()
	}
}

// park keeps what was not looked at yet in the receiver's own buffer.
func (r *Receiver) park() {
	if r.big == nil {
		return
	}
	r.rest = append(r.rest[:0], r.data...)
	r.data = r.rest
	if cap(r.rest) > 4<<10 && len(r.data) == 0 {
		r.rest, r.data = nil, nil
	}
	r.release()
}

func (r *Receiver) release() {
	if r.big != nil {
		r.last = r.big.Claim()
		r.big.Release()
		r.big = nil
	}
}

// readSome reads once, and reports whether something came of it. When there is
// nothing to read it gives the large buffer away, and the runtime waits.
func (r *Receiver) readSome(fd uintptr) bool {
	into := r.space(minRoom)
	for {
		n, err := syscall.Read(int(fd), into)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			r.park()
			if r.Holds != nil {
				r.wait()
			}
			return false
		case err != nil:
			r.err = err
		case n == 0:
			r.err = io.EOF
		default:
			r.took(n)
		}
		return true
	}
}

// took notes n bytes that were put behind what was not looked at yet.
func (r *Receiver) took(n int) {
	r.data = r.data[:len(r.data)+n]
	r.n += uint64(n)
	if r.big != nil {
		r.end += n
	}
}

// space is where to put what comes, right behind what was not looked at yet: at least n
// bytes.
func (r *Receiver) space(n int) []byte {
	if r.big != nil || len(r.data) <= maxMoved {
		return r.room(n)
	}
	// The beginning of a very long message. It is at most MaxMessage long, so this
	// grows no further.
	if cap(r.data)-len(r.data) < max(n, maxMoved) {
		grown := make([]byte, len(r.data), MaxMessage+2*max(n, maxMoved))
		copy(grown, r.data)
		r.data = grown
	}
	return r.data[len(r.data):cap(r.data)]
}

// room is such a space in the large buffer. Where others hold something, nothing is
// written.
func (r *Receiver) room(n int) []byte {
	inPlace, old := r.big != nil, r.big
	if old == nil {
		old = r.last.Hold()
	}
	switch {
	case old == nil, old.Shared() && r.end+len(r.data)+n > len(old.Bytes):
		r.big, r.end, inPlace = buffers.Get(), 0, false
	case old.Shared():
		r.big, old = old, nil
	default:
		r.big, r.end, inPlace, old = old, 0, false, nil
	}
	if !inPlace {
		n := copy(r.big.Bytes[r.end:], r.data)
		r.data = r.big.Bytes[r.end : r.end+n]
		r.end += n
	}
	if old != nil {
		old.Release()
	}
	return r.big.Bytes[r.end:]
}

// readSealed does what readSome does, where a codec has to open what comes.
func (r *Receiver) readSealed(fd uintptr) bool {
	n, err := r.open.receive(fd)
	switch {
	case err == syscall.EAGAIN:
		r.park()
		if r.Holds != nil {
			r.wait()
		}
		return false
	case err != nil:
		r.err = err
		return true
	}
	into := r.space(max(n, minRoom))
	r.took(len(r.open.open(into[:0])))
	return true
}
