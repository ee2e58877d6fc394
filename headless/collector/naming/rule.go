package naming

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"sluice/cluster/names"
)

// Missing is what a hole without a value becomes.
const Missing = "-"

// Rule is the name of a stream, with holes.
type Rule struct {
	text  string
	parts []part
	holes []string // each once
}

// part is a text, or a hole.
type part struct{ text, hole string }

var errHole = errors.New(`a hole is written {name}, and a brace of its own \{`)

// Parse reads a rule.
func Parse(text string) (*Rule, error) {
	r := &Rule{text: text}
	if err := r.parse(text); err != nil {
		return nil, fmt.Errorf("stream %q: %w", text, err)
	}
	return r, nil
}

func (r *Rule) parse(text string) error {
	var literal, sample strings.Builder
	end := func() {
		if literal.Len() > 0 {
			r.parts = append(r.parts, part{text: literal.String()})
			literal.Reset()
		}
	}
	for rest := text; rest != ""; {
		switch {
		case rest[0] == '{':
			size := strings.IndexByte(rest, '}')
			if size < 2 || strings.ContainsAny(rest[1:size], "{/") {
				return errHole
			}
			end()
			hole := rest[1:size]
			r.parts = append(r.parts, part{hole: hole})
			if !slices.Contains(r.holes, hole) {
				r.holes = append(r.holes, hole)
			}
			sample.WriteString(Missing)
			rest = rest[size+1:]
			continue
		case rest[0] == '}':
			return errHole
		case rest[0] == '\\' && len(rest) > 1 && strings.IndexByte(`{}\`, rest[1]) >= 0:
			rest = rest[1:]
		}
		literal.WriteByte(rest[0])
		sample.WriteByte(rest[0])
		rest = rest[1:]
	}
	end()
	for i := 1; i < len(r.parts); i++ {
		if r.parts[i-1].hole != "" && r.parts[i].hole != "" {
			return fmt.Errorf("between {%s} and {%s} there is nothing: where one ends could not be told", r.parts[i-1].hole, r.parts[i].hole)
		}
	}
	return names.Check(sample.String())
}

// String is the rule as it was written.
func (r *Rule) String() string { return r.text }

// Holes are the names of the holes, each once.
func (r *Rule) Holes() []string { return r.holes }

// Name fills the holes, with "-" where there is no value.
func (r *Rule) Name(value func(hole string) string) (string, error) {
	var b strings.Builder
	for _, p := range r.parts {
		if p.hole == "" {
			b.WriteString(p.text)
			continue
		}
		v := value(p.hole)
		if len(v) > names.Max {
			return "", fmt.Errorf("{%s} in %q is %d bytes long: a name has %d at most", p.hole, r.text, len(v), names.Max)
		}
		writeEscaped(&b, v)
	}
	name := b.String()
	if err := names.Check(name); err != nil {
		return "", fmt.Errorf("stream by %q: %w", r.text, err)
	}
	return name, nil
}

// Fallback is the name in which no hole has a value.
func (r *Rule) Fallback() string {
	name, _ := r.Name(func(string) string { return "" }) // Parse has checked that it is one
	return name
}

// writeEscaped writes a value so that it cannot be taken for anything else.
func writeEscaped(b *strings.Builder, value string) {
	if value == "" {
		b.WriteString(Missing)
		return
	}
	whole := value == Missing || value == "." || value == ".."
	for len(value) > 0 {
		c, size := utf8.DecodeRuneInString(value)
		escape := c == utf8.RuneError && size == 1 || c < 0x20 || 0x7f <= c && c < 0xa0 || c == '/' || c == '%' || whole
		for _, char := range []byte(value[:size]) {
			if escape {
				fmt.Fprintf(b, "%%%02X", char)
			} else {
				b.WriteByte(char)
			}
		}
		value, whole = value[size:], false
	}
}
