package query

import (
	"bytes"
	"math/bits"

	"sluice/cluster/jsonscan"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// form is how some records are built, with what tests of rows know of the one among them
// that was learnt: what they find in its values holds for each record that has the same.
type form struct {
	shape    jsonscan.Shape
	plain    bool   // no key is escaped
	unique   uint64 // the members whose key stands once; a bit for each
	msg      int    // the member that is the message; -1: none that is a string and stands once
	terms    []termForm
	matchers []matcherForm
	rows     *rowtext.Form // nil: not asked for yet
}

// termForm is what a term makes of the record that was learnt.
type termForm struct {
	of     *Term
	member int // the one that the term compares; -1: there is none
	passes bool
}

// matcherForm is what a matcher finds in the record that was learnt, without doubt.
type matcherForm struct {
	of    *Matcher
	may   uint64 // the members whose key or value a row shows as it is; a bit for each
	shows uint64 // and of these, those which show the pattern
}

// learn makes the form that of a record; false: it has none.
func (f *form) learn(data []byte) bool {
	f.terms, f.matchers, f.rows = f.terms[:0], f.matchers[:0], nil
	if !f.shape.Learn(data) {
		return false
	}
	f.plain, f.unique, f.msg = true, 0, -1
	for i := range f.shape.Len() {
		key := f.shape.Key(i)
		f.plain = f.plain && bytes.IndexByte(key, '\\') < 0
		once := true
		for k := range f.shape.Len() {
			once = once && (k == i || string(f.shape.Key(k)) != string(key))
		}
		if !once {
			continue
		}
		f.unique |= 1 << i
		if string(key) == "msg" && f.shape.Learnt(i)[0] == '"' {
			f.msg = i
		}
	}
	return true
}

// text appends what a row of the record that fits shows: see [rowtext.Quick].
func (f *form) text(dst []byte, e *rows.Entry) (text []byte, body int, ok bool) {
	if f.rows == nil {
		made := rowtext.FormOf(&f.shape)
		f.rows = &made
	}
	return f.rows.Append(dst, e, &f.shape)
}

// term returns what a term makes of the record that fits; known: whether that can be told.
func (f *form) term(t *Term) (passes, known bool) {
	if !f.plain {
		return false, false
	}
	var of *termForm
	for i := range f.terms {
		if f.terms[i].of == t {
			of = &f.terms[i]
		}
	}
	if of == nil {
		f.terms = append(f.terms, termForm{of: t, member: -1})
		of = &f.terms[len(f.terms)-1]
		for i := range f.shape.Len() {
			if string(f.shape.Key(i)) == t.key { // of several, the last counts
				of.member, of.passes = i, t.MatchValue(f.shape.Learnt(i))
			}
		}
	}
	if of.member < 0 {
		return false, false
	}
	if value, changed := f.shape.Value(of.member); changed {
		return t.MatchValue(value), true
	}
	return of.passes, true
}

// sure is a member in which a row of the record that fits shows the pattern of a matcher
// without doubt: see [Matcher.sure]. -1: there is none.
func (f *form) sure(m *Matcher, foreign bool) int {
	if f.msg < 0 || !f.plain {
		return -1
	}
	var of *matcherForm
	for i := range f.matchers {
		if f.matchers[i].of == m {
			of = &f.matchers[i]
		}
	}
	if of == nil {
		f.matchers = append(f.matchers, f.matcher(m))
		of = &f.matchers[len(f.matchers)-1]
	}
	may, same := of.may, ^uint64(0)
	if foreign {
		may = 1 << f.msg // a row does not show all fields as they are
	}
	for i := range f.shape.Changes() {
		member, _ := f.shape.Changed(i)
		same &^= 1 << member
	}
	if shows := of.shows & may & same; shows != 0 {
		return bits.TrailingZeros64(shows)
	}
	for i := range f.shape.Changes() {
		if member, value := f.shape.Changed(i); may&(1<<member) != 0 && m.inMember(f.shape.Key(member), value) {
			return member
		}
	}
	return -1
}

// matcher looks for the pattern of a matcher in the record that was learnt.
func (f *form) matcher(m *Matcher) matcherForm {
	of := matcherForm{of: m}
	for i := range f.shape.Len() {
		if f.unique&(1<<i) == 0 || hidden(f.shape.Key(i)) {
			continue
		}
		of.may |= 1 << i
		if m.inMember(f.shape.Key(i), f.shape.Learnt(i)) {
			of.shows |= 1 << i
		}
	}
	return of
}

// forms are those of the records that were tested last. They fit most records of most
// streams; where they do not, they rest, so that trying costs little.
type forms struct {
	all           []*form // the one that fitted last is the first
	tried, fitted int     // lately
	rest          int     // how many records to go before the next try
}

const (
	maxForms = 6    // that are kept
	trial    = 64   // records after which it is seen whether trying is worth it
	resting  = 4096 // records for which it is not tried again
)

// of returns the form that fits a record; nil: there is none.
func (f *forms) of(data []byte) *form {
	if f.rest > 0 {
		f.rest--
		return nil
	}
	if f.tried == trial {
		worth := f.fitted >= trial/2
		f.tried, f.fitted = 0, 0
		if !worth {
			f.rest = resting
			return nil
		}
	}
	f.tried++
	for i, one := range f.all {
		if one.shape.Fit(data) {
			f.fitted++
			copy(f.all[1:i+1], f.all[:i])
			f.all[0] = one
			return one
		}
	}
	if len(f.all) < maxForms {
		f.all = append(f.all, new(form))
	}
	one := f.all[len(f.all)-1]
	copy(f.all[1:], f.all[:len(f.all)-1])
	f.all[0] = one
	one.learn(data)
	return nil
}
