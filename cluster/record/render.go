package record

import (
	"strconv"
	"strings"
	"time"

	"sluice/cluster/jsonscan"
)

// printer writes one record in bunyan's short or long layout.
type printer struct {
	dst     []byte
	style   Style
	long    bool
	extras  []byte   // " (a=1, b=2", to be closed
	details [][]byte // each of several lines, the first of them not yet indented
}

// Colours, as bunyan has them: what begins and what ends them.
var (
	colourMsg    = [2]string{"\x1b[36m", "\x1b[39m"}
	colourSrc    = [2]string{"\x1b[32m", "\x1b[39m"}
	levelColours = map[Level][2]string{
		Trace: {"\x1b[37m", "\x1b[39m"},
		Debug: {"\x1b[33m", "\x1b[39m"},
		Info:  {"\x1b[36m", "\x1b[39m"},
		Warn:  {"\x1b[35m", "\x1b[39m"},
		Error: {"\x1b[31m", "\x1b[39m"},
		Fatal: {"\x1b[7m", "\x1b[27m"},
	}
)

func (p *printer) print(r *Record) {
	p.time(r.Time)
	p.dst = append(p.dst, ' ')
	level := strings.ToUpper(r.Level.String())
	if len(level) == 4 {
		level = " " + level
	}
	p.coloured(levelColours[r.Level], level)
	if p.long {
		p.dst = append(p.dst, ':')
	}
	p.who(r)

	rest := r.Fields
	p.source(&rest)
	p.dst = append(p.dst, ':')
	p.message(r.Msg)
	p.http(&rest)
	p.err(&rest)
	for _, f := range rest {
		p.field(f.Key, f.Value)
	}
	if len(p.extras) > 0 {
		p.dst = append(append(p.dst, p.extras...), ')')
	}
	p.dst = append(p.dst, '\n')
	for i, d := range p.details {
		if i > 0 {
			p.dst = append(p.dst, "    --\n"...)
		}
		p.dst = append(append(append(p.dst, "    "...), d...), '\n')
	}
}

func (p *printer) time(t time.Time) {
	loc := p.style.Location
	if loc == nil {
		loc = time.UTC
	}
	layout := "15:04:05.000"
	switch {
	case p.long:
		layout = "[" + timeLayout + "]"
	case loc == time.UTC:
		layout += "Z"
	}
	p.dst = t.In(loc).AppendFormat(p.dst, layout)
}

// coloured writes a text that is safe.
func (p *printer) coloured(colour [2]string, text string) {
	if !p.style.Colour || text == "" {
		p.dst = append(p.dst, text...)
		return
	}
	p.dst = append(append(append(p.dst, colour[0]...), text...), colour[1]...)
}

// who writes name and component, and in the long layout process and host.
// Bunyan would not take a record without a name; other loggers write them.
func (p *printer) who(r *Record) {
	switch {
	case r.Name != "":
		p.dst = append(p.dst, ' ')
		p.dst = appendSafe(p.dst, r.Name, true)
	case p.long || r.Component != "":
		p.dst = append(p.dst, " <no-name>"...)
	}
	if r.Component != "" {
		p.dst = append(p.dst, '/')
		p.dst = appendSafe(p.dst, r.Component, true)
	}
	if !p.long {
		return
	}
	p.dst = append(p.dst, '/')
	p.dst = strconv.AppendInt(p.dst, int64(r.PID), 10)
	p.dst = append(p.dst, " on "...)
	if r.Hostname == "" {
		p.dst = append(p.dst, "<no-hostname>"...)
	}
	p.dst = appendSafe(p.dst, r.Hostname, true)
}

// source writes the place in the source code, as bunyan's src has it, and
// takes it from the fields.
func (p *printer) source(fields *[]Field) {
	src := find(*fields, "src")
	file, function := textAt(src, "file"), textAt(src, "func")
	if file == "" {
		return
	}
	*fields = without(*fields, "src")
	if !p.long {
		return
	}
	text := " (" + file + ":" + textAt(src, "line")
	if function != "" {
		text += " in " + function
	}
	p.coloured(colourSrc, string(appendSafe(nil, text+")", true)))
}

// message writes a message of one line, or keeps it for the details.
func (p *printer) message(msg string) {
	if !strings.Contains(msg, "\n") {
		p.dst = append(p.dst, ' ')
		p.coloured(colourMsg, string(appendSafe(nil, msg, true)))
		return
	}
	colour := colourMsg
	if !p.style.Colour {
		colour = [2]string{}
	}
	var d []byte
	for i, line := range lines(msg) {
		if i > 0 {
			d = append(d, "\n    "...)
		}
		if line != "" {
			d = append(d, colour[0]...)
			d = appendSafe(d, line, true)
			d = append(d, colour[1]...)
		}
	}
	p.details = append(p.details, d)
}

// err keeps a stack for the details, and the other members of an error as fields.
func (p *printer) err(fields *[]Field) {
	err := find(*fields, "err")
	stack := textAt(err, "stack")
	if stack == "" || stack == "null" {
		return
	}
	*fields = without(*fields, "err")
	p.detail(stack)
	*fields = appendMembers(*fields, "err.", err, "message", "name", "stack")
}

// detail keeps a text of one or several lines for below the first line.
func (p *printer) detail(text string) {
	p.details = append(p.details, appendLines(nil, text, "    "))
}

// extra begins another extra of the first line.
func (p *printer) extra(key string) {
	if len(p.extras) == 0 {
		p.extras = append(p.extras, " ("...)
	} else {
		p.extras = append(p.extras, ", "...)
	}
	p.extras = appendSafe(p.extras, key, true)
	p.extras = append(p.extras, '=')
}

// longExtra is how long a value may be, in UTF-16 units as bunyan counts, to
// stand on the first line.
const longExtra = 50

// field writes a field as bunyan does: short ones on the first line, those of
// several lines and long ones below.
func (p *printer) field(key string, value []byte) {
	if value[0] != '"' {
		v := appendIndented(nil, value, "    ")
		if longOrLines(string(v)) {
			d := appendLines(nil, key, "    ")
			p.details = append(p.details, append(append(d, ": "...), v...))
			return
		}
		p.extra(key)
		p.extras = append(p.extras, v...)
		return
	}
	s := jsonscan.Text(value)
	switch {
	case longOrLines(s):
		p.detail(key + ": " + s)
	case s == "" || strings.Contains(s, " "):
		p.extra(key)
		p.extras = appendQuoted(p.extras, s)
	default:
		p.extra(key)
		p.extras = appendSafe(p.extras, s, true)
	}
}

func longOrLines(s string) bool {
	units := 0
	for _, r := range s {
		if r == '\n' {
			return true
		}
		units++
		if r > 0xffff {
			units++
		}
	}
	return units > longExtra
}

// lines splits a text as bunyan does, at \n and \r\n.
func lines(text string) []string {
	all := strings.Split(text, "\n")
	for i := range len(all) - 1 {
		all[i] = strings.TrimSuffix(all[i], "\r")
	}
	return all
}

// appendLines appends a text sanitised, each line after the first beginning
// with indent.
func appendLines(dst []byte, text, indent string) []byte {
	for i, line := range lines(text) {
		if i > 0 {
			dst = append(append(dst, '\n'), indent...)
		}
		dst = appendSafe(dst, line, true)
	}
	return dst
}
