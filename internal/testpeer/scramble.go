package testpeer

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"sluice/cluster/zmtp"
)

// Scrambled is a mechanism that makes what travels unreadable without its state: each
// frame is XORed with a stream that depends on all bytes before it, and carries
// a checksum. Whoever writes or reads beside the connection, twice, or not at all,
// breaks it. It keeps nothing secret.
var Scrambled zmtp.Mechanism = scrambled{}

type scrambled struct{}

func (scrambled) Greeting() (name string, server bool) { return "SCRAMBLED", false }

func (scrambled) Handshake(x *zmtp.Exchange, ours []zmtp.Property) (zmtp.Properties, zmtp.Codec, error) {
	theirs, _, err := zmtp.Null.Handshake(x, ours)
	return theirs, &scrambler{}, err
}

// A sealed frame is its size in 4 bytes, a checksum in 4, and the scrambled frame.
const sealedHead = 8

var errScrambled = errors.New("a frame that is not what was sealed")

// scrambler counts the bytes of each direction.
type scrambler struct {
	out, in uint64

	left      int // bytes to come of a frame that is opened in parts
	sum, want uint32
}

func (s *scrambler) Seal(dst, frame []byte) ([]byte, error) {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(frame)))
	dst = binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(frame))
	return scramble(dst, frame, &s.out), nil
}

func (s *scrambler) Open(dst, sealed []byte, limit int) ([]byte, int, error) {
	if s.left > 0 {
		return s.part(dst, sealed, 0)
	}
	if len(sealed) < sealedHead {
		return dst, 0, nil
	}
	size := int(binary.BigEndian.Uint32(sealed))
	if sealedHead+size > limit {
		s.left, s.sum, s.want = size, 0, binary.BigEndian.Uint32(sealed[4:])
		return s.part(dst, sealed, sealedHead)
	}
	if len(sealed)-sealedHead < size {
		return dst, 0, nil
	}
	at := len(dst)
	dst = scramble(dst, sealed[sealedHead:sealedHead+size], &s.in)
	if crc32.ChecksumIEEE(dst[at:]) != binary.BigEndian.Uint32(sealed[4:]) {
		return dst[:at], 0, errScrambled
	}
	return dst, sealedHead + size, nil
}

// part opens what there is of a long frame, behind the head bytes of sealed.
func (s *scrambler) part(dst, sealed []byte, head int) ([]byte, int, error) {
	at, n := len(dst), min(len(sealed)-head, s.left)
	dst = scramble(dst, sealed[head:head+n], &s.in)
	s.sum = crc32.Update(s.sum, crc32.IEEETable, dst[at:])
	if s.left -= n; s.left == 0 && s.sum != s.want {
		return dst[:at], 0, errScrambled
	}
	return dst, head + n, nil
}

// scramble appends b, XORed byte by byte with what follows from their places.
func scramble(dst, b []byte, at *uint64) []byte {
	for _, c := range b {
		*at++
		dst = append(dst, c^byte(*at*0x9e3779b97f4a7c15>>56))
	}
	return dst
}
