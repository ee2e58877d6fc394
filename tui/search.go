package tui

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"sluice/cluster/record"
)

// matcher is a compiled search. It looks at what rows say, not at their JSON,
// so that what is found can be seen. A pattern without capitals ignores case;
// one that is no regular expression is searched for as it stands.
type matcher struct {
	pattern string
	re      *regexp.Regexp
	words   []finder // of a plain pattern: a row that matches says them all
	fold    bool
	literal bool // it was to be a regular expression and is none
}

func newMatcher(pattern string) *matcher {
	pattern = strings.ToValidUTF8(pattern, "�")
	m := &matcher{pattern: pattern, fold: !hasCapital(pattern)}
	re, err := compile(pattern)
	if err != nil {
		m.literal = true
		re = m.compileText()
	}
	m.re = re
	if m.literal || regexp.QuoteMeta(pattern) == pattern {
		m.setWords()
	}
	return m
}

// newTextMatcher searches for a text as it stands.
func newTextMatcher(text string) *matcher {
	text = strings.ToValidUTF8(text, "�")
	m := &matcher{pattern: text, fold: !hasUpper(text)}
	m.re = m.compileText()
	m.setWords()
	return m
}

func (m *matcher) compileText() *regexp.Regexp {
	prefix := ""
	if m.fold {
		prefix = "(?i)"
	}
	return regexp.MustCompile(prefix + regexp.QuoteMeta(m.pattern))
}

// setWords takes the words out of a plain pattern, the one that tells most
// first.
func (m *matcher) setWords() {
	words := wordsOf(m.pattern)
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	for _, w := range words {
		m.words = append(m.words, newFinder(w, m.fold))
	}
}

// hasCapital reports whether a pattern has a capital that stands for itself.
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

func hasUpper(text string) bool { return strings.IndexFunc(text, unicode.IsUpper) >= 0 }

// possible is the fast path: false when the record's row cannot match.
func (m *matcher) possible(r *row) bool {
	if len(m.words) == 0 || !r.trusted() {
		return true
	}
	for i := range m.words {
		if !m.words[i].in(r.data) {
			return false
		}
	}
	return true
}

// match reports whether a row shows the pattern: in its body, its name, its
// source, or its stream where that is shown.
func (m *matcher) match(r *row) bool {
	if r.e.kind.told() {
		return m.re.Match(r.data)
	}
	if m.re.MatchString(r.source()) || r.names.merged && m.re.MatchString(r.stream()) {
		return true
	}
	if !m.possible(r) {
		return false
	}
	t := textOfRow(r.e, r.data, bodyInSearch)
	return m.re.MatchString(t.body) || m.re.MatchString(t.label)
}

// maxFound bounds what is highlighted in one row.
const maxFound = 64

// find returns where in text the pattern is, without empty matches.
func (m *matcher) find(text string) [][]int {
	found := m.re.FindAllStringIndex(text, maxFound)
	kept := found[:0]
	for _, f := range found {
		if f[0] < f[1] {
			kept = append(kept, f)
		}
	}
	return kept
}

// search is a search in one pane: the matches found so far, and where to go
// once they are known.
type search struct {
	*matcher
	scan *scan
	want direction // a jump that waits for its match to be found
	from uint64    // where the jump begins
}

// direction is where a jump goes.
type direction uint8

const (
	stay direction = iota
	nearest
	forward
	backward
)

// newSearch begins to look for a pattern in the rows that a view shows, from
// the top of its screen on.
func newSearch(v *view, m *matcher) *search {
	s := &search{matcher: m}
	from := v.store.next
	if total := v.total(); total > 0 {
		from = v.at(v.topOrd())
	}
	s.from = from
	s.restart(v, from)
	return s
}

// restart looks again, because the view's filter has changed.
func (s *search) restart(v *view, from uint64) {
	f := v.filter
	s.scan = newScan(v.store, from, func(r *row) bool { return f.match(r) && s.match(r) })
}

// resolve returns the record to jump to once it is known; done tells whether
// the jump is over, found or not. Records from end on are not shown.
func (s *search) resolve(end uint64) (n uint64, found, done bool) {
	sc := s.scan
	total := sc.ord(end)
	last := sc.hi >= min(end, sc.store.next) // all that is shown after the start was tested
	switch s.want {
	case nearest:
		if i := sc.ord(s.from); i < total {
			return sc.at(i), true, true
		}
		if last && total > 0 {
			return sc.at(total - 1), true, true
		}
	case forward:
		if i := sc.ord(s.from + 1); s.from+1 >= sc.lo || sc.complete() {
			if i < total {
				return sc.at(i), true, true
			}
			if last {
				return 0, false, true
			}
		}
	case backward:
		if i := min(sc.ord(s.from), total); i > 0 && (s.from <= sc.hi || last) {
			return sc.at(i - 1), true, true
		}
	case stay:
		return 0, false, true
	}
	return 0, false, sc.complete()
}

// chip is what the pane's header says about the search.
func (s *search) chip(v *view) string {
	return "/" + record.Safe(s.pattern) + " " + s.found(v)
}

// found is how many matches there are, and which of them is under the cursor.
func (s *search) found(v *view) string {
	total := s.scan.ord(v.shownEnd())
	number := count(uint64(total))
	switch {
	case total == 0 && !s.scan.complete():
		return "searching…"
	case total == 0:
		number = "no match"
	case !s.scan.complete():
		number += "+"
	}
	if ord := v.cursorOrd(); ord >= 0 && !v.follow {
		at := v.at(ord)
		if i := s.scan.ord(at); i < total && s.scan.at(i) == at {
			number = count(uint64(i+1)) + "/" + number
		}
	}
	if s.literal {
		number += " (as text)"
	}
	return number
}
