package jsonscan

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

// ValidObject reports whether data is one valid JSON object. It is several times
// as fast as encoding/json.
func ValidObject(data []byte) bool {
	i := SkipSpace(data, 0)
	if i == len(data) || data[i] != '{' {
		return false
	}
	end := checkNested(data, i, 0)
	return end > 0 && SkipSpace(data, end) == len(data)
}

// checkNested returns the place after the object or array that begins at i, or
// -1 when it is not valid. within is how many others it stands in.
func checkNested(data []byte, i, within int) int {
	var nest nesting
	nest.limit = maxDepth - within
	for {
		// A value begins at i.
		if i = SkipSpace(data, i); i == len(data) {
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
		default:
			i = checkScalar(data, i)
		}
		if i < 0 {
			return -1
		}
		// What may follow it, up to the next value.
		for {
			if i = SkipSpace(data, i); i == len(data) {
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
				i = SkipSpace(data, i+1)
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
	if i = SkipSpace(data, i); i >= len(data) || data[i] != ':' {
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

// checkScalar returns the place after the value at i that is no string, object
// or array, or -1.
func checkScalar(data []byte, i int) int {
	switch data[i] {
	case 't':
		return checkLiteral(data, i, "true")
	case 'f':
		return checkLiteral(data, i, "false")
	case 'n':
		return checkLiteral(data, i, "null")
	}
	return checkNumber(data, i)
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
