package names

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Max is the longest name, in bytes.
const Max = 255

var (
	errEmpty   = errors.New("name is empty")
	errLong    = fmt.Errorf("name is longer than %d bytes", Max)
	errControl = errors.New("name has a control character")
	errUTF8    = errors.New("name is not UTF-8")
)

// Check reports why name cannot name a stream: names are 1 to 255 bytes of
// UTF-8 without control characters (C0, DEL, C1).
func Check[T string | []byte](name T) error {
	if len(name) == 0 {
		return errEmpty
	}
	if len(name) > Max {
		return errLong
	}
	for i := 0; i < len(name); {
		c := name[i]
		if c < utf8.RuneSelf {
			if c < 0x20 || c == 0x7f {
				return errControl
			}
			i++
			continue
		}
		end := min(i+utf8.UTFMax, len(name))
		r, n := utf8.DecodeRuneInString(string(name[i:end]))
		if r == utf8.RuneError && n == 1 {
			return errUTF8
		}
		if r >= 0x80 && r < 0xa0 {
			return errControl
		}
		i += n
	}
	return nil
}
