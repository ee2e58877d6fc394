package zmtp

import (
	"encoding/binary"
	"fmt"
)

// TokenKind is what a [Token] is.
type TokenKind uint8

// The kinds of token.
const (
	TokenNone       TokenKind = iota // nothing whole yet
	TokenMessage                     // a message: Raw, Name, Body, Frames
	TokenCommand                     // a command: Body, its frame's body
	TokenTooLarge                    // a message, or a request, above a limit begins, and is passed over
	TokenPassedOver                  // such a message has come to its end: Name. It has one if its first frame can be a stream's name by its length
)

// Token is what a [Decoder] found.
type Token struct {
	Kind   TokenKind
	Raw    []byte // the whole message, with its frames' headers
	Name   []byte // the body of its first frame
	Body   []byte // the body of its second frame, nil if there is none; of a command, its whole body
	Frames int
}

// Decoder splits what a peer sends into messages and commands, in place. It
// remembers how far it looked into a message that is not whole yet, so that no
// byte is looked at twice however slowly they come. The zero value is ready.
//
// libzmq sends a PING, and answers one, between the frames of a message. Such a
// command is moved in front of the message.
type Decoder struct {
	pos    int // bytes of the message that were looked at: whole frames
	frames int
	name   span
	body   span
	within int // commands that came within the message
	limit  int // of a message or a command; 0 means MaxMessage and MaxCommand

	skip     uint64 // bytes of the frame being passed over that are still to come
	skipping bool   // the rest of this message is passed over
	skipLast bool   // the frame being passed over is its last
	skipName []byte // of the message being passed over; nil for none
}

type span struct{ from, to int }

// Next looks at b, which begins where the last call's n ended. n is how many
// bytes are done with; when it is 0, and the kind TokenNone, more bytes are
// needed after those of b: at most MaxMessage, a frame's header and a short
// command in all.
func (d *Decoder) Next(b []byte) (t Token, n int, err error) {
	if d.skipping {
		return d.pass(b)
	}
	if d.pos == 0 {
		if nameEnd, recordAt, end := plain(b); end > 0 {
			// Not a literal: that would be copied from where it stands in the binary.
			t.Kind, t.Frames = TokenMessage, 2
			t.Raw, t.Name, t.Body = b[:end], b[2:nameEnd], b[recordAt:end]
			return t, end, nil
		}
	}
	for {
		flags, size, h := header(b[min(d.pos, len(b)):])
		if h == 0 {
			return t, 0, nil
		}
		if flags&^byte(flagsKnown) != 0 {
			return t, 0, reserved(flags)
		}
		if flags&flagCommand != 0 {
			return d.command(b, d.pos, flags, size, h)
		}
		if size > maxFrame {
			return t, 0, errFrame
		}
		if d.tooLarge(size, h) {
			// It is reported now, as it may never end.
			n = d.pos + h
			d.skipOver(size, flags&flagMore == 0, d.streamName(b))
			return Token{Kind: TokenTooLarge}, n, nil
		}
		end := d.pos + h + int(size)
		if end > len(b) {
			return t, 0, nil
		}
		switch d.frames {
		case 0:
			d.name = span{d.pos + h, end}
		case 1:
			d.body = span{d.pos + h, end}
		}
		d.frames++
		d.pos = end
		if flags&flagMore == 0 {
			t = Token{Kind: TokenMessage, Raw: b[:end], Name: b[d.name.from:d.name.to], Frames: d.frames}
			if d.frames > 1 {
				t.Body = b[d.body.from:d.body.to]
			}
			d.pos, d.frames, d.within = 0, 0, 0
			return t, end, nil
		}
	}
}

// plain reads a message of the plainest kind, which nearly all are: two frames,
// the first of them short, within the limits, and whole. end is 0 if there is
// none at the beginning of b.
func plain(b []byte) (nameEnd, recordAt, end int) {
	if len(b) < 4 || b[0] != flagMore {
		return 0, 0, 0
	}
	nameEnd = 2 + int(b[1])
	recordAt, end = record(b, nameEnd)
	return nameEnd, recordAt, end
}

// record reads the frame at b[at], if it is a message's last and whole.
func record(b []byte, at int) (from, end int) {
	if len(b) < at+2 {
		return 0, 0
	}
	switch b[at] {
	case 0:
		from = at + 2
		end = from + int(b[at+1])
	case flagLong:
		if len(b) < at+maxHeader {
			return 0, 0
		}
		size := binary.BigEndian.Uint64(b[at+1:])
		if size > MaxRecord {
			return 0, 0
		}
		from = at + maxHeader
		end = from + int(size)
	default:
		return 0, 0
	}
	if end > len(b) {
		return 0, 0
	}
	return from, end
}

// run measures the whole plain messages at the beginning of b whose first
// frame is the same as head, header and all; at most about max bytes of them.
func run(b, head []byte, max int) (size int, n uint64) {
	for size < max && len(b) >= size+len(head) && string(b[size:size+len(head)]) == string(head) {
		_, end := record(b, size+len(head))
		if end == 0 {
			break
		}
		size = end
		n++
	}
	return size, n
}

func (d *Decoder) tooLarge(size uint64, h int) bool {
	limit := MaxMessage
	if d.limit > 0 {
		limit = d.limit
	}
	switch {
	case size > MaxMessage,
		d.pos+h+int(size) > limit,
		d.frames == 1 && size > MaxRecord:
		return true
	}
	return false
}

// The bounds on commands within a message that is kept. Moving them costs time,
// and libzmq sends no others.
const (
	maxWithin     = 32
	maxWithinSize = 255 // bytes: of a short frame
)

// command reads the command at b[at].
func (d *Decoder) command(b []byte, at int, flags byte, size uint64, h int) (t Token, n int, err error) {
	switch {
	case flags&flagMore != 0:
		return t, 0, fmt.Errorf("%w: a command of several frames", ErrProtocol)
	case size > MaxCommand:
		return t, 0, fmt.Errorf("%w: a command of %d bytes, more than %d", ErrProtocol, size, MaxCommand)
	case (at > 0 || d.skipping) && size > maxWithinSize:
		return t, 0, fmt.Errorf("%w: a command of %d bytes within a message", ErrProtocol, size)
	case at > 0 && d.within == maxWithin:
		return t, 0, fmt.Errorf("%w: more than %d commands within a message", ErrProtocol, maxWithin)
	}
	if d.limit > 0 && h+int(size) > d.limit {
		d.skipOver(size, true, nil)
		return Token{Kind: TokenTooLarge}, h, nil
	}
	n = h + int(size)
	if at+n > len(b) {
		return t, 0, nil
	}
	if at > 0 {
		d.within++
		var c [maxHeader + maxWithinSize]byte
		copy(c[:], b[at:at+n])
		copy(b[n:], b[:at])
		copy(b, c[:n])
	}
	return Token{Kind: TokenCommand, Raw: b[:n], Body: b[h:n]}, n, nil
}

// errFrame refuses a size that no frame can have.
var errFrame = fmt.Errorf("%w: a frame of 2^63 bytes or more", ErrProtocol)

func reserved(flags byte) error {
	return fmt.Errorf("%w: reserved bits in a frame's flags %#02x", ErrProtocol, flags)
}
