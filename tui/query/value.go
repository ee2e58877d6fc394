package query

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/cluster/jsonscan"
	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/tui/find"
)

// deepest is how deep a value is looked for in a record.
const deepest = 32

// value is what a record is looked through for.
type value struct {
	name, leaf string // of the field; "": of any field
	text       string
	term       *Term // the field by its name alone, as a filter knows it; nil: it cannot be written
}

// Value is the test of the records that have a value in a field of a name: in the field
// itself, wherever a filter finds it, or in one that is called so within any object of the
// record, since what one machine calls req_id another has as ctx.req_id. Of a dotted name
// the last part counts. Without a name the value may be in any field, alone or as a word of
// a text. Rows that tell of a loss pass, too, and no other notices.
func Value(name, text string) Probe {
	v := &value{name: name, leaf: name[strings.LastIndexByte(name, '.')+1:], text: text}
	p := Probe{drive: find.New(longestRun(text), false)}
	if name != "" {
		if terms, err := Parse(name + "=" + Quoted(text)); err == nil && len(terms) == 1 {
			v.term = &terms[0]
			if v.term.Word == "" { // it need not stand in the record
				p.drive = find.Finder{}
			}
		}
	}
	p.Test = v.match
	return p
}

// Quoted is a value as a filter reads it.
func Quoted(value string) string {
	if value != "" && !strings.ContainsAny(value, " \t\"\\()|,") {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// longestRun is the longest part of a text that stands in JSON as it is.
func longestRun(text string) (longest string) {
	for run := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return r == '"' || r == '\\' || r == '/' || r < ' ' || r == utf8.RuneError || jsonscan.IsLineEnd(r)
	}) {
		if len(run) > len(longest) {
			longest = run
		}
	}
	return longest
}

func (v *value) match(r *Row) bool {
	if r.Entry.Kind.Notice() {
		return r.Entry.Kind.Loss()
	}
	if v.term != nil && v.term.Match(&query.Record{Data: r.Data, Level: record.Level(r.Entry.Level), Source: r.source(), Stream: r.stream()}) {
		return true
	}
	return v.within(r.Data, false, deepest)
}

// within reports whether a value of JSON is what is looked for, or has it in it. named: it
// is the field's, or an element of an array that is.
func (v *value) within(data []byte, named bool, deep int) bool {
	if len(data) == 0 {
		return false
	}
	if (data[0] == '{' || data[0] == '[') && deep == 0 {
		return false
	}
	switch data[0] {
	case '{':
		for key, inner := range jsonscan.Members(data) {
			if v.within(inner, v.name == "" || v.called(key), deep-1) {
				return true
			}
		}
		return named && v.name != "" && string(data) == v.text
	case '[':
		for inner := range jsonscan.Elements(data) {
			if v.within(inner, named, deep-1) {
				return true
			}
		}
		return named && v.name != "" && string(data) == v.text
	}
	return named && v.is(data)
}

// called reports whether a key is the field's name.
func (v *value) called(key []byte) bool {
	name := string(key)
	if strings.IndexByte(name, '\\') >= 0 {
		name = jsonscan.Decode(key)
	}
	return name == v.leaf || name == v.name
}

// is reports whether a string, a number or another plain value is the one that is looked
// for, or, when it may be in any field, has it as a word.
func (v *value) is(data []byte) bool {
	if !jsonscan.IsString(data) {
		return string(data) == v.text
	}
	text := jsonscan.Text(data)
	return text == v.text || v.name == "" && hasWord(text, v.text)
}

// hasWord reports whether a text has another one that neither goes on before nor behind it.
func hasWord(text, word string) bool {
	if word == "" {
		return false
	}
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		from, to := at+i, at+i+len(word)
		before, _ := utf8.DecodeLastRuneInString(text[:from])
		first, size := utf8.DecodeRuneInString(word)
		last, _ := utf8.DecodeLastRuneInString(word)
		after, _ := utf8.DecodeRuneInString(text[to:])
		if !(from > 0 && ofWord(before) && ofWord(first)) && !(to < len(text) && ofWord(after) && ofWord(last)) {
			return true
		}
		at = from + size
	}
}

func ofWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
