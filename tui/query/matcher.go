package query

import (
	"bytes"
	"sync/atomic"
	"unsafe"

	"sluice/cluster/jsonscan"
	"sluice/cluster/query"
	"sluice/tui/find"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// Matcher is a compiled search. It looks at what rows show, not at their JSON,
// so that what is found can be seen.
type Matcher struct {
	*query.Pattern
	words []find.Finder // its Words
	text  find.Finder   // its Text
	pair  pair          // its Text, as the end of a key and the beginning of a value
	hits  atomic.Pointer[nameHits]
}

// NewMatcher compiles what was typed.
func NewMatcher(text string) *Matcher { return matcherOf(query.NewPattern(text)) }

func matcherOf(p *query.Pattern) *Matcher {
	m := &Matcher{Pattern: p, text: find.New(p.Text, p.Fold)}
	m.pair = pairOf(p)
	for _, w := range p.Words {
		m.words = append(m.words, find.New(w, p.Fold))
	}
	return m
}

// possible is the fast path: false when the record's row cannot match.
func (m *Matcher) possible(r *Row) bool {
	if len(m.words) == 0 || !r.trusted() {
		return true
	}
	for i := range m.words {
		if w := &m.words[i]; !w.Same(r.has) && !w.In(r.Data) {
			return false
		}
	}
	return true
}

// Match reports whether a row shows the pattern: in its body, its name, its
// source, or its stream where that is shown.
func (m *Matcher) Match(r *Row) bool {
	if r.Entry.Kind.Notice() {
		return m.Regexp.Match(r.Data)
	}
	if m.inNamesOf(r) {
		return true
	}
	// Where one word of the pattern is known to be in the row, it mostly shows all of it.
	surely := r.has != nil && m.words[0].Same(r.has)
	if surely && m.sure(r) {
		return true
	}
	if !m.possible(r) {
		return false
	}
	if !surely && m.sure(r) {
		return true
	}
	var text []byte
	var body int
	var ok bool
	if f := r.known(); f != nil {
		text, body, ok = f.text(r.scratch[:0], r.Entry)
	}
	if !ok {
		text, body, ok = rowtext.Quick(r.scratch[:0], r.Entry, r.Data)
	}
	r.scratch = text
	if ok {
		return m.showsBytes(r, text[:body]) || m.showsBytes(r, text[body:])
	}
	t := rowtext.Of(r.Entry, r.Data, rowtext.InSearch)
	return m.shows(r, t.Body) || m.shows(r, t.Label)
}

// sure is the other fast path: true when the row matches without doubt, because
// the message has the text, or a field that rows show as it is.
func (m *Matcher) sure(r *Row) bool {
	if !m.text.IsSet() || !r.trusted() || len(r.Data) > rowtext.InSearch {
		return false
	}
	// In which way the last row was sure is tried first.
	if r.inMsg && m.text.In(plainMsg(r.Data)) {
		return true
	}
	if f := r.known(); f != nil {
		in := f.sure(m, r.Entry.Foreign)
		r.inMsg = in >= 0 && in == f.msg
		return in >= 0
	}
	if r.inMsg = m.text.In(plainMsg(r.Data)); r.inMsg {
		return true
	}
	if r.Entry.Foreign {
		return false // a row does not show all fields as they are
	}
	hasMsg := false
	var in []byte // the key where it is
	for key, value := range jsonscan.Members(r.Data) {
		if string(key) == "msg" {
			hasMsg = value[0] == '"'
		}
		if in != nil {
			if string(key) == string(in) {
				return false // of a key that stands twice only the last value shows
			}
			continue
		}
		if !hidden(key) && m.inMember(key, value) {
			in = key
		}
	}
	return in != nil && hasMsg // or another field may be the message
}

// hidden reports whether rows do not show a field, or in another form.
func hidden(key []byte) bool {
	switch string(key) {
	case "v", "pid", "time", "level", "hostname", "req", "res", "err":
		return true
	}
	return false
}

// inMember reports whether a row shows the pattern without doubt where it shows a member
// of its record, if it shows that.
func (m *Matcher) inMember(key, value []byte) bool {
	shown := true // the key, too
	switch string(key) {
	case "msg", "name", "component":
		shown = value[0] != '"'
	}
	if len(key)+len(value) > rowtext.MaxValue || bytes.IndexByte(key, '\\') >= 0 {
		return false
	}
	if value[0] == '"' {
		value = value[1 : len(value)-1]
		if bytes.IndexByte(value, '\\') >= 0 {
			return false
		}
	}
	return m.text.In(value) || shown && (m.text.In(key) || m.pair.shows(key, value))
}

// shows reports whether a text of a row matches.
func (m *Matcher) shows(r *Row, text string) bool {
	return m.showsBytes(r, unsafe.Slice(unsafe.StringData(text), len(text)))
}

func (m *Matcher) showsBytes(r *Row, text []byte) bool {
	if m.text.IsSet() && r.trusted() {
		return m.text.In(text)
	}
	return r.matches(m, text)
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
func (m *Matcher) hitsIn(n *rows.Names) *nameHits {
	h := m.hits.Load()
	if h != nil && h.of == &n.Streams[0] && len(h.sources) >= len(n.Sources) {
		return h
	}
	h = &nameHits{of: &n.Streams[0]}
	for _, name := range n.Sources {
		hit := m.Regexp.MatchString(name)
		h.sources = append(h.sources, hit)
		h.any = h.any || hit
	}
	for _, name := range n.Streams {
		hit := n.Merged && m.Regexp.MatchString(name)
		h.streams = append(h.streams, hit)
		h.any = h.any || hit
	}
	m.hits.Store(h)
	return h
}

// inNames reports whether any name matches.
func (m *Matcher) inNames(n *rows.Names) bool { return m.hitsIn(n).any }

// inNamesOf reports whether the names of a row match.
func (m *Matcher) inNamesOf(r *Row) bool {
	h := m.hitsIn(r.Names)
	return h.any && (h.sources[r.Entry.Source] || h.streams[r.Entry.Stream])
}

// maxFound bounds what is highlighted in one row.
const maxFound = 64

// Find returns where in text the pattern is, without empty matches.
func (m *Matcher) Find(text string) [][]int {
	found := m.Regexp.FindAllStringIndex(text, maxFound)
	kept := found[:0]
	for _, f := range found {
		if f[0] < f[1] {
			kept = append(kept, f)
		}
	}
	return kept
}
