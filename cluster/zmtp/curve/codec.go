package curve

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	//lint:ignore SA1019 it is Poly1305 as in NaCl's box that is wanted
	"golang.org/x/crypto/poly1305"
	//lint:ignore SA1019 its parts are wanted, for the key that all nonces with a prefix share
	"golang.org/x/crypto/salsa20/salsa"

	"sluice/cluster/zmtp"
)

// A MESSAGE is the body of a frame: its name with a length octet, a short nonce, and a
// box of an octet of flags and the body of the frame that is protected. libzmq marks its
// frame as a message's, not as a command's.
const (
	messageName = "\x07MESSAGE"
	nonceAt     = len(messageName)
	tagAt       = nonceAt + 8
	boxed       = tagAt + poly1305.TagSize // where what was encrypted begins
	minMessage  = boxed + 1                // with nothing but the flags
)

// The flags within a MESSAGE. RFC 26 knows the first alone; the second is libzmq's, for
// the commands of ZMTP that travel after the handshake.
const (
	innerMore    = 1 << 0
	innerCommand = 1 << 1
)

// direction is one of a connection's two.
type direction struct {
	key  [KeySize]byte // of Salsa20, for all nonces with the prefix
	last uint64        // the short nonce of the last command or message
}

// newDirection returns the direction whose messages have nonces that begin with prefix,
// of 16 bytes; the last short nonce was used by the handshake.
func newDirection(key *[KeySize]byte, prefix string, last uint64) direction {
	d := direction{last: last}
	salsa.HSalsa20(&d.key, (*[16]byte)([]byte(prefix)), key, &salsa.Sigma)
	return d
}

// codec protects the messages of a connection.
type codec struct {
	out, in direction
	first   bool  // nothing came yet
	long    *long // the message that is opened in parts; nil for none
}

// stream XORs src into dst with the key stream of a nonce. The first 32 bytes of it are
// the message's key for Poly1305: where src has zeros there, dst gets that.
func (d *direction) stream(dst, src []byte, nonce uint64) {
	if haveWide && len(src) >= wideFrom {
		w := d.newWide()
		w.xor(dst, src, nonce)
		w.release()
		return
	}
	var counter [16]byte
	binary.BigEndian.PutUint64(counter[:], nonce)
	salsa.XORKeyStream(dst, src, &counter, &d.key)
}

// errSpent means that a direction has used all its nonces, which takes centuries.
var errSpent = errors.New("all nonces of the connection are used: connect again")

// Seal appends the MESSAGE of a frame.
func (c *codec) Seal(dst, frame []byte) ([]byte, error) {
	flags, size, h, err := zmtp.FrameHeader(frame)
	if err != nil {
		return dst, err
	}
	if c.out.last == 1<<64-1 {
		return dst, errSpent
	}
	c.out.last++
	body := frame[h : h+int(size)]
	dst = zmtp.AppendFrameHeader(dst, 0, uint64(minMessage+len(body)))
	at := len(dst)
	dst = slices.Grow(dst, minMessage+len(body))[:at+minMessage+len(body)]
	// The 32 bytes before what is encrypted are those of the key stream that make the key
	// for Poly1305, so that one pass makes all.
	m := dst[at:]
	clear(m[:boxed])
	m[boxed] = inner(flags)
	copy(m[minMessage:], body)
	c.out.stream(m, m, c.out.last)
	var tag [poly1305.TagSize]byte
	key := [32]byte(m)
	poly1305.Sum(&tag, m[boxed:], &key)
	copy(m, messageName)
	binary.BigEndian.PutUint64(m[nonceAt:], c.out.last)
	copy(m[tagAt:], tag[:])
	return dst, nil
}

// errForged means a message whose authenticator is wrong.
var errForged = fmt.Errorf("%w: a message that is not the peer's, or was changed on its way", zmtp.ErrProtocol)

