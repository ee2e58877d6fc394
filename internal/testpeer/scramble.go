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
type scrambler struct{ out, in uint64 }

func (s *scrambler) Seal(dst, frame []byte) ([]byte, error) {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(frame)))
	dst = binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(frame))
	return scramble(dst, frame, &s.out), nil
}

func (s *scrambler) Open(dst, sealed []byte) ([]byte, int, error) {
	if len(sealed) < sealedHead {
		return dst, 0, nil
	}
	size := int(binary.BigEndian.Uint32(sealed))
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

// scramble appends b, XORed byte by byte with what follows from their places.
func scramble(dst, b []byte, at *uint64) []byte {
	for _, c := range b {
		*at++
		dst = append(dst, c^byte(*at*0x9e3779b97f4a7c15>>56))
	}
	return dst
}
