package curve

import (
	"crypto/subtle"
	"encoding/binary"
	"math/bits"
	"sync"
)

// maxBlocks is how many blocks of key stream are made at once, of 64 bytes.
const (
	maxBlocks = 16
	blockSize = 64
)

// wide makes the key stream of several messages, or of several blocks of one, at once.
// That is most of the cost of a small message otherwise.
type wide struct {
	base   [16]uint32
	lanes  [4][maxBlocks]uint32
	stream [maxBlocks * blockSize]byte
	n      int // lanes that are taken
}

var wides = sync.Pool{New: func() any { return new(wide) }}

// newWide returns one for a direction. Give it back by release.
func (d *direction) newWide() *wide {
	w := wides.Get().(*wide)
	sigma := [4]uint32{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}
	for i, s := range sigma {
		w.base[5*i] = s
	}
	for i := range 4 {
		w.base[1+i] = binary.LittleEndian.Uint32(d.key[4*i:])
		w.base[11+i] = binary.LittleEndian.Uint32(d.key[16+4*i:])
	}
	w.n = 0
	return w
}

// release wipes it, and gives it back.
func (w *wide) release() {
	*w = wide{}
	wides.Put(w)
}

// blocksOf is how many blocks a message takes whose frame's body has size bytes: 32 bytes
// more are the key for Poly1305, and one the flags.
func blocksOf(size int) int { return (32 + 1 + size + blockSize - 1) / blockSize }

// add takes lanes for n blocks of a nonce, from a block on. It returns where in the stream
// they will stand.
func (w *wide) add(nonce uint64, from uint64, n int) int {
	hi, lo := bits.ReverseBytes32(uint32(nonce>>32)), bits.ReverseBytes32(uint32(nonce))
	at := w.n
	for i := range n {
		w.lanes[0][at+i], w.lanes[1][at+i] = hi, lo
		w.lanes[2][at+i], w.lanes[3][at+i] = uint32(from+uint64(i)), uint32((from+uint64(i))>>32)
	}
	w.n += n
	return at * blockSize
}

// make makes the stream of all lanes that were taken, and lets them be taken anew.
func (w *wide) make() {
	salsa16(&w.stream, &w.base, &w.lanes)
	w.n = 0
}

// wideFrom is from how many bytes on one message alone is worth it.
const wideFrom = 8 * blockSize

// xor is [direction.stream] of a long message.
func (w *wide) xor(dst, src []byte, nonce uint64) {
	for from := uint64(0); len(src) > 0; from += maxBlocks {
		n := min(len(src), maxBlocks*blockSize)
		w.add(nonce, from, (n+blockSize-1)/blockSize)
		w.make()
		subtle.XORBytes(dst[:n], src[:n], w.stream[:n])
		dst, src = dst[n:], src[n:]
	}
}
