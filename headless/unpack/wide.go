package unpack

import (
	"bufio"
	"encoding/binary"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// few is how many characters are too few to have any that are not of Latin-1.
const few = 16

// wide recognises text in UTF-16 or UTF-32 that has no mark, by its zero bytes: at
// least three of five characters are of Latin-1, of a few all, and none is a
// control.
func wide(head []byte) (f Format, ok bool) {
	for _, w := range []struct {
		size   int
		order  binary.ByteOrder
		format Format
	}{{4, binary.LittleEndian, utf32LE}, {4, binary.BigEndian, utf32BE}, {2, binary.LittleEndian, utf16LE}, {2, binary.BigEndian, utf16BE}} {
		if isWide(head, w.size, w.order) {
			return w.format, true
		}
	}
	return f, false
}

// isWide reports whether head is text in units of so many bytes.
func isWide(head []byte, size int, order binary.ByteOrder) bool {
	units, latin := len(head)/size, 0
	if units < 2 {
		return false
	}
	for i := range units {
		var c uint32
		if size == 2 {
			c = uint32(order.Uint16(head[i*2:]))
		} else {
			c = order.Uint32(head[i*4:])
		}
		switch {
		case c == '\t' || c == '\n' || c == '\r' || c == 0x1b || 0x20 <= c && c < 0x100:
			latin++
		case c < 0x20 || c > 0x10ffff:
			return false
		}
	}
	return latin == units || units >= few && latin*5 >= units*3
}

func fromUTF16LE(in *bufio.Reader) (io.ReadCloser, error) {
	return decoded(in, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)), nil
}

func fromUTF16BE(in *bufio.Reader) (io.ReadCloser, error) {
	return decoded(in, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)), nil
}

func fromUTF32LE(in *bufio.Reader) (io.ReadCloser, error) {
	return decoded(in, utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)), nil
}

func fromUTF32BE(in *bufio.Reader) (io.ReadCloser, error) {
	return decoded(in, utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)), nil
}

// decoded is text in UTF-8. Marks come through, as those of UTF-8 do: see TrimMark.
func decoded(in io.Reader, e encoding.Encoding) io.ReadCloser {
	return io.NopCloser(e.NewDecoder().Reader(in))
}
