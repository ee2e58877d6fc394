package tui

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"sluice/cluster/record"
	"sluice/tui/find"
)

// operator is how a term compares.
type operator uint8

const (
	opHas   operator = iota // the row shows the text
	opEqual                 // =
	opLess                  // <
	opLessEqual
	opGreater
	opGreaterEqual
	opMatch // ~
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

func (o operator) String() string {
	for _, known := range operators {
		if known.op == o && !known.not {
			return known.text
		}
	}
	return ""
}

// term is one condition of a filter: that rows show a text, or that a field
// compares with a value. It is made by [parseFilter] and never changes.
type term struct {
	text string // as it is written; parseFilter reads it again
	not  bool   // records that meet it are left out
	op   operator

	matcher *matcher // opHas: what the row says

	field  string
	value  string
	number float64 // value, when numeric
	// numeric says that value is a number. Of a field that is a number, too,
	// or a text that is one, the numbers are compared.
	numeric bool
	level   record.Level   // value, when field is level
	re      *regexp.Regexp // value, for opMatch

	// A record whose words can be trusted and which does not have this one
	// cannot meet the term, the negation left aside. Empty: nothing is known.
	word find.Finder
}

// String is the term as it is written, and as its chip shows it.
func (t *term) String() string { return t.text }

// match reports whether a record passes.
func (t *term) match(r *row) bool { return t.meets(r) != t.not }

func (t *term) meets(r *row) bool {
	if t.op == opHas {
		return t.matcher.match(r)
	}
	if t.field == "level" {
		return t.levelMeets(r.e)
	}
	if t.word.IsSet() && r.trusted() && !t.word.In(r.data) && !t.ofRow() {
		return false
	}
	value, ok := record.Lookup(r.data, t.field)
	if ok {
		return t.compare(value)
	}
	// What a row says of itself stands in for a field that is not there.
	switch t.field {
	case "source":
		return t.compareText(r.source())
	case "stream":
		return t.compareText(r.stream())
	}
	return false
}

// ofRow reports whether the field may be had without the record's data.
func (t *term) ofRow() bool { return t.field == "source" || t.field == "stream" }

// levelMeets compares levels; a record without one counts as info.
func (t *term) levelMeets(e *entry) bool {
	level := record.Level(e.level)
	if level == 0 {
		level = record.Info
	}
	if t.op == opMatch {
		return t.re.MatchString(level.String())
	}
	return t.ordered(int(level) - int(t.level))
}

// ordered reports whether the operator holds of two values whose difference
// has this sign.
func (t *term) ordered(sign int) bool {
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

// compare compares with a value of JSON. Of a list, any element will do.
func (t *term) compare(value []byte) bool {
	if len(value) > 0 && value[0] == '[' {
		for element := range record.Elements(value) {
			if t.compare(element) {
				return true
			}
		}
		return false
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
	return t.compareText(record.Text(value))
}

func (t *term) compareNumber(n float64) bool {
	switch {
	case n < t.number:
		return t.ordered(-1)
	case n > t.number:
		return t.ordered(1)
	}
	return t.ordered(0)
}

func (t *term) compareText(s string) bool {
	if t.op == opMatch {
		return t.re.MatchString(s)
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
