package unpack

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// mark is a byte order mark in UTF-8.
const mark = "\xef\xbb\xbf"

// TrimMark is a line without the byte order marks at its beginning: of its file, or
// of the one that begins there when several were put together.
func TrimMark(line []byte) []byte {
	for len(line) >= len(mark) && string(line[:len(mark)]) == mark {
		line = line[len(mark):]
	}
	return line
}

// minHole is how many zero bytes within a line are a hole. Fewer are text; where a
// line begins, and at the end of the input, any number is a hole.
const minHole = 16

// Holes takes holes out of text: runs of zero bytes. A file has one from its beginning
// when it was truncated under a writer that goes on where it was, and others where a
// machine crashed. A line that runs into a hole ends there. The zero Holes is at the
// beginning of an input.
type Holes struct {
	// Skipped is what was taken out; a hole counts when it has ended.
	Skipped Skipped

	inLine bool  // something of a line came
	held   int   // zero bytes within a line that are no hole yet
	run    int64 // bytes of the hole that is passed over; 0 when it is none
}

// Clean reports whether a piece of text can stay as it is. If not, it is to be taken
// by Append; if so, it was taken.
func (h *Holes) Clean(text []byte) bool {
	if h.held > 0 || h.run > 0 || bytes.IndexByte(text, 0) >= 0 {
		return false
	}
	if len(text) > 0 {
		h.inLine = text[len(text)-1] != '\n'
	}
	return true
}

// Room is how many bytes more than it takes the next Append may append: less than
// minHole.
func (h *Holes) Room() int {
	if h.run > 0 && h.inLine {
		return 1
	}
	return h.held
}

// Pending is how many zero bytes were taken behind the beginning of a line, whether
// they are text or a hole that it ends in.
func (h *Holes) Pending() int64 {
	if !h.inLine {
		return 0
	}
	return int64(h.held) + h.run
}

// InHole reports whether what was taken last was zero bytes that are a hole.
func (h *Holes) InHole() bool { return h.run > 0 }

// Skip takes zero bytes that go on with a hole, and that nobody read.
func (h *Holes) Skip(n int64) { h.run += n }

// Append appends to dst what of text is in no hole. The two may be of one buffer, if
// text begins Room bytes behind dst or later.
func (h *Holes) Append(dst, text []byte) []byte {
	for len(text) > 0 {
		if n := zeros(text); n > 0 {
			switch {
			case h.run > 0:
				h.run += int64(n)
			case !h.inLine:
				h.run = int64(n)
			default:
				if h.held += n; h.held >= minHole {
					h.run, h.held = int64(h.held), 0
				}
			}
			text = text[n:]
			continue
		}
		if h.run > 0 {
			h.ended()
			if h.inLine && text[0] != '\n' {
				dst = append(dst, '\n')
			}
		}
		for ; h.held > 0; h.held-- {
			dst = append(dst, 0)
		}
		piece := text
		if i := bytes.IndexByte(text, 0); i >= 0 {
			piece = text[:i]
		}
		dst = append(dst, piece...)
		h.inLine = piece[len(piece)-1] != '\n'
		text = text[len(piece):]
	}
	return dst
}

// End ends the input: what comes next begins another. It reports whether it ended in
// a hole.
func (h *Holes) End() bool {
	h.run += int64(h.held)
	h.held, h.inLine = 0, false
	if h.run == 0 {
		return false
	}
	h.ended()
	return true
}

// ended notes the end of a hole.
func (h *Holes) ended() {
	h.Skipped.Holes++
	h.Skipped.Bytes += h.run
	h.run = 0
}

// Skipped is holes that were skipped.
type Skipped struct {
	Holes uint64
	Bytes int64 // in them
}

// Plus is both.
func (s Skipped) Plus(t Skipped) Skipped { return Skipped{s.Holes + t.Holes, s.Bytes + t.Bytes} }

// String is such as "skipped a hole of 1.2 MiB of zero bytes".
func (s Skipped) String() string {
	if s.Holes == 1 {
		return "skipped a hole of " + sizeText(s.Bytes)
	}
	return fmt.Sprintf("skipped %d holes, %s in all", s.Holes, sizeText(s.Bytes))
}

// sizeText is a number of zero bytes for people.
func sizeText(n int64) string {
	const kib = 1 << 10
	switch {
	case n == 1:
		return "1 zero byte"
	case n < 10*kib:
		return fmt.Sprintf("%d zero bytes", n)
	}
	size, unit := float64(n)/kib, "KiB"
	for _, next := range []string{"MiB", "GiB", "TiB", "PiB"} {
		if size < kib {
			break
		}
		size, unit = size/kib, next
	}
	return fmt.Sprintf("%.1f %s of zero bytes", size, unit)
}

// zeros is how many bytes at the beginning of data are zero.
func zeros(data []byte) (n int) {
	for ; len(data)-n >= 8; n += 8 {
		if word := binary.LittleEndian.Uint64(data[n:]); word != 0 {
			return n + bits.TrailingZeros64(word)/8
		}
	}
	for n < len(data) && data[n] == 0 {
		n++
	}
	return n
}
