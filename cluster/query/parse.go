package query

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/cluster/record"
)

// MaxTerms bounds what [Parse] reads. More could not be seen at once, either.
const MaxTerms = 32

// maxScans is how many keys of a path may be found in a record, see [jsonscan.Lookup].
const maxScans = 256

// Error is what is wrong with terms, and where.
type Error struct {
	At   int // byte in the text
	text string
}

func (e *Error) Error() string { return e.text }

// Parse reads a filter, the conditions that a record must meet, all of them:
//
//	timeout            the row shows the text; capitals count if there are any
//	"timed out"        likewise, with blanks, or what looks like another term
//	/time(d )?out/     the row matches the regular expression
//	tenant=acme        the field has the value; also != < <= > >=
//	latency>1.5s       as a time; also size>10MB as a size, see docs/client.md
//	req.url~^/api      the field matches the regular expression; also !~
//	level>=warn        the level, by name or number
//	msg="timed out"    a value may be quoted
//	status in (502, 503)   the field has one of the values; also not in
//	msg like "took <*>"    the field fits the template, as sluice groups prints them
//	-health  !health  not health   records that meet the term are left out
//	a b  a and b       both; this binds closer than
//	a | b  a or b      one of them
//	(a | b) c          as it is grouped
//
// In quotes, \" and \\ stand for " and \, and words such as or are words to look for.
// Numbers compare as numbers. A field is a key, or keys joined by dots; source and stream
// are the record's source and stream, if it has no field of that name. The error is an
// [*Error].
func Parse(text string) ([]Term, error) {
	p := parser{text: text}
	p.skip()
	if p.at == len(text) {
		return nil, nil
	}
	either, err := p.alternatives()
	switch {
	case err != nil:
		return nil, err
	case p.at < len(text):
		return nil, p.fail(p.at, "there is no ( for this ): write \")\" to look for one")
	case len(either) == 1:
		return either[0], nil
	}
	return []Term{grouped(either)}, nil
}

// Equal is the term that a field has a value, as in field=value, whatever is in both.
func Equal(field, value string) (Term, error) {
	p := parser{text: value, literal: true}
	t := Term{Field: field, op: opEqual, value: value}
	if err := p.complete(&t, 0, false); err != nil {
		return Term{}, err
	}
	t.Text = field + "=" + strconv.Quote(value)
	return t, nil
}

type parser struct {
	text  string
	at    int
	terms int // how many were read
	depth int // of groups that are open
	body  int // where the term begins that is read, behind what denies it

	literal bool // a value has no unit
}