// Open opens the MESSAGE that stands at the beginning of sealed.
func (c *codec) Open(dst, sealed []byte, limit int) ([]byte, int, error) {
	if c.long != nil {
		return c.part(dst, sealed)
	}
	flags, size, h, err := zmtp.FrameHeader(sealed)
	switch {
	case err != nil:
		return dst, 0, err
	case h == 0:
		return dst, 0, nil
	case flags&zmtp.FlagMore != 0:
		return dst, 0, fmt.Errorf("%w: a MESSAGE of several frames", zmtp.ErrProtocol)
	case size < uint64(minMessage):
		return dst, 0, fmt.Errorf("%w: a frame of %d bytes, where a MESSAGE has %d at least", zmtp.ErrProtocol, size, minMessage)
	case len(sealed) < h+minMessage:
		return dst, 0, nil
	}
	whole := size <= uint64(limit-h)
	if whole && len(sealed) < h+int(size) {
		return dst, 0, nil
	}
	m := sealed[h:]
	if string(m[:nonceAt]) != messageName {
		return dst, 0, fmt.Errorf("%w: a frame that is no MESSAGE, after the handshake", zmtp.ErrProtocol)
	}
	nonce, tag := binary.BigEndian.Uint64(m[nonceAt:]), [poly1305.TagSize]byte(m[tagAt:])
	if err := c.follow(nonce); err != nil {
		return dst, 0, err
	}
	clear(m[:boxed])
	if !whole {
		return c.begin(dst, m[:minMessage], h, size, nonce, tag)
	}
	m = m[:size]
	at := len(dst)
	dst = slices.Grow(dst, len(m))[:at+len(m)]
	opened := dst[at:]
	c.in.stream(opened, m, nonce)
	var want [poly1305.TagSize]byte
	key := [32]byte(opened)
	poly1305.Sum(&want, m[boxed:], &key)
	if subtle.ConstantTimeCompare(want[:], tag[:]) != 1 {
		clear(opened)
		return dst[:at], 0, errForged
	}
	flags, err = outer(opened[boxed])
	if err != nil {
		return dst[:at], 0, err
	}
	head := zmtp.AppendFrameHeader(dst[:at], flags, uint64(len(m)-minMessage))
	end := len(head) + copy(dst[len(head):], opened[minMessage:])
	return dst[:end], h + len(m), nil
}

// follow checks the short nonce of a message that has come. It is not known yet whether
// that is the peer's.
func (c *codec) follow(nonce uint64) error {
	// The handshake's last may have been any before it.
	if nonce <= c.in.last || !c.first && nonce != c.in.last+1 {
		return fmt.Errorf("%w: message %d after %d: it was sent again, or others before it were left out", zmtp.ErrProtocol, nonce, c.in.last)
	}
	c.in.last, c.first = nonce, false
	return nil
}

// inner are the flags of the MESSAGE that protects a frame with these.
func inner(flags byte) (b byte) {
	if flags&zmtp.FlagMore != 0 {
		b |= innerMore
	}
	if flags&zmtp.FlagCommand != 0 {
		b |= innerCommand
	}
	return b
}

// outer are the flags of the frame that a MESSAGE with these protects.
func outer(b byte) (flags byte, err error) {
	if b&^(innerMore|innerCommand) != 0 {
		return 0, fmt.Errorf("%w: reserved bits in the flags %#02x of a MESSAGE", zmtp.ErrProtocol, b)
	}
	if b&innerMore != 0 {
		flags |= zmtp.FlagMore
	}
	if b&innerCommand != 0 {
		flags |= zmtp.FlagCommand
	}
	return flags, nil
}

// long is a message above the limit: it is authenticated as it comes, and not kept.
type long struct {
	mac  *poly1305.MAC
	tag  [poly1305.TagSize]byte
	left uint64 // bytes of it to come
}

// begin begins to open such a message: m is its beginning up to the flags, with zeros
// before them.
func (c *codec) begin(dst, m []byte, h int, size, nonce uint64, tag [poly1305.TagSize]byte) ([]byte, int, error) {
	var opened [minMessage]byte
	c.in.stream(opened[:], m, nonce)
	flags, err := outer(opened[boxed])
	if err != nil {
		return dst, 0, err
	}
	key := [32]byte(opened[:])
	c.long = &long{mac: poly1305.New(&key), tag: tag, left: size - uint64(minMessage)}
	_, _ = c.long.mac.Write(m[boxed:])
	return zmtp.AppendFrameHeader(dst, flags, c.long.left), h + minMessage, nil
}

// part opens what there is of such a message: as many zeros, since it is passed over.
func (c *codec) part(dst, sealed []byte) ([]byte, int, error) {
	l := c.long
	n := int(min(l.left, uint64(len(sealed))))
	_, _ = l.mac.Write(sealed[:n])
	if l.left -= uint64(n); l.left == 0 {
		if !l.mac.Verify(l.tag[:]) {
			return dst, 0, errForged
		}
		c.long = nil
	}
	at := len(dst)
	dst = slices.Grow(dst, n)[:at+n]
	clear(dst[at:])
	return dst, n, nil
}
