package group

import "bytes"

// Hole stands in a template for what differs.
const Hole = "<*>"

const (
	maxMessage = 4 << 10 // bytes of a message that are looked at
	maxTokens  = 256     // of a message; the rest is a hole
)

type kind uint8

const (
	word kind = iota
	punctuation
	hole
	anything // what stands for a hole in the text of a template
)

// token is a piece of a message.
type token struct {
	text  []byte // of a hole: whatever it was
	kind  kind
	space bool // white space stands before it
}

// cutter cuts messages into tokens. It is used again, to spare allocations.
type cutter struct {
	raw, out []token
	template bool // what is cut is the text of a template
}

// cut returns the tokens of a message: with holes for values, and what says the same
// again left out. They are valid until the next call, and as long as the message is.
func (c *cutter) cut(message []byte) []token {
	c.split(message)
	c.values()
	if c.fold() > 1 {
		for period := 1; period <= maxPeriod; period++ {
			c.out = unrepeat(c.out, period)
		}
	}
	return c.out
}

// head is what of a message tells its kind: its first line, or, of a Python traceback,
// its last.
func head(message []byte) []byte {
	first, rest, many := bytes.Cut(message, []byte{'\n'})
	if many && bytes.HasPrefix(first, []byte("Traceback (most recent call last):")) {
		rest = bytes.TrimRight(rest, "\r\n\t ")
		first = rest[bytes.LastIndexByte(rest, '\n')+1:]
	}
	return first[:min(len(first), maxMessage)]
}

// split cuts at white space and punctuation.
func (c *cutter) split(m []byte) {
	c.raw = c.raw[:0]
	space := false
	for i := 0; i < len(m); {
		if len(c.raw) == maxTokens-1 {
			c.raw = append(c.raw, token{text: m[i:], kind: hole, space: space})
			return
		}
		b := m[i]
		switch {
		case classes[b] == isSpace:
			space = true
			i++
			continue
		case b == '<' && bytes.HasPrefix(m[i:], []byte(Hole)): // a template, or a message that quotes one
			t := token{m[i : i+len(Hole)], hole, space}
			if c.template {
				t.kind = anything
			}
			c.raw = append(c.raw, t)
			i += len(Hole)
		case b == '<' && i+1 < len(m) && isDigit(m[i+1]): // less than a number
			i++
			continue
		case b == '/' && i+1 < len(m) && classes[m[i+1]] != isSpace && (i == 0 || classes[m[i-1]] != isLetter):
			end := pathEnd(m, i)
			c.raw = append(c.raw, token{m[i:end], hole, space})
			i = end
		case classes[b] == isPunctuation:
			c.raw = append(c.raw, token{m[i : i+1], punctuation, space})
			i++
		default:
			end, slashes, digits := i, 0, false
			for ; end < len(m) && classes[m[end]] <= isOther; end++ {
				if m[end] == '/' {
					slashes++
				}
				digits = digits || isDigit(m[end])
			}
			t := token{m[i:end], word, space}
			switch {
			case bytes.HasPrefix(m[end:], []byte("://")):
				end = pathEnd(m, end+1)
				t.text, t.kind = m[i:end], hole
			case digits, slashes > 1, isHost(t.text, m[end:]):
				t.kind = hole
			}
			c.raw = append(c.raw, t)
			i = end
		}
		space = false
	}
}

// pathEnd is where a path or URL ends that goes on at i.
func pathEnd(m []byte, i int) int {
	from := i
	for i < len(m) && !inPath[m[i]] {
		i++
	}
	for i > from+1 && m[i-1] == ':' {
		i--
	}
	return i
}

// isHost reports whether a word is a host, since a port stands behind it.
func isHost(w, rest []byte) bool {
	return len(rest) > 1 && rest[0] == ':' && isDigit(rest[1]) && bytes.IndexByte(w, '.') >= 0
}

// values finds the words that are values by what stands beside them: the names in a
// date, units, and who a user is.
func (c *cutter) values() {
	raw := c.raw
	for i := range raw {
		if raw[i].kind != word {
			continue
		}
		var before, after *token
		if i > 0 {
			before = &raw[i-1]
		}
		if i+1 < len(raw) {
			after = &raw[i+1]
		}
		behind := before != nil && before.kind == hole
		switch {
		case behind && units[string(raw[i].text)],
			(behind || after != nil && (after.kind == hole || calendar[string(after.text)])) && calendar[string(raw[i].text)],
			before != nil && before.kind == word && isUser(before.text) && classes[raw[i].text[0]] == isLetter:
			raw[i].kind = hole
		}
	}
}

