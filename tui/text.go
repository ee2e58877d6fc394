package tui

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/tui/cell"
)

// rowText is what a record's row says, sanitised, not yet cut to the screen.
type rowText struct {
	level record.Level
	label string // name, or name/component
	short string // component, or name
	body  string // message, then the other fields
	spans []span // of the body, in order, without holes
	gap   bool
}

// span is a part of a row's body.
type span struct {
	end  int // where it ends in the body
	kind spanKind
}

type spanKind uint8

const (
	spanMsg spanKind = iota
	spanKey
	spanValue
	spanMark // what we put in: line breaks
	spanErr
)

// Bounds of a row's body, in bytes of what it is made from: for the screen,
// and for the search, which looks further than the screen is wide.
const (
	bodyOnScreen = 4 << 10
	bodyInSearch = 64 << 10
	valueInRow   = 1 << 10
	labelInRow   = 256 // of a name, and of a component
)

// displayLimit is where a record that is far too long is cut to be shown.
const displayLimit = 256 << 10

// lineBreak stands for a line break within a row.
const lineBreak = "⏎"

// body builds the text of a row, span by span.
type body struct {
	text  []byte
	spans []span
	left  int
}

// add appends foreign text, sanitised, and cut where the bound is reached.
func (b *body) add(kind spanKind, s string) {
	if len(s) > b.left {
		for b.left > 0 && !utf8.RuneStart(s[b.left]) {
			b.left--
		}
		s = s[:b.left] + "…"
	}
	b.left = max(b.left-len(s), 0)
	for first := true; s != ""; first = false {
		if !first {
			b.put(spanMark, " "+lineBreak+" ")
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
			b.put(spanMark, " "+lineBreak)
		}
	}
}

// put appends text of our own.
func (b *body) put(kind spanKind, s string) {
	b.text = append(b.text, s...)
	b.end(kind)
}

func (b *body) end(kind spanKind) {
	if n := len(b.spans); n > 0 && b.spans[n-1].kind == kind {
		b.spans[n-1].end = len(b.text)
		return
	}
	b.spans = append(b.spans, span{len(b.text), kind})
}

func (b *body) full() bool { return b.left == 0 }

// textOfRow reads a row. limit bounds what is made of it.
func textOfRow(e *entry, data []byte, limit int) rowText {
	if e.kind.told() {
		text := string(data)
		return rowText{level: record.Level(e.level), body: text, spans: []span{{len(text), spanMsg}}, gap: true}
	}
	r := record.Parse(data[:min(len(data), displayLimit)])
	b := body{left: limit}
	b.add(spanMsg, r.Msg)
	// What went wrong comes first; what the message says is not said again.
	for _, errs := range []bool{true, false} {
		for _, f := range r.Fields {
			if (f.Key == "err") != errs || b.full() || said(&r, f) {
				continue
			}
			if len(b.text) > 0 {
				b.put(spanValue, "  ")
			}
			b.field(&r, f)
		}
	}
	r.Name, r.Component = cell.Shorten(r.Name, labelInRow), cell.Shorten(r.Component, labelInRow)
	t := rowText{level: record.Level(e.level), short: r.Component, label: r.Name, body: string(b.text), spans: b.spans}
	if t.short == "" {
		t.short = r.Name
	}
	if r.Component != "" {
		t.label += "/" + r.Component
	}
	t.short, t.label = cell.Steady(t.short), cell.Steady(t.label)
	return t
}

// said reports whether the message holds all that a row would say of a request
// or of its response: "GET /api/orders 200 12ms".
func said(r *record.Record, f record.Field) bool {
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
				b.add(spanValue, cell.Shorten(method+" "+url, valueInRow))
				return
			}
		case "res":
			if status, ok := r.Field("res.statusCode"); ok {
				kind := spanValue
				if status >= "5" {
					kind = spanErr
				}
				b.put(spanKey, "→ ")
				b.add(kind, cell.Shorten(status, valueInRow))
				return
			}
		case "err":
			message, ok := r.Field("err.message")
			name, _ := r.Field("err.name")
			if ok {
				b.put(spanKey, "err=")
				b.add(spanErr, cell.Shorten(strings.TrimPrefix(name+": "+message, ": "), valueInRow))
				return
			}
		}
	}
	b.add(spanKey, cell.Shorten(f.Key, valueInRow))
	b.put(spanKey, "=")
	b.add(spanValue, cell.Shorten(valueText(f.Value), valueInRow))
}

// valueText is a JSON value as a row shows it; strings are decoded.
func valueText(value json.RawMessage) string {
	if len(value) > 0 && value[0] == '"' {
		var s string
		if json.Unmarshal(value, &s) == nil {
			if strings.ContainsAny(s, " =\"") || s == "" {
				return `"` + s + `"`
			}
			return s
		}
	}
	return string(value[:min(len(value), valueInRow+1)])
}

// appendState says what became of a source, sanitised.
func appendState(dst []byte, n *stream.Notice) []byte {
	dst = record.AppendSafe(dst, cell.Shorten(n.Source, valueInRow))
	if n.State.Connected() {
		return append(dst, " is back"...)
	}
	dst = append(dst, " lost"...)
	if n.Err != "" {
		dst = append(dst, ": "...)
		dst = record.AppendSafe(dst, cell.Shorten(n.Err, valueInRow))
	}
	return append(dst, "; trying again"...)
}

// appendGap says what a gap is, sanitised.
func appendGap(dst []byte, n *stream.Notice) []byte {
	switch {
	case n.Unknown && n.Count > 0:
		dst = append(dst, cell.Count(n.Count)...)
		dst = append(dst, " records lost, and an unknown number more"...)
	case n.Unknown:
		dst = append(dst, "an unknown number of records lost"...)
	case n.Count == 1:
		dst = append(dst, "1 record lost"...)
	default:
		dst = append(dst, cell.Count(n.Count)...)
		dst = append(dst, " records lost"...)
	}
	where := n.Hop
	if n.Source != "" && where != "" {
		where = n.Source + " (" + where + ")"
	} else if n.Source != "" {
		where = n.Source
	}
	if where != "" {
		dst = append(dst, " at "...)
		dst = record.AppendSafe(dst, cell.Shorten(where, valueInRow))
	}
	if n.Reason != "" {
		dst = append(dst, ": "...)
		dst = record.AppendSafe(dst, cell.Shorten(n.Reason, valueInRow))
	}
	return dst
}
