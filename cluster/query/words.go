package query

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// A record spells its words in JSON, and what is shown of it spells them as they
// are read. Mostly that is the same; then its absence from the bytes
// shows that the record does not have it, without parsing. This file knows which
// records and which words.

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// isWordByte reports whether a byte may stand in such a word: JSON can spell it
// only as itself or by its number, and no row shows it where the record does not
// have it.
func isWordByte(c byte) bool {
	switch c {
	case ' ', '"', '\\', '/', '=', ':':
		return false
	}
	return 0x20 < c && c < 0x7f
}

// words splits a text into words; what is between them is left out.
func words(text string) []string {
	var all []string
	for i := 0; i < len(text); {
		if !isWordByte(text[i]) {
			i++
			continue
		}
		begin := i
		for i < len(text) && isWordByte(text[i]) {
			i++
		}
		all = append(all, text[begin:i])
	}
	return all
}

// longest is the longest of the words: the one that fewest records have.
func longest(words []string) string {
	best := ""
	for _, w := range words {
		if len(w) > len(best) {
			best = w
		}
	}
	return best
}

// Plain reports whether a record spells its words plainly: whether a row shows
// them as they stand in data. There is no escape by number, and no code point
// that rows leave out, show by its number, or that is another case of an ASCII
// letter. When in doubt it reports false, which costs time and hides nothing.
func Plain(data []byte) bool {
	for i := 0; i < len(data); {
		if i = skipASCII(data, i); i == len(data) {
			return true
		}
		if data[i] == '\\' {
			rest := data[i+1:]
			if bytes.HasPrefix(rest, []byte("u")) || bytes.HasPrefix(rest, []byte(`\u`)) { // the latter in JSON within JSON
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

// spellsOtherwise reports whether a row may show a code point otherwise than as
// itself. It is wide: a code point too many costs time, one too few hides a row
// from a search.
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
