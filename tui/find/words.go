package find

import (
	"encoding/binary"
	"unicode/utf8"
)

// A row says in words what its record's bytes say in JSON. Most records spell
// a word the same way in both; a test on the bytes can then tell that a row
// does not say a word, without reading it. This file knows which records and
// which words.

// isWordByte reports whether a byte may stand in such a word: it can be spelled
// in JSON only as itself or by its number, and rows never put it where the
// record has it not.
func isWordByte(c byte) bool {
	switch c {
	case ' ', '"', '\\', '/', '=', ':':
		return false
	}
	return 0x20 < c && c < 0x7f
}

// Words splits a text into words; what is between them is left out.
func Words(text string) []string {
	var words []string
	for i := 0; i < len(text); {
		if !isWordByte(text[i]) {
			i++
			continue
		}
		begin := i
		for i < len(text) && isWordByte(text[i]) {
			i++
		}
		words = append(words, text[begin:i])
	}
	return words
}

// Longest is the word that tells most: the longest.
func Longest(words []string) string {
	best := ""
	for _, w := range words {
		if len(w) > len(best) {
			best = w
		}
	}
	return best
}

// Plain reports whether the words of a row stand in data as they stand
// in the row: there is no escape by number, and no code point that rows leave
// out, show by its number, or that is another case of an ASCII letter.
func Plain(data []byte) bool {
	for i := 0; i < len(data); {
		if i = skipASCII(data, i); i == len(data) {
			return true
		}
		if data[i] == '\\' {
			if i+1 < len(data) && data[i+1] == 'u' {
				return false
			}
			i += 2
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if spellsOtherwise(r) {
			return false
		}
		i += n
	}
	return true
}

// skipASCII returns the place of the first byte at or after i that is a
// backslash or beyond ASCII.
func skipASCII(data []byte, i int) int {
	for i+8 <= len(data) {
		x := binary.LittleEndian.Uint64(data[i:])
		b := x ^ '\\'*ones
		if (x|(b-ones)&^b)&highs != 0 {
			break
		}
		i += 8
	}
	for i < len(data) && data[i] < utf8.RuneSelf && data[i] != '\\' {
		i++
	}
	return i
}

// spellsOtherwise is wide: a code point too many costs time, one too few hides
// a row from a search.
func spellsOtherwise(r rune) bool {
	switch {
	case r < 0xa0, r == 0xad, r == 0x17f, r == 0x34f, r == 0x61c, r == 0x180e, r == 0x212a, r == 0xfeff:
		return true
	case r < 0x200b:
		return false
	case r <= 0x200f, 0x2028 <= r && r <= 0x202f, 0x2060 <= r && r <= 0x206f, 0x20d0 <= r && r <= 0x20ff:
		return true
	case 0xfe00 <= r && r <= 0xfe0f, 0xfff0 <= r && r <= 0xffff:
		return true
	}
	return 0x1f3fb <= r && r <= 0x1f3ff || r >= 0xe0000
}

// Printable reports whether data is printable ASCII without a backslash.
func Printable(data []byte) bool {
	i := 0
	for ; i+8 <= len(data); i += 8 {
		x := binary.LittleEndian.Uint64(data[i:])
		b := x ^ '\\'*ones
		d := x ^ 0x7f*ones
		// High bits: beyond ASCII; below a blank; a backslash; a DEL.
		if (x|(x-0x20*ones)&^x|(b-ones)&^b|(d-ones)&^d)&highs != 0 {
			return false
		}
	}
	for ; i < len(data); i++ {
		if c := data[i]; c < 0x20 || c >= 0x7f || c == '\\' {
			return false
		}
	}
	return true
}
