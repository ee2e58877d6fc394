package tui

import (
	"bytes"
	"regexp"
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
	words   [][]byte // of a plain pattern: a record's JSON has them all, or its row cannot match
	fold    bool
	literal bool
}

func newMatcher(pattern string) *matcher {
	pattern = strings.ToValidUTF8(pattern, "�")
	m := &matcher{pattern: pattern, fold: !hasCapital(pattern)}
	prefix := ""
	if m.fold {
		prefix = "(?i)"
	}
	re, err := regexp.Compile(prefix + pattern)
	if err != nil {
		m.literal = true
		re = regexp.MustCompile(prefix + regexp.QuoteMeta(pattern))
	}
	m.re = re
	if m.literal || regexp.QuoteMeta(pattern) == pattern {
		m.words = wordsOf(pattern)
	}
	return m
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

// wordsOf splits a plain pattern into the pieces that stand in a record's JSON
// as they stand in its row.
func wordsOf(pattern string) [][]byte {
	return bytes.FieldsFunc([]byte(pattern), func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter
	})
}

// possible is the fast path: false when the record's row cannot match. It is
// sure only of plain ASCII: escapes, and what is shown by its number, may spell
// the words otherwise, and letters beyond ASCII may fold to them.
func (m *matcher) possible(data []byte) bool {
	if len(m.words) == 0 || !isPlain(data) {
		return true
	}
	for _, w := range m.words {
		if m.fold && !containsFold(data, w) || !m.fold && !bytes.Contains(data, w) {
			return false
		}
	}
	return true
}

// isPlain reports whether data is ASCII without escapes.
func isPlain(data []byte) bool {
	for _, c := range data {
		if c >= 0x80 || c == '\\' {
			return false
		}
	}
	return true
}

// containsFold is bytes.Contains for a word in lower case, whatever the case
// of the data's letters.
func containsFold(data, word []byte) bool {
	for i := range len(data) - len(word) + 1 {
		if lower(data[i]) == word[0] && equalFold(data[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

func equalFold(data, word []byte) bool {
	for i, c := range data {
		if lower(c) != word[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// match reports whether a row shows the pattern: in its body, its name or its
// source.
func (m *matcher) match(e *entry, source string, data []byte) bool {
	if e.kind.told() {
		return m.re.Match(data)
	}
	if m.re.MatchString(source) {
		return true
	}
	if !m.possible(data) {
		return false
	}
	t := textOfRow(e, data, bodyInSearch)
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
	s.scan = newScan(v.store, from, func(e *entry, data []byte) bool {
		return f.match(e, data) && s.match(e, v.store.source(e), data)
	})
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
