package record

import "math"

// matched is what an object holds: the fields that have known names, and where
// its members stand.
type matched struct {
	value  [names][]byte // the last of each name; nil when there is none
	prefix int           // how often "fields." stands at the beginning of a key, at most

	noted [maxNoted]place // of the first members
	count int             // how many of them there are
	rest  int             // where the others begin; 0 when all are noted
}

// maxNoted is how many members are noted. Those of an object that has more are
// looked for again.
const maxNoted = 24

// place is where a member stands in the object.
type place struct {
	quote, keyEnd uint32 // of the key: its first quote, and behind its last
	value, end    uint32
	name          uint8
}

// match reads an object. It reports false when data is no valid JSON object: it
// is [validObject] and a scan in one go, for whoever has to look at every line.
func (m *matched) match(data []byte) bool {
	i := skipSpace(data, 0)
	if i == len(data) || data[i] != '{' {
		return false
	}
	if i = skipSpace(data, i+1); i == len(data) {
		return false
	}
	if data[i] == '}' {
		return skipSpace(data, i+1) == len(data)
	}
	for {
		quote := i
		if data[i] != '"' {
			return false
		}
		keyEnd, escaped := checkString(data, i)
		if keyEnd < 0 {
			return false
		}
		if i = skipSpace(data, keyEnd); i == len(data) || data[i] != ':' {
			return false
		}
		if i = skipSpace(data, i+1); i == len(data) {
			return false
		}
		end := 0
		switch data[i] {
		case '"':
			end, _ = checkString(data, i)
		case '{', '[':
			end = checkNested(data, i, 1)
		case 't':
			end = checkLiteral(data, i, "true")
		case 'f':
			end = checkLiteral(data, i, "false")
		case 'n':
			end = checkLiteral(data, i, "null")
		default:
			end = checkNumber(data, i)
		}
		if end < 0 {
			return false
		}
		key := data[quote+1 : keyEnd-1]
		name := known(key, escaped)
		if name != noName {
			m.value[name] = data[i:end:end]
		} else {
			m.prefix = max(m.prefix, fieldsPrefix(key, escaped))
		}
		switch {
		case m.rest > 0:
		case m.count < maxNoted && end <= math.MaxUint32:
			m.noted[m.count] = place{uint32(quote), uint32(keyEnd), uint32(i), uint32(end), uint8(name)}
			m.count++
		default:
			m.rest = quote
		}
		if i = skipSpace(data, end); i == len(data) {
			return false
		}
		switch data[i] {
		case ',':
			if i = skipSpace(data, i+1); i == len(data) {
				return false
			}
		case '}':
			return skipSpace(data, i+1) == len(data)
		default:
			return false
		}
	}
}