func (p *parser) fail(at int, format string, args ...any) error {
	return &Error{at, fmt.Sprintf(format, args...)}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// maxDepth is how many groups may stand in each other.
const maxDepth = 8

// term reads one term.
func (p *parser) term() (t Term, err error) {
	begin := p.at
	if p.terms++; p.terms > MaxTerms {
		return t, p.fail(begin, "more than %d terms", MaxTerms)
	}
	for not := true; not; {
		c := p.text[p.at]
		switch not = (c == '-' || c == '!') && p.at+1 < len(p.text) && !ends(p.text[p.at+1]); {
		case not && t.Not:
			not = false // --flag, as a text
		case not:
			t.Not = true
			p.at++
		case p.word("not"):
			t.Not, not = !t.Not, true
			if p.skip(); p.at == len(p.text) || p.text[p.at] == ')' || p.text[p.at] == '|' {
				return t, p.fail(begin, `not wants a term after it; write "not" to look for the word`)
			}
		}
	}
	p.body = p.at
	prefix, body := p.text[begin:p.at], p.at
	switch {
	case p.text[p.at] == '(':
		var either [][]Term
		if either, err = p.group(); err == nil {
			not := t.Not
			t = grouped(either)
			t.Not = not
		}
	case p.text[p.at] == '/':
		err = p.expression(&t)
	case p.text[p.at] == '"':
		var s string
		if s, err = p.quoted(); err == nil && s == "" {
			err = p.fail(begin, `"" is shown by every row: put a text between the quotes`)
		}
		if err == nil {
			err = p.look(&t, s, begin)
		}
	default:
		if field, not, ok := p.relation("in", '('); ok {
			t.Not = t.Not != not
			err = p.set(&t, field)
		} else if field, not, ok := p.relation("like", '"'); ok {
			t.Not = t.Not != not
			err = p.like(&t, field)
		} else if field, op, not, ok := p.comparison(); ok {
			t.Field, t.op, t.Not = field, op, t.Not != not
			err = p.value(&t, begin)
		} else {
			err = p.plain(&t, begin)
		}
	}
	if err != nil {
		return t, err
	}
	if p.at < len(p.text) && !ends(p.text[p.at]) {
		return t, p.fail(p.at, "a blank is wanted after %s", p.text[begin:p.at])
	}
	if t.Text == "" {
		t.Text = p.text[body:p.at]
	}
	t.Text = prefix + t.Text
	return t, nil
}

// plain reads a text to look for.
func (p *parser) plain(t *Term, begin int) error {
	text := p.bare()
	if err := p.notOurs(text, begin); err != nil {
		return err
	}
	if !balanced(text, false) {
		t.Text = Quote(text)
	}
	return p.look(t, text, begin)
}

// bare reads up to the next blank, |, or ) that closes a group.
func (p *parser) bare() string {
	begin, open := p.at, 0
	for p.at < len(p.text) && !isBlank(p.text[p.at]) && p.text[p.at] != '|' {
		switch p.text[p.at] {
		case '(':
			open++
		case ')':
			if open--; open < 0 && p.depth > 0 {
				return p.text[begin:p.at]
			}
		}
		p.at++
	}
	return p.text[begin:p.at]
}

// rest reads up to the next blank, or ) that closes a group: a regular expression.
func (p *parser) rest() string {
	begin, open := p.at, 0
	for p.at < len(p.text) && !isBlank(p.text[p.at]) {
		switch p.text[p.at] {
		case '\\':
			if p.at+1 < len(p.text) && !isBlank(p.text[p.at+1]) {
				p.at++
			}
		case '(':
			open++
		case ')':
			if open--; open < 0 && p.depth > 0 {
				return p.text[begin:p.at]
			}
		}
		p.at++
	}
	return p.text[begin:p.at]
}

// quoted reads a text in quotes.
func (p *parser) quoted() (string, error) {
	begin := p.at
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; c {
		case '"':
			p.at++
			return b.String(), nil
		case '\\':
			if p.at+1 < len(p.text) && (p.text[p.at+1] == '"' || p.text[p.at+1] == '\\') {
				p.at++
			}
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail(begin, `a closing " is missing`)
}

// expression reads /a regular expression/; \/ stands for a slash in it.
func (p *parser) expression(t *Term) error {
	begin := p.at
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		if c == '/' && (p.at+1 == len(p.text) || ends(p.text[p.at+1])) {
			p.at++
			re := b.String()
			if re == "" {
				return p.fail(begin, "// matches every row: put an expression between the slashes")
			}
			size, err := measure(foldedCase(re))
			if err != nil {
				return p.fail(begin, "/%s/: %s", re, err)
			}
			t.Pattern, t.size = NewPattern(re), size
			return nil
		}
		if c == '\\' && p.at+1 < len(p.text) {
			p.at++
			if p.text[p.at] != '/' {
				b.WriteByte('\\')
			}
			c = p.text[p.at]
		}
		b.WriteByte(c)
	}
	// A path, such as /api/run, and no expression.
	p.at = begin
	return p.look(t, p.bare(), begin)
}

// look makes t a term that looks for a text.
func (p *parser) look(t *Term, text string, begin int) error {
	t.size = utf8.RuneCountInString(text) + 2
	if t.size > MaxInstructions {
		return p.fail(begin, "a text of %d characters, and %d is the most: look for a part of it", t.size-2, MaxInstructions-2)
	}
	t.Pattern = NewText(text)
	return nil
}

// comparison reads a field and an operator, when both are there.
func (p *parser) comparison() (field string, op operator, not, ok bool) {
	i := p.at
	for i < len(p.text) && isFieldByte(p.text[i]) {
		i++
	}
	if i == p.at {
		return "", 0, false, false
	}
	for _, o := range operators {
		if strings.HasPrefix(p.text[i:], o.text) {
			field = p.text[p.at:i]
			p.at = i + len(o.text)
			return field, o.op, o.not, true
		}
	}
	return "", 0, false, false
}

// isFieldByte reports whether a byte may stand in the name of a field: letters
// and digits, those beyond ASCII included, and what is usual in keys.
func isFieldByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '_' || c == '.' || c == '-' || c == '@' || c == '$' || c >= utf8.RuneSelf
}

// value reads what the field is compared with.
func (p *parser) value(t *Term, begin int) (err error) {
	at := p.at
	quoted := at < len(p.text) && p.text[at] == '"'
	if quoted {
		t.value, err = p.quoted()
	} else if t.op == opMatch {
		t.value = p.rest()
	} else {
		t.value = p.bare()
	}
	if err != nil {
		return err
	}
	if t.value == "" && !quoted {
		return p.fail(at, `%s wants a value after it; "" is the empty text`, p.text[begin:at])
	}
	if !quoted && !balanced(t.value, t.op == opMatch) {
		t.Text = p.text[p.body:at] + Quote(t.value)
	}
	return p.complete(t, at, quoted)
}

// complete derives from a term's value how it is compared.
func (p *parser) complete(t *Term, at int, quoted bool) (err error) {
	if t.op == opMatch {
		if t.size, err = measure(foldedCase(t.value)); err != nil {
			return p.fail(at, "%s: %s", t.value, err)
		}
		if t.re, err = compile(t.value); err != nil {
			return p.fail(at, "%s: %s", t.value, reason(err))
		}
	} else if n, err := strconv.ParseFloat(t.value, 64); err == nil && !quoted && !math.IsNaN(n) && !math.IsInf(n, 0) {
		t.number, t.numeric = n, true
	} else if !quoted && !p.literal && t.Field != "level" && t.Field != "time" {
		if err := p.measured(t, at); err != nil {
			return err
		}
	}
	if t.Field == "level" && t.op != opMatch {
		if t.level, err = record.ParseLevel(t.value); err != nil {
			return p.fail(at, "%q is no level: trace, debug, info, warn, error, fatal, or a number such as 35", t.value)
		}
	}
	t.Word = requiredWord(t)
	t.scans = scansOf(t.Field)
	return nil
}

// scansOf is how often a record is read through to find a field, at most.
func scansOf(field string) int { return 1 + min(strings.Count(field, "."), maxScans) }

// reason is what is wrong with a regular expression, shortly.
func reason(err error) string {
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}
