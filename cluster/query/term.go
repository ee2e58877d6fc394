package query

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"sluice/cluster/group"
	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
)

// operator is how a term compares.
type operator uint8

const (
	opEqual operator = iota // =
	opLess                  // <
	opLessEqual
	opGreater
	opGreaterEqual
	opMatch // ~
	opLike  // like
)

// operators is how they are written, the longer ones first.
var operators = []struct {
	text string
	op   operator
	not  bool
}{
	{"!=", opEqual, true},
	{"!~", opMatch, true},
	{"<=", opLessEqual, false},
	{">=", opGreaterEqual, false},
	{"=", opEqual, false},
	{"<", opLess, false},
	{">", opGreater, false},
	{"~", opMatch, false},
}

// Term is one condition on records: that a text is there, or that a field
// compares with a value. It is made by [Parse] and never changes.
type Term struct {
	Text string // as it is written; Parse reads it again
	Not  bool   // records that meet it are left out

	// Any is the alternatives of a group or a set: a record meets the term that
	// meets all terms of one of them. Then there is neither Pattern nor Field.
	Any [][]Term

	// Pattern is the text or the regular expression to look for. It is nil when
	// a field is compared.
	Pattern *Pattern

	Field string // that is compared: a key, or keys joined by dots
	// Word is in every record that meets the comparison and spells its words
	// plainly. Empty: nothing is known. It does not hold for a record whose source
	// or stream stands in for the field, see [Term.OfOrigin].
	Word string

	op     operator
	value  string
	number float64 // value, when numeric
	// numeric means that value is a number. Of a field that is a number, too,
	// or a text that is one, the numbers are compared.
	numeric bool
	// quantity, unless it is number, is what value is with its unit, and number how much:
	// scale is the unit of the field's numbers.
	quantity quantity
	scale    float64
	level    record.Level   // value, when the field is level
	re       *regexp.Regexp // value, for opMatch
	like     *group.Matcher // value, for opLike
	size     int            // instructions of re, or of the Pattern's expression
	scans    int            // how often a record is read through to find the field, at most
}

// String is the term as it is written.
func (t *Term) String() string { return t.Text }

// Record is a raw record as terms see it.
type Record struct {
	Data   []byte
	Level  record.Level // 0 when it has none, [record.Unknown] when it is not understood
	Source string       // stands in for a field of this name
	Stream string       // likewise

	// Until bounds the matching of expressions; nil is no bound. Once it has
	// passed, what Match says means nothing.
	Until *Deadline
}

// Compares reports whether the term, or one in it, compares a field.
func (t *Term) Compares(field string) bool {
	for _, all := range t.Any {
		for i := range all {
			if all[i].Compares(field) {
				return true
			}
		}
	}
	return t.Field == field && field != ""
}

// Match reports whether a record passes a term that compares a field. For one
// with a Pattern, or with alternatives, it must not be called.
func (t *Term) Match(r *Record) bool {
	return !r.Until.over(t.scans*len(r.Data)) && t.meets(r) != t.Not
}

func (t *Term) meets(r *Record) bool {
	if t.Field == "level" {
		return t.levelMeets(r.Level)
	}
	if t.op == opLike && t.Field == "msg" {
		return t.like.Match(group.Message(r.Data)) // as groups are made
	}
	value, ok := record.Lookup(r.Data, t.Field)
	if ok {
		return t.compare(value, maxNested, r.Until)
	}
	switch t.Field {
	case "source":
		return t.compareText(r.Source, r.Until)
	case "stream":
		return t.compareText(r.Stream, r.Until)
	case "msg", "time", "name", "hostname", "component", "pid":
		// Another logger has it under another name.
		parsed := record.Parse(r.Data)
		text, ok := parsed.Field(t.Field)
		return ok && t.compareText(text, r.Until)
	}
	return false
}

// OfOrigin reports whether where a record comes from may stand in for the field.
func (t *Term) OfOrigin() bool { return t.Field == "source" || t.Field == "stream" }

// requiredWord is the word that a record must have to meet a comparison.
func requiredWord(t *Term) string {
	named := ""
	switch t.Field {
	case "level", "time", "pid":
		return "" // compared as what it is read as, and may stand under another name
	case "msg", "name", "hostname", "component":
		named = t.Field // likewise, but its words stand in the record
	}
	key := t.Field[strings.LastIndexByte(t.Field, '.')+1:]
	word := ""
	if all := words(key); named == "" && len(all) == 1 && all[0] == key {
		word = key + `"`
	}
	if t.op == opLike {
		for _, w := range t.like.Words() {
			if best := longest(words(w)); len(best) >= len(word) {
				word = best
			}
		}
	}
	if t.op == opEqual && !t.numeric && t.quantity == number {
		// Values are rarer than keys.
		if best := longest(words(t.value)); len(best) >= min(len(word), rare) {
			word = best
		}
	}
	return word
}

