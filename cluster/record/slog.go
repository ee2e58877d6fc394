package record

import (
	"log/slog"
	"os"
	"slices"
	"strconv"
	"sync"

	"sluice/cluster/jsonscan"
)

// EncoderOptions configures an [Encoder].
type EncoderOptions struct {
	Name     string // of the program, bunyan's name
	Hostname string // "" means this machine's
	Source   bool   // adds where a record was logged, as bunyan's src

	// Plain writes errors, and values that have a String method, as their text.
	Plain bool
}

// Encoder writes what slog logs as bunyan records, one line each. It never
// changes; its methods may be called from any goroutine.
//
// Levels: slog's debug, info, warn and error are bunyan's, 20 to 50; what lies
// between and beyond is in proportion, from 10 (slog's -8, trace) to 60 (slog's
// 12, fatal). Times are in UTC, with milliseconds. Groups are nested objects.
// Attributes keep their types as in slog's JSONHandler: durations are
// nanoseconds, times RFC 3339.
//
// An error is an object of message, name and stack: name is its Go type, or
// "Error" for those of the standard library that only hold a text; stack is
// there when the error prints one with %+v. One logged outside of groups with
// the key "error" stands as "err", as bunyan has it.
//
// An attribute or a group outside of groups whose key is one of bunyan's own (v,
// level, name, hostname, pid, time, msg; src with Source) stands as "fields.name"
// and so on, or a reader would take it for bunyan's. Of several with the same key
// the last one stands, as in bunyan: no record has a key twice outside of groups.
type Encoder struct {
	source, plain bool

	head   []byte   // {"v":0,"name":…,"pid":…,"level":
	fixed  []byte   // the attributes of WithAttrs, with the groups that they opened
	tops   []member // of fixed, while no group is open
	opened int      // groups that fixed leaves open
	groups []string // of WithGroup since then: opened by the first attribute
}

// NewEncoder returns an Encoder of this process.
func NewEncoder(o EncoderOptions) *Encoder {
	if o.Hostname == "" {
		o.Hostname = hostname()
	}
	return &Encoder{source: o.Source, plain: o.Plain, head: appendHead(nil, o.Name, o.Hostname, os.Getpid())}
}

// appendHead appends the beginning of a record, up to its level.
func appendHead(dst []byte, name, host string, pid int) []byte {
	dst = append(dst, `{"v":0,"name":`...)
	dst = jsonscan.AppendString(dst, name)
	dst = append(dst, `,"hostname":`...)
	dst = jsonscan.AppendString(dst, host)
	dst = append(dst, `,"pid":`...)
	dst = strconv.AppendInt(dst, int64(pid), 10)
	return append(dst, `,"level":`...)
}

// maxTops is how many members a record may have and leave their room to the next.
const maxTops = 256

var topsPool = sync.Pool{New: func() any { return new([]member) }}

// Append appends a record as one line, without a line break at its end.
func (e *Encoder) Append(dst []byte, r *slog.Record) []byte {
	dst = e.appendCore(dst, r, r.Message)
	if e.source {
		dst = appendSource(dst, r.Source())
	}
	tops := topsPool.Get().(*[]member)
	w := attrWriter{b: append(dst, e.fixed...), depth: e.opened + len(e.groups), source: e.source, plain: e.plain, tops: (*tops)[:0]}
	for _, m := range e.tops {
		w.tops = append(w.tops, m.shifted(len(dst)))
	}
	n := e.opened
	if r.NumAttrs() > 0 {
		begun := len(w.b)
		m := w.openAll(e.groups)
		before := len(w.b)
		r.Attrs(func(a slog.Attr) bool {
			w.attr(a)
			return true
		})
		if len(w.b) == before {
			w.b = w.b[:begun] // a group without attributes is left out
		} else {
			n += len(e.groups)
			if e.opened == 0 && len(e.groups) > 0 {
				w.stands(m)
			}
		}
	}
	for range n + 1 {
		w.b = append(w.b, '}')
	}
	if cap(w.tops) <= maxTops {
		*tops = w.tops
		topsPool.Put(tops)
	}
	return w.b
}

// appendCore appends bunyan's own fields.
func (e *Encoder) appendCore(b []byte, r *slog.Record, msg string) []byte {
	b = append(b, e.head...)
	b = strconv.AppendInt(b, bunyanLevel(r.Level), 10)
	if !r.Time.IsZero() {
		b = append(b, `,"time":"`...)
		b = r.Time.UTC().AppendFormat(b, timeLayout)
		b = append(b, '"')
	}
	b = append(b, `,"msg":`...)
	return jsonscan.AppendString(b, msg)
}

// maxCut is how much is left of a msg that is cut, in bytes: escaped, it takes
// at most six times as much.
const maxCut = 32 << 10

// AppendCut appends of a record that is too large what takes at most 200 KiB:
// bunyan's own fields, the msg cut, with the field "cut".
func (e *Encoder) AppendCut(b []byte, r *slog.Record) []byte {
	b = e.appendCore(b, r, r.Message[:min(maxCut, len(r.Message))])
	return append(b, `,"cut":true}`...)
}

// bunyanLevel is a slog level in bunyan's numbers.
func bunyanLevel(l slog.Level) int64 {
	return 30 + int64(min(max(l, -8), 12))*5/2
}

// WithAttrs returns an Encoder that adds attributes to each record.
func (e *Encoder) WithAttrs(attrs []slog.Attr) *Encoder {
	with := *e
	w := attrWriter{b: slices.Clip(e.fixed), depth: e.opened + len(e.groups), source: e.source, plain: e.plain, tops: slices.Clone(e.tops)}
	m := w.openAll(e.groups)
	before := len(w.b)
	for _, a := range attrs {
		w.attr(a)
	}
	if len(w.b) == before {
		return e // no attributes, or nothing but empty groups
	}
	if e.opened == 0 && len(e.groups) > 0 {
		w.stands(m)
	}
	with.fixed, with.tops = w.b, w.tops
	with.opened += len(e.groups)
	with.groups = nil
	return &with
}

// WithGroup returns an Encoder that puts the attributes that follow in a group.
func (e *Encoder) WithGroup(name string) *Encoder {
	if name == "" {
		return e
	}
	if e.opened+len(e.groups) == 0 {
		name = outermost(name, false, e.source)
	}
	with := *e
	with.groups = append(slices.Clip(e.groups), name)
	return &with
}
