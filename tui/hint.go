package tui

import (
	"strings"

	"sluice/cluster/record"
)

// hintRecords is how many records are looked at for a hint, and hintBytes how
// long each may be: it is made anew for each frame.
const (
	hintRecords = 100
	hintBytes   = 8 << 10
)

// fieldHint says of a filter that shows nothing which of its fields no record
// has, and one that may be meant: status is res.statusCode in most records.
// "" when there is nothing to say.
func (p *pane) fieldHint() string {
	s := p.store()
	first := s.first
	if s.held() > hintRecords {
		first = s.next - hintRecords
	}
	for i := range p.view.filter.terms {
		t := &p.view.filter.terms[i]
		if t.Pattern != nil || t.Not || t.Field == "level" || t.OfOrigin() {
			continue
		}
		near, had := "", false
		for n := first; n < s.next && !had; n++ {
			e := s.entry(n)
			if e.kind.told() || e.size > hintBytes {
				continue
			}
			data := s.data(e)
			if _, had = record.Lookup(data, t.Field); !had && near == "" {
				near = nearField(data, t.Field)
			}
		}
		switch {
		case had:
		case near != "":
			return "No record has a field " + record.Safe(t.Field) + "; " + record.Safe(near) + " is one."
		default:
			return "No record has a field " + record.Safe(t.Field) + "; enter on a record shows those that it has."
		}
	}
	return ""
}

// nearField is a field of a record, or of an object in it, in whose name another
// name stands.
func nearField(data []byte, name string) string {
	last := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	if last == "" || !record.IsLine(data) {
		return ""
	}
	near := func(key []byte) bool {
		return len(key) <= maxName && strings.Contains(strings.ToLower(string(key)), last)
	}
	for key, value := range record.Members(data) {
		if near(key) {
			return string(key)
		}
		if len(value) == 0 || value[0] != '{' {
			continue
		}
		for inner := range record.Members(value) {
			if near(inner) && len(key) <= maxName {
				return string(key) + "." + string(inner)
			}
		}
	}
	return ""
}
