package record

// maxDepth is how deep encoding/json lets values nest.
const maxDepth = 10_000

// nesting remembers for each level whether it is an object: one bit a level.
type nesting struct {
	depth  int
	limit  int // of depth
	object [maxDepth/64 + 1]uint64
}

func (n *nesting) push(object bool) bool {
	n.depth++
	if n.depth > n.limit {
		return false
	}
	bit := uint64(1) << (n.depth % 64)
	if object {
		n.object[n.depth/64] |= bit
	} else {
		n.object[n.depth/64] &^= bit
	}
	return true
}

func (n *nesting) inObject() bool {
	return n.object[n.depth/64]>>(n.depth%64)&1 == 1
}

// validObject reports whether data is one valid JSON object, as encoding/json
// would, several times as fast. Like it, it does not look at UTF-8.
func validObject(data []byte) bool {
	i := skipSpace(data, 0)
	if i == len(data) || data[i] != '{' {
		return false
	}
	end := checkNested(data, i, 0)
	return end > 0 && skipSpace(data, end) == len(data)
}

// checkNested returns the place after the object or array that begins at i, or
// -1 when it is not valid. It stands within so many others.
func checkNested(data []byte, i, within int) int {
	var nest nesting
	nest.limit = maxDepth - within
	for {
		// A value begins at i.
		if i = skipSpace(data, i); i == len(data) {
			return -1
		}
		opened := false
		switch c := data[i]; c {
		case '{', '[':
			if !nest.push(c == '{') {
				return -1
			}
			i++
			opened = true
		case '"':
			i = checkString(data, i)
		case 't':
			i = checkLiteral(data, i, "true")
		case 'f':
			i = checkLiteral(data, i, "false")
		case 'n':
			i = checkLiteral(data, i, "null")
		default:
			i = checkNumber(data, i)
		}
		if i < 0 {
			return -1
		}
		// What may follow it, up to the next value.
		for {
			if i = skipSpace(data, i); i == len(data) {
				return -1
			}
			object := nest.inObject()
			c := data[i]
			if (c == '}' && object) || (c == ']' && !object) {
				i++
				opened = false
				nest.depth--
				if nest.depth == 0 {
					return i
				}
				continue
			}
			if !opened {
				if c != ',' {
					return -1
				}
				i = skipSpace(data, i+1)
			}
			if object {
				if i = checkKey(data, i); i < 0 {
					return -1
				}
			}
			break
		}
	}
}

// checkKey returns the place after the key and colon that begin at i, or -1.
func checkKey(data []byte, i int) int {
	if i >= len(data) || data[i] != '"' {
		return -1
	}
	if i = checkString(data, i); i < 0 {
		return -1
	}
	if i = skipSpace(data, i); i >= len(data) || data[i] != ':' {
		return -1
	}
	return i + 1
}

// checkString is skipString that checks the escapes.
func checkString(data []byte, i int) int {
	i++
	for {
		i = skipPlain(data, i)
		if i+1 >= len(data) {
			if i < len(data) && data[i] == '"' {
				return i + 1
			}
			return -1
		}
		if data[i] == '"' {
			return i + 1
		}
		if data[i] != '\\' {
			return -1
		}
		switch data[i+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			i += 2
		case 'u':
			if _, ok := hex4(data, i+2); !ok {
				return -1
			}
			i += 6
		default:
			return -1
		}
	}
}

// hex4 reads the four hexadecimal digits at i.
func hex4(data []byte, i int) (rune, bool) {
	if i+4 > len(data) {
		return 0, false
	}
	var r rune
	for _, c := range data[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func checkLiteral(data []byte, i int, want string) int {
	if len(data)-i < len(want) || string(data[i:i+len(want)]) != want {
		return -1
	}
	return i + len(want)
}

func checkNumber(data []byte, i int) int {
	if data[i] == '-' {
		i++
	}
	if i < len(data) && data[i] == '0' {
		i++
	} else if i = skipDigits(data, i); i < 0 {
		return -1
	}
	if i < len(data) && data[i] == '.' {
		if i = skipDigits(data, i+1); i < 0 {
			return -1
		}
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		return skipDigits(data, i)
	}
	return i
}

// skipDigits returns the place after the digits at i, or -1 if there are none.
func skipDigits(data []byte, i int) int {
	start := i
	for i < len(data) && '0' <= data[i] && data[i] <= '9' {
		i++
	}
	if i == start {
		return -1
	}
	return i
}
