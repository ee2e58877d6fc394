package stream

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Pattern stands for the streams whose names it matches, as in "tenant/*". "*"
// matches any characters but "/", "**" any at all, "?" one that is no "/"; a
// backslash before a character takes it for itself.
type Pattern struct {
	text string
	re   *regexp.Regexp
}

// IsPattern reports whether a text is a pattern and no name. A name that holds
// "*", "?" or a backslash is written with backslashes, which makes it a pattern
// that matches that name alone.
func IsPattern(text string) bool { return strings.ContainsAny(text, `*?\`) }

var errPatternEnds = errors.New("it ends with a backslash")

// ParsePattern reads a pattern.
func ParsePattern(text string) (Pattern, error) {
	if err := CheckName(text); err != nil {
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
			// Bytes after the first of a character follow as they are.
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
	return Pattern{text: text, re: re}, nil
}

// Match reports whether a stream's name matches.
func (p Pattern) Match(name string) bool { return p.re.MatchString(name) }

// String is the pattern as it was written.
func (p Pattern) String() string { return p.text }
