package jsonscan

// Checker yields the members of one JSON object and validates it on the way, for
// whoever has to look at each line: [ValidObject] and [Members] in one go.
// Members that were yielded count only if the whole is [Checker.Valid].
type Checker struct {
	data  []byte
	pos   int // of the next key, or of the bracket at the end
	state checkState
}

type checkState uint8

const (
	checkBegins checkState = iota
	checkGoesOn
	checkEnds
	checkInvalid
	checkValid
)

// Check begins on data.
func Check(data []byte) Checker { return Checker{data: data} }

// Valid reports whether data is one valid JSON object, once Next has returned
// false.
func (c *Checker) Valid() bool { return c.state == checkValid }

// Next returns the next member. ok is false at the end of the object, and at the
// first fault.
func (c *Checker) Next() (key, value []byte, ok bool) {
	data, i := c.data, c.pos
	switch c.state {
	case checkBegins:
		i = SkipSpace(data, 0)
		if i == len(data) || data[i] != '{' {
			return c.fail()
		}
		if i = SkipSpace(data, i+1); i == len(data) {
			return c.fail()
		}
		if data[i] == '}' {
			return c.end(i)
		}
	case checkGoesOn:
	case checkEnds:
		return c.end(i)
	default:
		return nil, nil, false
	}
	end := -1
	if data[i] == '"' {
		end = checkString(data, i)
	}
	if end < 0 {
		return c.fail()
	}
	key = data[i+1 : end-1]
	if i = SkipSpace(data, end); i == len(data) || data[i] != ':' {
		return c.fail()
	}
	if i = SkipSpace(data, i+1); i == len(data) {
		return c.fail()
	}
	switch data[i] {
	case '"':
		end = checkString(data, i)
	case '{', '[':
		end = checkNested(data, i, 1)
	default:
		end = checkScalar(data, i)
	}
	if end < 0 {
		return c.fail()
	}
	value = data[i:end:end]
	if i = SkipSpace(data, end); i == len(data) {
		return c.fail()
	}
	switch data[i] {
	case ',':
		if i = SkipSpace(data, i+1); i == len(data) {
			return c.fail()
		}
		c.state = checkGoesOn
	case '}':
		c.state = checkEnds
	default:
		return c.fail()
	}
	c.pos = i
	return key, value, true
}

// end notes that the object ends with the bracket at i.
func (c *Checker) end(i int) (key, value []byte, ok bool) {
	if SkipSpace(c.data, i+1) < len(c.data) {
		return c.fail()
	}
	c.state = checkValid
	return nil, nil, false
}

func (c *Checker) fail() (key, value []byte, ok bool) {
	c.state = checkInvalid
	return nil, nil, false
}
