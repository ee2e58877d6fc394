package record

import (
	"bytes"
	"fmt"
	"time"
	"unicode/utf8"

	"sluice/cluster/jsonscan"
)

// Layout is how records are written as lines.
type Layout uint8

// The layouts.
const (
	LayoutShort Layout = iota // bunyan's short: 12:34:56.789Z  INFO name: msg (extras)
	LayoutLong                // bunyan's long: [2026-01-02T12:34:56.789Z]  INFO: name/component/pid on hostname: msg (extras)
	LayoutJSON                // bunyan's json: pretty, two spaces a level
	LayoutRaw                 // as it came
)

var layoutNames = [...]string{"short", "long", "json", "raw"}

// ParseLayout reads a layout's name.
func ParseLayout(s string) (Layout, error) {
	for i, name := range layoutNames {
		if s == name {
			return Layout(i), nil
		}
	}
	return 0, fmt.Errorf("parse output %q: want short, long, json or raw", s)
}

func (l Layout) String() string {
	if int(l) < len(layoutNames) {
		return layoutNames[l]
	}
	return fmt.Sprintf("Layout(%d)", uint8(l))
}

// Style is how a layout is dressed. The zero Style is for a file: no colours,
// times in UTC, raw records byte for byte.
type Style struct {
	// Colour puts bunyan's colours around level, message and source.
	Colour bool
	// Location is the time zone of the times in the short and long layouts;
	// nil is UTC. As in bunyan, short times in another zone than UTC carry no
	// zone.
	Location *time.Location
	// Terminal says that raw records may reach a terminal: control characters
	// in them are escaped, as they always are in the other layouts.
	Terminal bool
}

// Append appends a record as whole lines, each ended by a line break. Nothing
// in them can act on a terminal, except that [LayoutRaw] is byte for byte
// unless style.Terminal is set.
//
// Short and long: the first line is the record's; further lines (a message of
// several, a stack, a request) are indented by four spaces, so that no line
// break in a field can forge a record. What has no time, level or message that is
// known is shown as it came, on one line if it is JSON.
//
// JSON: always one JSON object. Numbers stand as they came; objects nested more
// than 20 deep stay on one line.
//
// Raw: the data as it came, when it is one line; or else what [Normalise] makes
// of it. One line break at its end counts as none.
func Append(dst, data []byte, layout Layout, style Style) []byte {
	switch layout {
	case LayoutRaw:
		return appendRaw(dst, data, style.Terminal)
	case LayoutJSON:
		if !jsonscan.ValidObject(data) {
			data = Normalise(nil, data)
		}
		dst = appendIndented(dst, data, "")
		return append(dst, '\n')
	}
	r, hasMsg := parse(data)
	if !r.JSON {
		return appendText(dst, data)
	}
	if r.Time.IsZero() || r.Level <= 0 || !hasMsg {
		return appendRaw(dst, data, true)
	}
	p := printer{dst: dst, style: style, long: layout == LayoutLong}
	p.print(&r)
	return p.dst
}

func appendRaw(dst, data []byte, terminal bool) []byte {
	data = bytes.TrimSuffix(data, []byte("\n"))
	data = bytes.TrimSuffix(data, []byte("\r"))
	if !isOneLine(data) {
		data = Normalise(nil, data)
	}
	switch {
	case !terminal:
		dst = append(dst, data...)
	case jsonscan.ValidObject(data):
		// Whatever is harmful can only stand in a string, where it may be
		// escaped. Tabs between tokens are the one control left.
		for s := string(data); len(s) > 0; {
			r, n := utf8.DecodeRuneInString(s)
			if harmful(r) && r != '\t' {
				dst = appendEscaped(dst, r)
			} else {
				dst = utf8.AppendRune(dst, r)
			}
			s = s[n:]
		}
	default:
		dst = appendSafe(dst, string(data), true)
	}
	return append(dst, '\n')
}

// appendText appends a payload that is no JSON object, lines after the first
// indented.
func appendText(dst, data []byte) []byte {
	data = bytes.TrimRight(data, "\r\n")
	dst = appendLines(dst, string(data), "    ")
	return append(dst, '\n')
}
