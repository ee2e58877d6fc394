package query

import (
	"sluice/tui/find"
	"sluice/tui/rows"
)

// Row is a record as it is held, with the names that its entry points at.
type Row struct {
	Entry *rows.Entry
	Data  []byte
	Names *rows.Names
	has   *find.Finder // whose word is known to be in data; nil: none

	// For tests of this row and the next ones, by one goroutine.
	scratch  []byte
	machines []machine
	forms    *forms // nil: this is the only row
	form     *form  // that fits the data; nil: none does, or that is not known
	formed   bool   // it is known
	inMsg    bool   // a matcher has found its text in the message of the last one
}

// newRow returns a row to test many records with, one after the other.
func newRow(names *rows.Names) *Row { return &Row{Names: names, forms: new(forms)} }

// set makes the row that of a record.
func (r *Row) set(e *rows.Entry, data []byte) {
	r.Entry, r.Data = e, data
	r.form, r.formed = nil, false
}

// known is what is known of how the record is built; nil: nothing.
func (r *Row) known() *form {
	if !r.formed && r.forms != nil {
		r.form, r.formed = r.forms.of(r.Data), true
	}
	return r.form
}

// machine is what matches the expression of a matcher.
type machine struct {
	of *Matcher
	*find.Expression
}

// matches reports whether the expression of a matcher matches a text.
func (r *Row) matches(m *Matcher, text []byte) bool {
	for i := range r.machines {
		if r.machines[i].of == m {
			return r.machines[i].Match(text)
		}
	}
	r.machines = append(r.machines, machine{m, find.NewExpression(m.Regexp)})
	return r.machines[len(r.machines)-1].Match(text)
}

func (r *Row) source() string { return r.Names.Sources[r.Entry.Source] }

func (r *Row) stream() string { return r.Names.Streams[r.Entry.Stream] }

// trusted reports whether a word of the row must be in the record's data.
func (r *Row) trusted() bool { return r.Entry.Plain }
