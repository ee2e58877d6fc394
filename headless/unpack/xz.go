package unpack

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/ulikunitz/xz"
)

// unxz reads xz, of several streams and blocks too.
type unxz struct {
	*xz.Reader
	walk *xzWalk
}

func newUnxz(in *bufio.Reader) (io.ReadCloser, error) {
	w := &xzWalk{in: in}
	w.expect(xzMagicSize, w.magic)
	r, err := xz.NewReader(w)
	if err != nil {
		return nil, w.explained(err)
	}
	return &unxz{r, w}, nil
}

func (u *unxz) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	return n, u.walk.explained(err)
}

func (u *unxz) Close() error { return nil }

// xzWalk reads xz and goes over its structure, just before the decoder does: that
// allocates as large a window as a block asks for, and takes an input that ends
// between two blocks for whole.
type xzWalk struct {
	in  *bufio.Reader
	err error // of the structure

	skip int64  // bytes that are passed over
	want int    // bytes that next gets then
	have []byte // of them
	next func(b []byte) error

	check   int64  // bytes of the checksum of a block
	packed  int64  // bytes of the block, without its header and checksum
	index   int64  // bytes of the index
	numbers uint64 // of the index that are to come; the first says how many
	counted bool   // that one has come
	number  uint64
	shift   uint
	streams int // that have ended
}

// Read reads from the input.
func (w *xzWalk) Read(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.in.Read(p)
	for b := p[:n]; len(b) > 0 && w.err == nil; {
		if k := min(w.skip, int64(len(b))); k > 0 {
			w.skip -= k
			b = b[k:]
			continue
		}
		k := min(w.want-len(w.have), len(b))
		w.have, b = append(w.have, b[:k]...), b[k:]
		if len(w.have) == w.want {
			have := w.have
			w.have = w.have[:0]
			w.err = w.next(have)
		}
	}
	if w.err != nil {
		return 0, w.err
	}
	return n, err
}

// explained is an error of the decoder, or one that it has missed.
func (w *xzWalk) explained(err error) error {
	between := w.streams > 0 && w.want == xzMagicSize && w.skip == 0 && zeros(w.have) == len(w.have)
	switch {
	case w.err != nil:
		return w.err
	case errors.Is(err, io.EOF) && !between:
		return io.ErrUnexpectedEOF
	case errors.Is(err, io.ErrUnexpectedEOF) && between:
		return io.EOF // padding
	}
	return err
}

// expect makes what comes next, so many bytes, go to a function.
func (w *xzWalk) expect(n int, next func([]byte) error) { w.want, w.next = n, next }

// The parts of the format, in bytes.
const (
	xzMagicSize  = 4 // what is looked at of a stream's first bytes, and the unit of padding
	xzFlagsSize  = 8 // the rest of a stream's header
	xzFooterSize = 12
	xzCRCSize    = 4
)

var errXZ = errors.New("its xz is damaged")

func (w *xzWalk) magic(b []byte) error {
	switch {
	case zeros(b) == len(b) && w.streams > 0: // padding
	case string(b) != "\xfd7zX":
		if w.streams > 0 {
			return errors.New("what follows its xz is no xz")
		}
		return errXZ
	default:
		w.expect(xzFlagsSize, w.flags)
	}
	return nil
}

func (w *xzWalk) flags(b []byte) error {
	sizes := [16]int64{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}
	w.check = sizes[b[3]&15]
	w.expect(1, w.blockSize)
	return nil
}

func (w *xzWalk) blockSize(b []byte) error {
	if b[0] == 0 {
		w.index, w.counted, w.number, w.shift = 1, false, 0, 0
		w.expect(1, w.indexByte)
		return nil
	}
	w.expect((int(b[0])+1)*4-1, w.blockHeader)
	return nil
}

// blockHeader finds how large a window a block wants.
func (w *xzWalk) blockHeader(b []byte) error {
	in := bytes.NewReader(b)
	flags, _ := in.ReadByte()
	for _, sized := range []byte{0x40, 0x80} { // packed and unpacked
		if flags&sized != 0 {
			if _, err := binary.ReadUvarint(in); err != nil {
				return errXZ
			}
		}
	}
	for range flags&3 + 1 {
		id, err := binary.ReadUvarint(in)
		size, err2 := binary.ReadUvarint(in)
		if err != nil || err2 != nil || size > uint64(in.Len()) {
			return errXZ
		}
		properties := make([]byte, size)
		_, _ = in.Read(properties)
		const lzma2 = 0x21
		if id != lzma2 {
			return fmt.Errorf("it has a filter (%#x) for programs: unpack it with xz -dc", id)
		}
		if size != 1 || properties[0] > 40 {
			return errXZ
		}
		if window := (2 + uint64(properties[0]&1)) << (properties[0]/2 + 11); properties[0] == 40 || window > maxWindow {
			return errors.New("its window is larger than 128 MiB: unpack it with xz -dc")
		}
	}
	w.packed = 0
	w.expect(1, w.chunk)
	return nil
}

// chunk passes over a chunk of LZMA2; its first byte says what it is.
func (w *xzWalk) chunk(b []byte) error {
	w.packed++
	switch control := b[0]; {
	case control == 0: // the end of the block
		w.skip = -w.packed&3 + w.check
		w.expect(1, w.blockSize)
	case control <= 2:
		w.expect(2, w.stored)
	case control < 0x80:
		return errXZ
	case control < 0xc0:
		w.expect(4, w.compressed)
	default: // with properties
		w.expect(5, w.compressed)
	}
	return nil
}

func (w *xzWalk) stored(b []byte) error {
	return w.body(b, int64(binary.BigEndian.Uint16(b)))
}

func (w *xzWalk) compressed(b []byte) error {
	return w.body(b, int64(binary.BigEndian.Uint16(b[2:])))
}

// body passes over the body of a chunk, which has a byte more than its size says.
func (w *xzWalk) body(head []byte, size int64) error {
	w.skip = size + 1
	w.packed += int64(len(head)) + w.skip
	w.expect(1, w.chunk)
	return nil
}

// indexByte reads the numbers of the index: how many blocks there are, and two of
// each.
func (w *xzWalk) indexByte(b []byte) error {
	w.index++
	w.number |= uint64(b[0]&0x7f) << w.shift
	if w.shift += 7; b[0]&0x80 != 0 {
		if w.shift > 63 {
			return errXZ
		}
		return nil
	}
	switch {
	case !w.counted && w.number > math.MaxInt32:
		return errXZ
	case !w.counted:
		w.counted, w.numbers = true, 2*w.number
	default:
		w.numbers--
	}
	w.number, w.shift = 0, 0
	if w.numbers == 0 {
		w.skip = -w.index&3 + xzCRCSize
		w.expect(xzFooterSize, w.footer)
	}
	return nil
}

func (w *xzWalk) footer([]byte) error {
	w.streams++
	w.expect(xzMagicSize, w.magic)
	return nil
}