// rare is how long a word of a value is, at least, that is rarer than a key.
const rare = 3

// Key is the name of the field if a record that spells its words plainly has it between
// quotes as it is, or not at all; otherwise it is empty.
func (t *Term) Key() string {
	if all := words(t.Field); t.Field == "level" || t.op == opLike || len(all) != 1 || all[0] != t.Field || strings.IndexByte(t.Field, '.') >= 0 {
		return ""
	}
	return t.Field
}

// MatchValue is Match for a record in which the field has this value, of JSON.
func (t *Term) MatchValue(value []byte) bool { return t.compare(value, maxNested, nil) != t.Not }

// levelMeets compares levels. One that is not understood may be above all, and so
// nothing that asks for a level and above hides it; a record without one counts as
// info.
func (t *Term) levelMeets(level record.Level) bool {
	if level == 0 {
		level = record.Info
	}
	switch {
	case t.op == opMatch:
		return t.re.MatchString(level.String())
	case t.op == opLike:
		return t.like.Match([]byte(level.String()))
	case level == record.Unknown && t.level != record.Unknown:
		return !t.Not && (t.op == opGreater || t.op == opGreaterEqual)
	}
	return t.ordered(int(level) - int(t.level))
}

// ordered reports whether the operator holds of two values whose difference
// has this sign.
func (t *Term) ordered(sign int) bool {
	switch t.op {
	case opEqual:
		return sign == 0
	case opLess:
		return sign < 0
	case opLessEqual:
		return sign <= 0
	case opGreater:
		return sign > 0
	case opGreaterEqual:
		return sign >= 0
	}
	return false
}

// maxNested is how many lists within each other are compared by their elements.
// Each is scanned again for those in it, so no record may choose how many.
const maxNested = 4

// compare compares with a value of JSON. Of a list, any element will do; deeper is
// how many lists within it may be taken for their elements, any further being text.
func (t *Term) compare(value []byte, deeper int, until *Deadline) bool {
	if len(value) > 0 && value[0] == '[' && deeper > 0 {
		for element := range jsonscan.Elements(value) {
			if t.compare(element, deeper-1, until) {
				return true
			}
		}
		return false
	}
	if t.quantity != number {
		return t.compareQuantity(jsonscan.Text(value))
	}
	if t.numeric && len(value) > 0 && (value[0] == '-' || '0' <= value[0] && value[0] <= '9') {
		if n, err := strconv.ParseFloat(string(value), 64); err == nil {
			return t.compareNumber(n)
		}
	}
	// A string in which nothing is escaped needs no decoding.
	if t.op == opEqual && !t.numeric && len(value) >= 2 && value[0] == '"' && bytes.IndexByte(value, '\\') < 0 {
		return string(value[1:len(value)-1]) == t.value
	}
	return t.compareText(jsonscan.Text(value), until)
}

func (t *Term) compareNumber(n float64) bool {
	switch {
	case n < t.number:
		return t.ordered(-1)
	case n > t.number:
		return t.ordered(1)
	}
	return t.ordered(0)
}

func (t *Term) compareText(s string, until *Deadline) bool {
	if t.op == opMatch {
		if until != nil {
			return matchUntil(t.re, t.size, []byte(s), until)
		}
		return t.re.MatchString(s)
	}
	if t.op == opLike {
		return t.like.Match([]byte(s))
	}
	if t.quantity != number {
		return t.compareQuantity(s)
	}
	if t.numeric {
		if n, err := strconv.ParseFloat(s, 64); err == nil {
			return t.compareNumber(n)
		}
		// A number and a text differ, and neither comes first.
		return false
	}
	return t.ordered(strings.Compare(s, t.value))
}

// Steps is how many steps of a [Deadline] a test takes for each byte of a record, at most.
func (t *Term) Steps() int { return t.size + t.scans }

// MatchRaw is Match for any term: a Pattern is looked for in the JSON.
func (t *Term) MatchRaw(r *Record) bool {
	switch {
	case t.Any != nil:
		return t.meetsAny(r) != t.Not
	case t.Pattern != nil:
		return matchUntil(t.Pattern.Regexp, t.size, r.Data, r.Until) != t.Not
	}
	return t.Match(r)
}

func (t *Term) meetsAny(r *Record) bool {
	for _, all := range t.Any {
		meets := true
		for i := range all {
			if meets = all[i].MatchRaw(r); !meets {
				break
			}
		}
		if meets {
			return true
		}
	}
	return false
}
