package tui

import (
	"strings"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
)

// hintRecords is how many records are looked at for a hint, and hintBytes how
// long each may be: it is made for each frame again.
const (
	hintRecords = 100
	hintBytes   = 8 << 10
)

// fieldHint names a field of a filter that shows nothing because no record has
// the field, and one that may be meant: status is res.statusCode in most records.
// It is "" when every field is known.
func (p *pane) fieldHint() string {
	s := p.store()
	first := s.First()
	if s.Held() > hintRecords {
		first = s.Next() - hintRecords
	}
	for _, field := range p.view.Filter().Fields() {
		near, had := "", false
		for n := first; n < s.Next() && !had; n++ {
			e := s.Entry(n)
			if e.Kind.Notice() || e.End()-e.Begin() > hintBytes {
				continue
			}
			data := s.Data(e)
			if _, had = record.Lookup(data, field); !had && near == "" {
				near = nearField(data, field)
			}
		}
		switch {
		case had:
		case near != "":
			return "No record has a field " + record.Safe(field) + "; " + record.Safe(near) + " is one."
		default:
			return "No record has a field " + record.Safe(field) + "; enter on a record shows those that it has."
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
	for key, value := range jsonscan.Members(data) {
		if near(key) {
			return string(key)
		}
		if len(value) == 0 || value[0] != '{' {
			continue
		}
		for inner := range jsonscan.Members(value) {
			if near(inner) && len(key) <= maxName {
				return string(key) + "." + string(inner)
			}
		}
	}
	return ""
}
