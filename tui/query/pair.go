package query

import (
	"strings"

	"sluice/cluster/query"
)

// pair is a text with a = in it, as a row shows a field: the end of its key and the beginning
// of its value. The zero pair is in no field.
type pair struct {
	key, value string
	fold       bool // the case of ASCII letters is ignored; both are in lower case then
}

// pairOf is what a pattern looks for, if that may be a pair.
func pairOf(p *query.Pattern) pair {
	key, value, found := strings.Cut(p.Text, "=")
	if !found || strings.Contains(value, "=") {
		return pair{}
	}
	return pair{key, value, p.Fold}
}

// shows reports whether a row which shows a field shows the pair, without doubt: it shows
// a value so, without quotes, that has neither blanks nor anything else to quote or to escape. The value is
// without its own quotes.
func (p *pair) shows(key, value []byte) bool {
	if p.key == "" && p.value == "" || len(key) < len(p.key) || len(value) < len(p.value) || len(value) == 0 {
		return false
	}
	if !p.same(key[len(key)-len(p.key):], p.key) || !p.same(value[:len(p.value)], p.value) {
		return false
	}
	for _, c := range value {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"=\\{[", c) >= 0 {
			return false
		}
	}
	return true
}

// same reports whether bytes are a text, in any case if that is ignored.
func (p *pair) same(b []byte, text string) bool {
	for i, c := range b {
		if p.fold && 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != text[i] {
			return false
		}
	}
	return true
}
