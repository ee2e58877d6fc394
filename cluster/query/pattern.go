package query

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// Pattern is a text or a regular expression to look for, and what is known of all
// that it matches. One without capitals ignores case. It never changes.
type Pattern struct {
	Source string         // as it was typed
	Regexp *regexp.Regexp // matches what the pattern matches

	// AsText means that it was to be a regular expression and is none: it is
	// looked for as it stands.
	AsText bool

	// Words are in all that matches, the longest first. Empty: nothing is known.
	Words []string
	// Text is the pattern itself, when it is a text that JSON does not escape.
	// So it may be looked for in a record that spells its words plainly, and in
	// what is made of that, instead of the expression.
	Text string
	// Fold means that Words and Text stand for themselves in any case of ASCII
	// letters.
	Fold bool
}

// NewPattern reads a regular expression. What is none is a text.
func NewPattern(source string) *Pattern {
	source = strings.ToValidUTF8(source, "\ufffd")
	re, err := compile(source)
	if err != nil || regexp.QuoteMeta(source) == source {
		p := newText(source, !hasCapital(source))
		p.AsText = err != nil
		return p
	}
	return &Pattern{Source: source, Regexp: re, Words: longestFirst(requiredWords(source)), Fold: true}
}

// NewText looks for a text as it stands.
func NewText(text string) *Pattern {
	text = strings.ToValidUTF8(text, "\ufffd")
	return newText(text, strings.IndexFunc(text, unicode.IsUpper) < 0)
}

func newText(text string, fold bool) *Pattern {
	prefix := ""
	if fold {
		prefix = "(?i)"
	}
	p := &Pattern{
		Source: text,
		Regexp: regexp.MustCompile(prefix + regexp.QuoteMeta(text)),
		Words:  longestFirst(words(text)),
		Fold:   fold,
	}
	if !strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r >= 0x7f || r == '"' || r == '\\' }) {
		p.Text = text
	}
	return p
}

func longestFirst(words []string) []string {
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}

// compile compiles an expression that ignores case if it has no capitals.
func compile(pattern string) (*regexp.Regexp, error) {
	return compileSmall(foldedCase(pattern))
}

// foldedCase is the expression that compile compiles.
func foldedCase(pattern string) string {
	if hasCapital(pattern) {
		return pattern
	}
	return "(?i)" + pattern
}

// hasCapital reports whether an expression has a capital that stands for itself.
func hasCapital(pattern string) bool {
	escaped := false
	for _, r := range pattern {
		if unicode.IsUpper(r) && !escaped {
			return true
		}
		escaped = r == '\\' && !escaped
	}
	return false
}

// requiredWords are words that every match of an expression has, in any case of
// their letters.
func requiredWords(pattern string) []string {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	var required []string
	var walk func(re *syntax.Regexp)
	walk = func(re *syntax.Regexp) {
		switch re.Op {
		case syntax.OpLiteral:
			required = append(required, words(string(re.Rune))...)
		case syntax.OpConcat, syntax.OpCapture, syntax.OpPlus:
			for _, sub := range re.Sub {
				walk(sub)
			}
		case syntax.OpRepeat:
			if re.Min > 0 {
				walk(re.Sub[0])
			}
		}
	}
	walk(tree)
	return required
}
