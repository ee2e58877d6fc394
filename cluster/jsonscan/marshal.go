package jsonscan

import (
	"encoding/json"
	"unicode/utf8"
)

// Marshal is json.Marshal for readers of lines: what [IsLineEnd] reports is
// escaped. It is not for each record.
func Marshal(v any) ([]byte, error) {
	out, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return EscapeLineEnds(nil, out), nil
}

// EscapeLineEnds appends valid JSON in which all that [IsLineEnd] reports is
// escaped. It can only stand in strings.
func EscapeLineEnds(dst, data []byte) []byte {
	plain := 0 // from here on nothing has to be escaped
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if IsLineEnd(r) {
			dst = append(dst, data[plain:i]...)
			dst = AppendEscape(dst, r)
			plain = i + n
		}
		i += n
	}
	return append(dst, data[plain:]...)
}
