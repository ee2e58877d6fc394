package find

import "encoding/binary"

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
