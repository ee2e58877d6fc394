package zmtp

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

var (
	errNameEmpty   = errors.New("name is empty")
	errNameLong    = fmt.Errorf("name is longer than %d bytes", MaxName)
	errNameControl = errors.New("name has a control character")
	errNameUTF8    = errors.New("name is not UTF-8")
)

// CheckName reports why name cannot name a stream: names are 1 to 255 bytes of
// UTF-8 without control characters (C0, DEL, C1).
func CheckName[T string | []byte](name T) error {
	if len(name) == 0 {
		return errNameEmpty
	}
	if len(name) > MaxName {
		return errNameLong
	}
	for i := 0; i < len(name); {
		c := name[i]
		if c < utf8.RuneSelf {
			if c < 0x20 || c == 0x7f {
				return errNameControl
			}
			i++
			continue
		}
		end := min(i+utf8.UTFMax, len(name))
		r, n := utf8.DecodeRuneInString(string(name[i:end]))
		if r == utf8.RuneError && n == 1 {
			return errNameUTF8
		}
		if r >= 0x80 && r < 0xa0 {
			return errNameControl
		}
		i += n
	}
	return nil
}
