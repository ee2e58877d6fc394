package query

import (
	"sluice/tui/find"
	"sluice/tui/rows"
)

// Probe is a test of rows. It may be used by several goroutines at once.
type Probe struct {
	Test func(*Row) bool

	// drive, when set, is a word that every row which passes has, if its words
	// can be trusted and unless its names match. So a block of
	// records is gone through for the word, and only rows that have it are
	// tested.
	drive find.Finder
	names *Matcher // nil: names do not matter
}

// driven reports whether rows without the word cannot pass.
func (p *Probe) driven(n *rows.Names) bool {
	return p.drive.IsSet() && (p.names == nil || !p.names.inNames(n))
}

// Probe is the test of a filter.
func (f Filter) Probe() Probe {
	p := Probe{Test: f.Match}
	for i := range f.terms {
		t := &f.terms[i]
		switch {
		case t.Not:
		case t.matcher != nil:
			if len(t.matcher.words) > 0 && better(&t.matcher.words[0], &p.drive) {
				p.drive, p.names = t.matcher.words[0], t.matcher
			}
		case !t.OfOrigin() && better(&t.word, &p.drive):
			p.drive, p.names = t.word, nil
		}
	}
	return p
}

// better reports whether a word is likely to be in fewer rows than another.
func better(a, b *find.Finder) bool { return a.Len() > b.Len() }

// Probe is the test of a search in the rows that a filter shows.
func (m *Matcher) Probe(f Filter) Probe {
	p := f.Probe()
	p.Test = m.Match
	if !f.Empty() {
		p.Test = func(r *Row) bool { return f.Match(r) && m.Match(r) }
	}
	if len(m.words) > 0 {
		p.drive, p.names = m.words[0], m
	}
	return p
}
