package tui

import (
	"strings"

	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/query"
	"sluice/tui/rowtext"
)

// page is lines of text, wrapped to a width.
type page struct {
	width   int
	scene   scene
	matcher *query.Matcher // of the search; nil: nothing is searched for
	lines   []pageLine
	field   *field // what is written belongs to it; nil: to none
	found   bool   // something in the line that is written was searched for
}

// pageLine is one line, a column narrower than the page, and the field that it shows.
type pageLine struct {
	text  string
	field *field
	found bool // something in it was searched for
}

// field is a part of a record that can be copied and filtered by.
type field struct {
	name  string // as a filter names it
	value string // decoded
	fixed bool   // no filter compares it
}

func (p *page) full() bool { return len(p.lines) >= maxPage }

func (p *page) line() *cell.Line { return cell.NewLine(p.width-1, p.scene.method) }

func (p *page) put(l *cell.Line) {
	p.lines = append(p.lines, pageLine{l.String(), p.field, p.found})
	p.found = false
}

// searched divides sanitised text where the search found something.
func (p *page) searched(st cell.Style, text string, yield func(part)) {
	if p.matcher == nil {
		yield(part{st, text})
		return
	}
	at := 0
	for _, f := range p.matcher.Find(text) {
		if f[0] > at {
			yield(part{st, text[at:f[0]]})
		}
		if f[1] > f[0] {
			yield(part{p.scene.theme.match, text[f[0]:f[1]]})
		}
		at = f[1]
	}
	if at < len(text) {
		yield(part{st, text[at:]})
	}
}

func (p *page) blank() {
	p.field = nil
	p.put(p.line())
}

func (p *page) section(title string) {
	p.blank()
	p.put(p.line().Space(1).Add(p.scene.theme.heading, record.Safe(title)))
}

// fact writes a name and a value, if there is one.
func (p *page) fact(name string, st cell.Style, value string, f *field) {
	if value == "" {
		return
	}
	p.field = f
	l := p.line().Space(1).Fixed(p.scene.theme.faint, name, 11)
	value, _ = cell.Fit(record.Safe(cell.Shorten(value, rowtext.MaxValue)), max(l.Left()-1, 1), p.scene.method)
	p.searched(st, value, func(piece part) {
		p.found = p.found || piece.style == p.scene.theme.match
		l.Add(piece.style, piece.text)
	})
	p.put(l)
	p.field = nil
}

// text writes foreign text, sanitised and wrapped.
func (p *page) text(st cell.Style, s string) {
	s = strings.ReplaceAll(strings.TrimSuffix(s, "\r"), "\t", "    ")
	p.parts(3, []part{{st, record.Safe(s)}})
}

// parts writes one line of sanitised parts; what does not fit goes on below,
// indented.
func (p *page) parts(indent int, parts []part) {
	indent = min(indent, p.width/2)
	l, empty := p.line().Space(indent), true
	var divided []part
	for _, pt := range parts {
		p.searched(pt.style, pt.text, func(piece part) { divided = append(divided, piece) })
	}
	for _, pt := range divided {
		for pt.text != "" {
			if p.full() {
				return
			}
			p.found = p.found || pt.style == p.scene.theme.match
			piece, used, _ := cell.Take(pt.text, max(l.Left()-1, 0), p.scene.method)
			if used == 0 && empty {
				// Wider than the page: it is passed over.
				_, used, _ = cell.Cluster(pt.text, p.scene.method)
			}
			l.Add(pt.style, piece)
			empty = empty && used == 0
			pt.text = pt.text[used:]
			if pt.text != "" {
				p.put(l)
				l = p.line().Space(min(indent+2, p.width/2))
				empty = true
			}
		}
	}
	if !p.full() {
		p.put(l)
	}
}
