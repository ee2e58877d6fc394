package rowtext

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/tui/cell"
	"sluice/tui/rows"
)

// Text is what a record's row shows, sanitised, not yet cut to the screen.
type Text struct {
	Level record.Level
	Label string // name, or name/component
	Short string // component, or name
	Body  string // message, then the other fields
	Spans []Span // of the body, in order, without holes
	Gap   bool

	Cells []string // fields that have a column of their own, sanitised; nil: there are none
}

// Span is a part of a row's body.
type Span struct {
	End  int // where it ends in the body
	Kind Kind
}

type Kind uint8

const (
	Msg Kind = iota
	Key
	Value
	Mark // what we put in: line breaks
	Err
)

// Bounds of a row's body, in bytes of what it is made from: for the screen,
// and for the search, which looks further than the screen is wide.
const (
	OnScreen   = 4 << 10
	InSearch   = 64 << 10
	MaxValue   = 1 << 10
	labelInRow = 256 // of a name, and of a component
)

// DisplayLimit is where a record that is far too long is cut to be shown.
const DisplayLimit = 256 << 10

// LineBreak stands for a line break within a row.
const LineBreak = "⏎"

// body builds the text of a row, span by span.
type body struct {
	text  []byte
	spans []Span
	left  int
}

// add appends foreign text, sanitised, and cut where the bound is reached.
func (b *body) add(kind Kind, s string) {
	if len(s) > b.left {
		for b.left > 0 && !utf8.RuneStart(s[b.left]) {
			b.left--
		}
		s = s[:b.left] + "…"
	}
	b.left = max(b.left-len(s), 0)
	for first := true; s != ""; first = false {
		if !first {
			b.put(Mark, " "+LineBreak+" ")
		}
		text, rest, more := strings.Cut(s, "\n")
		if strings.IndexByte(text, '\t') >= 0 {
			text = strings.ReplaceAll(text, "\t", "  ")
		}
		text = strings.TrimSuffix(text, "\r")
		b.text = cell.AppendSteady(b.text, text)
		b.end(kind)
		if !more {
			return
		}
		s = strings.TrimLeft(rest, "\n")
		if s == "" {
			b.put(Mark, " "+LineBreak)
		}
	}
}

// put appends text of our own.
func (b *body) put(kind Kind, s string) {
	b.text = append(b.text, s...)
	b.end(kind)
}

func (b *body) end(kind Kind) {
	if n := len(b.spans); n > 0 && b.spans[n-1].Kind == kind {
		b.spans[n-1].End = len(b.text)
		return
	}
	b.spans = append(b.spans, Span{len(b.text), kind})
}

func (b *body) full() bool { return b.left == 0 }

// Of reads a row. limit bounds what is made of it.
func Of(e *rows.Entry, data []byte, limit int) Text {
	return of(e, data, limit, func(record.Field) bool { return false })
}

// of is Of without some of the fields.
func of(e *rows.Entry, data []byte, limit int, without func(record.Field) bool) Text {
	if e.Kind.Notice() {
		text := string(data)
		return Text{Level: record.Level(e.Level), Body: text, Spans: []Span{{len(text), Msg}}, Gap: true}
	}
	r := record.Parse(data[:min(len(data), DisplayLimit)])
	b := body{left: limit}
	b.add(Msg, r.Msg)
	// What went wrong comes first; what the message has is not shown again.
	for _, errs := range []bool{true, false} {
		for _, f := range r.Fields {
			if (f.Key == "err") != errs || without(f) || b.full() || inMessage(&r, f) {
				continue
			}
			if len(b.text) > 0 {
				b.put(Value, "  ")
			}
			b.field(&r, f)
		}
	}
	r.Name, r.Component = cell.Shorten(r.Name, labelInRow), cell.Shorten(r.Component, labelInRow)
	t := Text{Level: record.Level(e.Level), Short: r.Component, Label: r.Name, Body: string(b.text), Spans: b.spans}
	if t.Short == "" {
		t.Short = r.Name
	}
	if r.Component != "" {
		t.Label += "/" + r.Component
	}
	t.Short, t.Label = cell.Steady(t.Short), cell.Steady(t.Label)
	return t
}

