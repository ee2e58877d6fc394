package names

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Pattern stands for the streams whose names it matches, as in "tenant/*". "*"
// matches any characters except "/", "**" any characters, "?" one character
// except "/"; a backslash escapes the character behind it.
type Pattern struct{ re *regexp.Regexp }

// IsPattern reports whether a text is a pattern rather than a name. A name that has
// "*", "?" or a backslash is written with backslashes, which makes it a pattern
// that matches that name alone.
func IsPattern(text string) bool { return strings.ContainsAny(text, `*?\`) }

var errPatternEnds = errors.New("it ends with a backslash")

// ParsePattern reads a pattern.
func ParsePattern(text string) (Pattern, error) {
	if err := Check(text); err != nil {
		return Pattern{}, fmt.Errorf("read pattern %q: %w", text, err)
	}
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], "**"):
			b.WriteString(".*")
			i++
		case c == '*':
			b.WriteString("[^/]*")
		case c == '?':
			b.WriteString("[^/]")
		case c == '\\':
			if i++; i == len(text) {
				return Pattern{}, fmt.Errorf("read pattern %q: %w", text, errPatternEnds)
			}
			// The other bytes of a character are copied by the next rounds.
			if text[i] < 0x80 {
				b.WriteString(regexp.QuoteMeta(text[i : i+1]))
			} else {
				b.WriteByte(text[i])
			}
		case c < 0x80:
			b.WriteString(regexp.QuoteMeta(text[i : i+1]))
		default:
			b.WriteByte(c)
		}
	}
	b.WriteString(`\z`)
	re, err := regexp.Compile(b.String())
	if err != nil {
		return Pattern{}, fmt.Errorf("read pattern %q: %w", text, err)
	}
	return Pattern{re}, nil
}

// Match reports whether a stream's name matches.
func (p Pattern) Match(name string) bool { return p.re.MatchString(name) }
