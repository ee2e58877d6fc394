package tui

import (
	"encoding/json"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/rowtext"
)

// maxIndent is how deep JSON is indented, in columns; deeper values stand no
// further right, so that depth cannot make a page large.
const maxIndent = 40

// json writes a value in lines, as pretty JSON with its key before it. name is
// how a filter names it. The value is valid JSON, as record.Parse took it from a
// record.
func (p *page) json(key, name string, value json.RawMessage) {
	whole := &field{name: name, value: jsonscan.Text(value)}
	j := pretty{page: p, indent: 3, path: []string{name}, field: whole, whole: whole}
	if key != "" {
		j.parts = append(j.parts, part{p.scene.theme.key, record.Safe(cell.Shorten(key, rowtext.MaxValue))}, part{p.scene.theme.faint, ": "})
	}
	j.inline = len(value) <= inlineJSON
	j.value(value)
	j.end()
	p.field = nil
}

// inlineJSON is how long a value may be that stays on one line, in bytes.
const inlineJSON = 60

// pretty lays out one JSON value, token by token.
type pretty struct {
	page   *page
	indent int
	inline bool // all on one line
	parts  []part
	path   []string // names of the objects around, the outermost first
	last   string   // the string before, which may be a key
	field  *field   // that the line shows
	whole  *field   // the outermost
}

// maxPath bounds how deep members have names of their own, and maxName how long
// these are, in bytes: each line of a page has one.
const (
	maxPath = 16
	maxName = 512
)

func (j *pretty) end() {
	if len(j.parts) > 0 {
		j.page.field = j.field
		j.page.parts(min(j.indent, maxIndent), j.parts)
		j.parts = j.parts[:0]
	}
}

// turn ends the line, unless all stays on it, and moves the next one.
func (j *pretty) turn(by int) {
	if !j.inline {
		j.end()
		j.indent += by
	}
}

// value writes all tokens of data. It needs no stack: brackets move the
// indentation, and everything else follows from the next byte.
func (j *pretty) value(data []byte) {
	t := j.page.scene.theme
	for i := jsonscan.SkipSpace(data, 0); i < len(data) && !j.page.full(); i = jsonscan.SkipSpace(data, i) {
		c := data[i]
		switch c {
		case '{', '[':
			i = jsonscan.SkipSpace(data, i+1)
			if i < len(data) && (data[i] == '}' || data[i] == ']') {
				j.parts = append(j.parts, part{t.faint, string(c) + string(data[i])})
				i++
				continue
			}
			j.parts = append(j.parts, part{t.faint, string(c)})
			j.bracket()
			j.turn(2)
			j.path = append(j.path, "")
		case '}', ']':
			j.turn(-2)
			j.path = j.path[:max(len(j.path)-1, 1)]
			j.bracket()
			j.parts = append(j.parts, part{t.faint, string(c)})
			i++
		case ',':
			j.parts = append(j.parts, part{t.faint, ","})
			if j.inline {
				j.parts = append(j.parts, part{"", " "})
			}
			j.turn(0)
			i++
		case ':':
			if n := len(j.parts); n > 0 {
				j.parts[n-1].style = t.key
			}
			j.parts = append(j.parts, part{t.faint, ": "})
			if n := len(j.path); n > 1 {
				j.path[n-1] = j.last
			}
			i++
		default:
			end := jsonscan.SkipValue(data, i)
			if end <= i {
				return
			}
			scalar, style := data[i:end], t.num
			if c == '"' {
				style = t.str
			}
			j.parts = append(j.parts, part{style, record.Safe(string(scalar))})
			j.last = jsonscan.Text(scalar)
			j.note(j.last)
			i = end
		}
	}
}

// note keeps what a line of its own is about: the member that the value is of.
// Elements of a list belong to the list, as they do in a filter.
func (j *pretty) note(value string) {
	if j.inline || len(j.path) < 2 || len(j.path) > maxPath {
		return
	}
	name := j.path[0]
	for _, key := range j.path[1:] {
		if key != "" {
			if len(name)+len(key) > maxName {
				j.field = nil
				return
			}
			name += "." + key
		}
	}
	j.field = &field{name: name, value: value}
}

// bracket notes that a line is about no member, but about the whole at most.
func (j *pretty) bracket() {
	j.field = nil
	if len(j.path) == 1 {
		j.field = j.whole
	}
}
