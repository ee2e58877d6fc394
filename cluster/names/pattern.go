package names

import (
	"errors"
	"fmt"
	mathbits "math/bits"
	"strings"
	"unicode/utf8"
)

// Pattern stands for the streams whose names it matches, as in "tenant/*". "*"
// matches any characters except "/", "**" any characters, "?" one character
// except "/"; a backslash escapes the character behind it.
type Pattern struct{ text string }

// String is the pattern as it is written.
func (p Pattern) String() string { return p.text }

// IsPattern reports whether a text is a pattern rather than a name. A name that has
// "*", "?" or a backslash is written with backslashes, which makes it a pattern
// that matches that name alone.
func IsPattern(text string) bool { return strings.ContainsAny(text, `*?\`) }

// Literal is the text that, where patterns may stand, stands for one name alone: the name,
// or a pattern that matches nothing else.
func Literal(name string) string {
	if !IsPattern(name) {
		return name
	}
	return literal.Replace(name)
}

var literal = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `\`, `\\`)

// Single is the one name that the pattern matches, if it can match no other: it has no
// signs but those that a backslash escapes.
func (p Pattern) Single() (name string, ok bool) {
	var b strings.Builder
	for rest := p.text; rest != ""; {
		kind, char, size := sign(rest)
		if kind != literally {
			return "", false
		}
		b.WriteRune(char)
		rest = rest[size:]
	}
	return b.String(), true
}

var errPatternEnds = errors.New("it ends with a backslash")

// ParsePattern reads a pattern. It has 255 bytes at most, as a name.
func ParsePattern(text string) (Pattern, error) {
	if err := Check(text); err != nil {
		return Pattern{}, fmt.Errorf("read pattern %q: %w", text, err)
	}
	for rest := text; rest != ""; {
		size := 0
		if _, _, size = sign(rest); size > len(rest) {
			return Pattern{}, fmt.Errorf("read pattern %q: %w", text, errPatternEnds)
		}
		rest = rest[size:]
	}
	return Pattern{strings.Clone(text)}, nil
}

// What stands in a pattern.
const (
	literally = iota // one character
	anyOne           // except "/"
	anyOfPart        // any number, except "/"
	anyOfAll         // any number
)

// sign reads the first sign of a pattern that is not empty. A backslash without a
// character behind it is larger than what there is.
func sign(text string) (kind int, char rune, size int) {
	switch {
	case strings.HasPrefix(text, "**"):
		return anyOfAll, 0, 2
	case text[0] == '*':
		return anyOfPart, 0, 1
	case text[0] == '?':
		return anyOne, 0, 1
	case text == `\`:
		return literally, 0, 2
	case text[0] == '\\':
		char, size = utf8.DecodeRuneInString(text[1:])
		return literally, char, size + 1
	}
	char, size = utf8.DecodeRuneInString(text)
	return literally, char, size
}

// places are those in a pattern up to which it matches what was read of a name: a
// bit for each of its bytes, and its end.
type places [4]uint64

// add adds a place, and those behind it that match nothing.
func (s *places) add(text string, at int) {
	for {
		s[at/64] |= 1 << (at % 64)
		if at == len(text) || text[at] != '*' {
			return
		}
		_, _, size := sign(text[at:])
		at += size
	}
}

// Match reports whether a stream's name matches. It takes time for each byte of the
// name times those of the pattern at most, and no memory.
func (p Pattern) Match(name string) bool {
	var steps int
	return p.MatchIn(name, &steps)
}

// MatchIn is Match, and adds to steps how many it took, of up to 10 ns each.
func (p Pattern) MatchIn(name string, steps *int) bool {
	var here places
	here.add(p.text, 0)
	for _, c := range name {
		var next places
		for i, bits := range here {
			for ; bits != 0; bits &= bits - 1 {
				*steps++
				if at := i*64 + mathbits.TrailingZeros64(bits); at < len(p.text) {
					p.step(&next, at, c)
				}
			}
		}
		if here = next; here == (places{}) {
			return false
		}
	}
	return here[len(p.text)/64]>>(len(p.text)%64)&1 == 1
}

// step adds the places after a character.
func (p Pattern) step(next *places, at int, c rune) {
	switch kind, char, size := sign(p.text[at:]); {
	case kind == anyOfAll, kind == anyOfPart && c != '/':
		next.add(p.text, at)
	case kind == anyOne && c != '/', kind == literally && c == char:
		next.add(p.text, at+size)
	}
}
