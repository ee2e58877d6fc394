package unpack

import "unicode/utf8"

const (
	// enoughBytes is how many bytes must be there to call them no text.
	enoughBytes = 128
	// seldom is which part of text is neither a control nor UTF-8, at most: one byte of
	// so many each.
	seldom = 20
)

// noText reports whether data is no text in any encoding that has ASCII's line breaks:
// it has many controls, and many bytes that are no UTF-8. Text has at most one of
// them: Latin-1 and its kin, or fields that controls part. Zero bytes are not looked
// at: holes have them.
func noText(data []byte) bool {
	if len(data) < enoughBytes {
		return false
	}
	controls, foreign := 0, 0
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && n == 1 && i+utf8.UTFMax <= len(data): // and no rune that is cut
			foreign++
		case r == 0, r == 0x1b, '\a' <= r && r <= '\r':
		case r < 0x20 || r == 0x7f:
			controls++
		}
		i += n
	}
	return controls*seldom > len(data) && foreign*seldom > len(data)
}