// inMessage reports whether the message holds all that a row would show of a request
// or of its response: "GET /api/orders 200 12ms".
func inMessage(r *record.Record, f record.Field) bool {
	if f.Key != "req" && f.Key != "res" {
		return false
	}
	method, _ := r.Field("req.method")
	url, ok := r.Field("req.url")
	if !ok || method == "" || !strings.HasPrefix(r.Msg, method+" "+url+" ") {
		return false
	}
	status, ok := r.Field("res.statusCode")
	return f.Key == "req" || ok && strings.Contains(r.Msg[len(method)+len(url)+1:], " "+status)
}

// field appends one of the fields that bunyan does not know: requests,
// responses and errors in a few words, others as key=value.
func (b *body) field(r *record.Record, f record.Field) {
	if len(f.Value) > 0 && f.Value[0] == '{' {
		switch f.Key {
		case "req":
			method, _ := r.Field("req.method")
			url, ok := r.Field("req.url")
			if ok && method != "" {
				b.add(Value, cell.Shorten(method+" "+url, MaxValue))
				return
			}
		case "res":
			if status, ok := r.Field("res.statusCode"); ok {
				kind := Value
				if status >= "5" {
					kind = Err
				}
				b.put(Key, "→ ")
				b.add(kind, cell.Shorten(status, MaxValue))
				return
			}
		case "err":
			message, ok := r.Field("err.message")
			name, _ := r.Field("err.name")
			if ok {
				b.put(Key, "err=")
				b.add(Err, cell.Shorten(strings.TrimPrefix(name+": "+message, ": "), MaxValue))
				return
			}
		}
	}
	kind := Value
	if record.IsError(f.Key) {
		kind = Err
	}
	b.add(Key, cell.Shorten(f.Key, MaxValue))
	b.put(Key, "=")
	b.add(kind, cell.Shorten(valueText(f.Value), MaxValue))
}

// valueText is a JSON value as a row shows it; strings are decoded.
func valueText(value json.RawMessage) string {
	if jsonscan.IsString(value) {
		s := jsonscan.Decode(value[1 : len(value)-1])
		if strings.ContainsAny(s, " =\"") || s == "" {
			return `"` + s + `"`
		}
		return s
	}
	return string(value[:min(len(value), MaxValue+1)])
}

// AppendState appends what became of a source, sanitised.
func AppendState(dst []byte, n *stream.Notice) []byte {
	dst = record.AppendSafe(dst, cell.Shorten(n.Source, MaxValue))
	if n.State.Connected() {
		return append(dst, " is back"...)
	}
	if n.Gone {
		dst = append(dst, " is no part of the cluster any more"...)
	} else {
		dst = append(dst, " lost"...)
	}
	if n.Err != "" {
		dst = append(dst, ": "...)
		dst = record.AppendSafe(dst, cell.Shorten(n.Err, MaxValue))
	}
	if n.Gone {
		return dst
	}
	return append(dst, "; trying again"...)
}

// AppendAway appends for how long a source was away, sanitised.
func AppendAway(dst []byte, n *stream.Notice) []byte {
	short := *n
	short.Source = cell.Shorten(n.Source, MaxValue)
	return append(dst, short.AwayText()...)
}

// AppendRefused appends that a source does not give the stream, or gives it now,
// sanitised.
func AppendRefused(dst []byte, n *stream.Notice) []byte {
	dst = record.AppendSafe(dst, cell.Shorten(n.Source, MaxValue))
	if n.Err == "" {
		return append(dst, " gives this stream now"...)
	}
	dst = append(dst, " does not give this stream: "...)
	dst = record.AppendSafe(dst, cell.Shorten(n.Err, MaxValue))
	return append(dst, "; trying again"...)
}

// AppendGap appends what was lost in a gap, sanitised.
func AppendGap(dst []byte, n *stream.Notice) []byte {
	lost := n.Loss()
	return lost.AppendBrief(dst, func(s string) string { return cell.Shorten(s, MaxValue) })
}

// AppendSeam appends how many rows are no longer held where they were; unknown: and
// a number that cannot be known.
func AppendSeam(dst []byte, missing uint64, unknown bool) []byte {
	switch {
	case unknown && missing == 0:
		return append(dst, "an unknown number of rows are no longer held"...)
	case unknown:
		return append(dst, record.Count(missing)+" rows and an unknown number more are no longer held"...)
	case missing == 1:
		return append(dst, "1 row is no longer held"...)
	}
	return append(dst, record.Count(missing)+" rows are no longer held"...)
}