// isUser reports whether the next word names a user.
func isUser(w []byte) bool { return len(w) == 4 && bytes.EqualFold(w, []byte("user")) }

// fold makes one hole of those that stand together: side by side, with a colon, a comma
// or an equals sign between, or with one in parentheses behind it. An empty pair of
// brackets holds a hole. It returns about how many holes there are, none too few.
func (c *cutter) fold() (holes int) {
	c.out = c.out[:0]
	for i := range c.raw {
		t := c.raw[i]
		if t.kind == punctuation && len(c.out) > 0 && closes(c.out[len(c.out)-1], t) {
			c.out = append(c.out, token{kind: hole})
			holes++
		}
		if t.kind != hole {
			c.out = append(c.out, t)
			if n := len(c.out); n >= 4 && t.is(')') && c.out[n-2].kind == hole && c.out[n-3].is('(') && c.out[n-4].kind == hole {
				c.out = c.out[:n-3]
			}
			continue
		}
		for n := len(c.out); n > 1 && c.out[n-2].kind == hole && (c.out[n-1].is(':') || c.out[n-1].is(',') || c.out[n-1].is('=')); n = len(c.out) {
			c.out = c.out[:n-1]
		}
		if n := len(c.out); n == 0 || c.out[n-1].kind != hole {
			c.out = append(c.out, t)
			holes++
		}
	}
	return holes
}

func (t *token) is(b byte) bool { return t.kind == punctuation && t.text[0] == b }

// closes reports whether t closes the bracket that open is.
func closes(open, t token) bool {
	return open.is('(') && t.is(')') || open.is('[') && t.is(']') || open.is('{') && t.is('}')
}

const maxPeriod = 6

// unrepeat leaves out what stands there again, period tokens long, with a hole in it:
// a list is as long as it likes.
func unrepeat(in []token, period int) []token {
	if len(in) < 2*period {
		return in
	}
	out := in[:0]
	for i := 0; i < len(in); {
		out = append(out, in[i])
		i++
		if len(out) < period {
			continue
		}
		last := out[len(out)-period:]
		for i+period <= len(in) && repeats(last, in[i:i+period]) {
			i += period
		}
	}
	return out
}

func repeats(a, b []token) bool {
	holes := false
	for i := range a {
		if a[i].kind != b[i].kind || a[i].kind != hole && !bytes.Equal(a[i].text, b[i].text) {
			return false
		}
		holes = holes || a[i].kind == hole
	}
	return holes
}

type class uint8

const (
	isLetter class = iota // and digits, and what is not ASCII
	isOther               // within words
	isPunctuation
	isSpace
)

var (
	classes [256]class
	inPath  [256]bool // what ends a path
)

func init() {
	for b := range classes {
		switch c := byte(b); {
		case isDigit(c), 'a' <= c|0x20 && c|0x20 <= 'z', c >= 0x80:
		case c == ' ', '\t' <= c && c <= '\r':
			classes[b] = isSpace
		default:
			classes[b] = isOther
		}
	}
	for _, b := range []byte("=:,()[]{}<>\"';|") {
		classes[b] = isPunctuation
		inPath[b] = b != '=' && b != ':'
	}
	for b := range ' ' + 1 {
		inPath[b] = true
	}
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// units stand behind numbers.
var units = setOf(`B KB MB GB TB PB KiB MiB GiB TiB bytes byte kB K M G
	ms us µs ns s sec secs second seconds min mins minute minutes h hour hours d day days msec usec millis milliseconds
	% Hz kHz MHz GHz bps Kbps Mbps`)

// calendar is what dates are made of besides numbers.
var calendar = setOf(`Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec
	January February March April June July August September October November December
	Mon Tue Wed Thu Fri Sat Sun Monday Tuesday Wednesday Thursday Friday Saturday Sunday
	UTC GMT CET CEST EST EDT PST PDT AM PM`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range bytes.Fields([]byte(words)) {
		set[string(w)] = true
	}
	return set
}
