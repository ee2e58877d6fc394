package zmtp

import (
	"encoding/binary"
	"errors"
)

// The limits on what a peer may send.
const (
	MaxRecord  = 256 << 10        // bytes of one record
	MaxMessage = MaxRecord + 4096 // bytes of a whole message, its frames' headers and any further frames included
	MaxCommand = 64 << 10         // bytes of a command's frame
)

// The flags of a frame.
const (
	FlagMore    = 1 << 0 // more frames of the message follow
	FlagCommand = 1 << 2 // it is a command's, and the only one
	flagMore    = FlagMore
	flagLong    = 1 << 1 // the length has 8 bytes
	flagCommand = FlagCommand
	flagsKnown  = flagMore | flagLong | flagCommand
)

// ErrProtocol is at the root of every error that says that a peer broke the
// protocol.
var ErrProtocol = errors.New("protocol error")

// maxFrame is the largest size of a frame that ZMTP knows.
const maxFrame = 1<<63 - 1

// maxHeader is the size of a long frame's header.
const maxHeader = 9

// FrameHeader reads a frame's header from the beginning of b: its flags, of which the
// length's is none; the size of its body, in bytes; and how many bytes the header has
// itself, 0 when b is too short to tell. A header that no frame can have is an error.
func FrameHeader(b []byte) (flags byte, size uint64, n int, err error) {
	flags, size, n = header(b)
	switch {
	case n > 0 && flags&^byte(flagsKnown) != 0:
		return 0, 0, 0, reserved(flags)
	case size > maxFrame:
		return 0, 0, 0, errFrame
	}
	return flags &^ flagLong, size, n, nil
}

// AppendFrameHeader appends the header of a frame with a body of size bytes.
func AppendFrameHeader(dst []byte, flags byte, size uint64) []byte {
	return appendHeader(dst, flags, int(size))
}

// header reads a frame's header from the beginning of b. size is its body's.
// n is the header's own length, and 0 when b is too short to tell.
func header(b []byte) (flags byte, size uint64, n int) {
	if len(b) < 2 {
		return 0, 0, 0
	}
	flags = b[0]
	if flags&flagLong == 0 {
		return flags, uint64(b[1]), 2
	}
	if len(b) < maxHeader {
		return 0, 0, 0
	}
	return flags, binary.BigEndian.Uint64(b[1:]), maxHeader
}

func appendHeader(dst []byte, flags byte, size int) []byte {
	if size < 256 {
		return append(dst, flags, byte(size))
	}
	dst = append(dst, flags|flagLong)
	return binary.BigEndian.AppendUint64(dst, uint64(size))
}

// AppendMessage appends a message of two frames: a stream's name, and a record.
func AppendMessage(dst []byte, name string, record []byte) []byte {
	dst = appendHeader(dst, flagMore, len(name))
	dst = append(dst, name...)
	dst = appendHeader(dst, 0, len(record))
	return append(dst, record...)
}

// NextMessage reports the size of the first message of b, which holds whole
// messages of valid frames only. numbers is always 1, so that it can serve as
// fanout.Config.Next.
func NextMessage(b []byte) (size int, numbers uint64) {
	for {
		flags, n, h := header(b[size:])
		size += h + int(n)
		if flags&flagMore == 0 {
			return size, 1
		}
	}
}

// SplitMessage returns the name and the record of a valid message.
func SplitMessage(b []byte) (name, record []byte) {
	_, n, h := header(b)
	name = b[h : h+int(n)]
	b = b[h+int(n):]
	_, n, h = header(b)
	return name, b[h : h+int(n)]
}
