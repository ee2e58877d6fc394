package tui

import (
	"bytes"
	"sync/atomic"
	"unsafe"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/find"
)

// matcher is a compiled search. It looks at what rows show, not at their JSON,
// so that what is found can be seen.
type matcher struct {
	*query.Pattern
	words []find.Finder // its Words
	text  find.Finder   // its Text
	hits  atomic.Pointer[nameHits]
}

func newMatcher(p *query.Pattern) *matcher {
	m := &matcher{Pattern: p, text: find.New(p.Text, p.Fold)}
	for _, w := range p.Words {
		m.words = append(m.words, find.New(w, p.Fold))
	}
	return m
}

// possible is the fast path: false when the record's row cannot match.
func (m *matcher) possible(r *row) bool {
	if len(m.words) == 0 || !r.trusted() {
		return true
	}
	for i := range m.words {
		if w := &m.words[i]; !w.Same(r.has) && !w.In(r.data) {
			return false
		}
	}
	return true
}

// match reports whether a row shows the pattern: in its body, its name, its
// source, or its stream where that is shown.
func (m *matcher) match(r *row) bool {
	if r.e.kind.told() {
		return m.Regexp.Match(r.data)
	}
	if m.inNamesOf(r) {
		return true
	}
	if !m.possible(r) {
		return false
	}
	if m.sure(r) {
		return true
	}
	text, body, ok := quickText(r.scratch[:0], r.e, r.data)
	r.scratch = text
	if ok {
		return m.saysBytes(r, text[:body]) || m.saysBytes(r, text[body:])
	}
	t := textOfRow(r.e, r.data, bodyInSearch)
	return m.says(r, t.body) || m.says(r, t.label)
}

// sure is the other fast path: true when the row matches without doubt, because
// the message has the text, or a field that rows show as it is.
func (m *matcher) sure(r *row) bool {
	if !m.text.IsSet() || !r.trusted() || len(r.data) > bodyInSearch {
		return false
	}
	if m.text.In(plainMsg(r.data)) {
		return true
	}
	var in []byte // the key where it is
	for key, value := range record.Members(r.data) {
		if in != nil {
			if string(key) == string(in) {
				return false // of a key that stands twice only the last value shows
			}
			continue
		}
		switch string(key) {
		case "v", "pid", "time", "level", "hostname", "req", "res", "err":
			continue // rows do not show them, or in another form
		}
		if len(key)+len(value) > valueInRow || bytes.IndexByte(key, '\\') >= 0 {
			continue
		}
		if value[0] == '"' {
			value = value[1 : len(value)-1]
			if bytes.IndexByte(value, '\\') >= 0 {
				continue
			}
		}
		if m.text.In(value) || m.text.In(key) {
			in = key
		}
	}
	return in != nil
}

// says reports whether a text of a row matches.
func (m *matcher) says(r *row, text string) bool {
	return m.saysBytes(r, unsafe.Slice(unsafe.StringData(text), len(text)))
}

func (m *matcher) saysBytes(r *row, text []byte) bool {
	if m.text.IsSet() && r.trusted() {
		return m.text.In(text)
	}
	return m.Regexp.Match(text)
}

// plainMsg returns the message of a record when it can be had without parsing:
// the key and the value stand in their usual form, nothing is escaped, and the
// key stands only once. That no object begins before the key says that it is
// not in one that is nested. Of other records it returns nothing.
func plainMsg(data []byte) []byte {
	at := msgBegins.Index(data)
	if at < 1 || bytes.IndexByte(data[1:at], '{') >= 0 {
		return nil
	}
	value := data[at+msgBegins.Len():]
	end := bytes.IndexByte(value, '"')
	if end < 0 || bytes.IndexByte(value[:end], '\\') >= 0 || msgKey.In(value[end:]) {
		return nil
	}
	return value[:end]
}

var (
	msgBegins = find.New(`"msg":"`, false)
	msgKey    = find.New(`"msg"`, false)
)

// nameHits says which names match, once for all rows.
type nameHits struct {
	of               *string // the first stream's name: whose names they are
	sources, streams []bool
	any              bool
}

// hitsIn returns which of the names match.
func (m *matcher) hitsIn(n *names) *nameHits {
	h := m.hits.Load()
	if h != nil && h.of == &n.streams[0] && len(h.sources) >= len(n.sources) {
		return h
	}
	h = &nameHits{of: &n.streams[0]}
	for _, name := range n.sources {
		hit := m.Regexp.MatchString(name)
		h.sources = append(h.sources, hit)
		h.any = h.any || hit
	}
	for _, name := range n.streams {
		hit := n.merged && m.Regexp.MatchString(name)
		h.streams = append(h.streams, hit)
		h.any = h.any || hit
	}
	m.hits.Store(h)
	return h
}

// inNames reports whether any name matches.
func (m *matcher) inNames(n *names) bool { return m.hitsIn(n).any }

// inNamesOf reports whether the names of a row match.
func (m *matcher) inNamesOf(r *row) bool {
	h := m.hitsIn(r.names)
	return h.any && (h.sources[r.e.source] || h.streams[r.e.stream])
}

// maxFound bounds what is highlighted in one row.
const maxFound = 64

// find returns where in text the pattern is, without empty matches.
func (m *matcher) find(text string) [][]int {
	found := m.Regexp.FindAllStringIndex(text, maxFound)
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
	s.scan = newScan(v.store, from, s.matcher.probe(v.filter))
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
	return "/" + record.Safe(s.Source) + " " + s.found(v)
}

// found is how many matches there are, and which of them is under the cursor.
func (s *search) found(v *view) string {
	total := s.scan.ord(v.shownEnd())
	number := cell.Count(uint64(total))
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
			number = cell.Count(uint64(i+1)) + "/" + number
		}
	}
	if s.AsText {
		number += " (as text)"
	}
	return number
}
