package tui

import (
	"slices"
	"strings"

	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// A pane in which all rows have the same field, such as tenant=acme, shows it once, in
// its header. The newest rows say so when there are enough of them; from then on any row
// that lacks the field brings it back for good, until the filter changes.

// How many records there must be before fields are taken for shared, and how many are
// looked at.
const (
	sharedFrom = 20
	sharedOver = 200
)

// sharedFields is what all rows of a pane share.
type sharedFields struct {
	fields  []rowtext.Shared
	decided bool
	shown   []rowtext.Shared // that the rows of the last frame are without
}

// decideShared finds what the rows share, once there are enough of them.
func (p *pane) decideShared() {
	s, v := &p.shared, p.view
	total := v.Total()
	if s.decided || total < sharedFrom {
		return
	}
	records := 0
	var fields []rowtext.Shared
	for ord := total - 1; ord >= max(total-sharedOver, 0); ord-- {
		_, e, _, data := v.Row(ord)
		if e.Kind.Notice() {
			continue
		}
		sharable := rowtext.Sharable(e, data)
		if records++; records == 1 {
			fields = sharable
		} else {
			fields = rowtext.Common(fields, sharable)
		}
		if len(fields) == 0 {
			break
		}
	}
	if records >= sharedFrom || len(fields) == 0 {
		s.fields, s.decided = fields, true
	}
}

// hidden is what the rows are without now: not what is searched for.
func (p *pane) hidden() []rowtext.Shared {
	p.decideShared()
	fields := p.shared.fields
	if p.search != nil && p.search.Matcher().Source != "" {
		fields = p.unlessFound(fields, p.search.Matcher())
	}
	if !slices.Equal(fields, p.shared.shown) {
		p.shared.shown = fields
		p.cache, p.tall = p.cache[:0], nil
	}
	return fields
}

func (p *pane) unlessFound(fields []rowtext.Shared, m *query.Matcher) []rowtext.Shared {
	return slices.DeleteFunc(slices.Clone(fields), func(s rowtext.Shared) bool { return len(m.Find(s.String())) > 0 })
}

// unshare brings back what a row does not share.
func (p *pane) unshare(e *rows.Entry, data []byte) {
	p.shared.fields = rowtext.Common(p.shared.fields, rowtext.Sharable(e, data))
}

// sharedText is what the header says of the fields that all rows share; "" when there
// are none.
func (p *pane) sharedText() string {
	var texts []string
	chips := p.view.Filter().Chips()
	for _, s := range p.shared.shown {
		if text := s.String(); !slices.Contains(chips, text) { // the filter says it already
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "  ")
}
