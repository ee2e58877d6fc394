package publish

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"sluice/cluster/zmtp"
)

// HandlerOptions says what a [Handler] writes. The zero value, and nil, mean
// records of level info and above, named after the program.
type HandlerOptions struct {
	Name      string       // of the service, bunyan's name; "" means the program's name
	Hostname  string       // "" means this machine's
	Level     slog.Leveler // the lowest that is published; nil means slog.LevelInfo
	AddSource bool         // adds where a record was logged, as bunyan's src
}

// Handler is a slog.Handler that publishes bunyan records. It never blocks when
// its Client sheds.
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
// An attribute or a group outside of groups whose key is one of bunyan's own (v, level,
// name, hostname, pid, time, msg; src with AddSource) stands as "fields.name" and
// so on, or a reader would take it for bunyan's. Of several with the same key the
// last one stands, as in bunyan: no record has a key twice outside of groups.
//
// A record above the limit of 256 KiB is published without its attributes, its
// msg cut, with the field "cut".
type Handler struct {
	client *Client
	stream string
	level  slog.Leveler
	source bool

	head   []byte   // {"v":0,"name":…,"pid":…,"level":
	fixed  []byte   // the attributes of WithAttrs, with the groups that they opened
	tops   []member // of fixed, while no group is open
	opened int      // groups that fixed leaves open
	groups []string // of WithGroup since then: opened by the first attribute
}

// NewHandler returns a Handler that publishes to a stream. A name that cannot be
// a stream's shows in Stats.Invalid alone, as a handler has nobody to tell.
func NewHandler(client *Client, stream string, options *HandlerOptions) *Handler {
	var o HandlerOptions
	if options != nil {
		o = *options
	}
	if o.Name == "" {
		o.Name = filepath.Base(os.Args[0])
	}
	if o.Hostname == "" {
		if name, err := os.Hostname(); err == nil && name != "" {
			o.Hostname = name
		} else {
			o.Hostname = "unknown"
		}
	}
	if o.Level == nil {
		o.Level = slog.LevelInfo
	}
	head := append([]byte(nil), `{"v":0,"name":`...)
	head = appendString(head, o.Name)
	head = append(head, `,"hostname":`...)
	head = appendString(head, o.Hostname)
	head = append(head, `,"pid":`...)
	head = strconv.AppendInt(head, int64(os.Getpid()), 10)
	head = append(head, `,"level":`...)
	return &Handler{client: client, stream: stream, level: o.Level, source: o.AddSource, head: head}
}

// Enabled reports whether records of a level are published.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// line is a record in the making.
type line struct {
	b    []byte
	tops []member
}

var lines = sync.Pool{New: func() any { return &line{b: make([]byte, 0, 1024), tops: make([]member, 0, 16)} }}

// maxPooled is how large a line may leave its memory to the next, in bytes.
const maxPooled = 16 << 10

// Handle publishes a record. It returns an error when the Client is closed, or
// when a Client that waits was not given room before ctx ended.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	l := lines.Get().(*line)
	h.append(l, &r)
	if len(l.b) > zmtp.MaxRecord {
		l.b = h.appendCut(l.b[:0], &r)
	}
	err := h.client.Publish(ctx, h.stream, l.b)
	if cap(l.b) <= maxPooled {
		lines.Put(l)
	}
	return err
}

// append makes a line of a record.
func (h *Handler) append(l *line, r *slog.Record) {
	b := h.appendCore(l.b[:0], r, r.Message)
	if h.source {
		b = appendSource(b, r.Source())
	}
	w := writer{b: append(b, h.fixed...), depth: h.opened + len(h.groups), source: h.source, tops: l.tops[:0]}
	for _, m := range h.tops {
		w.tops = append(w.tops, m.shifted(len(b)))
	}
	n := h.opened
	if r.NumAttrs() > 0 {
		begun := len(w.b)
		m := w.openAll(h.groups)
		before := len(w.b)
		r.Attrs(func(a slog.Attr) bool {
			w.attr(a)
			return true
		})
		if len(w.b) == before {
			w.b = w.b[:begun] // a group without attributes is left out
		} else {
			n += len(h.groups)
			if h.opened == 0 && len(h.groups) > 0 {
				w.stands(m)
			}
		}
	}
	for range n + 1 {
		w.b = append(w.b, '}')
	}
	l.b, l.tops = w.b, w.tops
}

// appendCore appends bunyan's own fields.
func (h *Handler) appendCore(b []byte, r *slog.Record, msg string) []byte {
	b = append(b, h.head...)
	b = strconv.AppendInt(b, bunyanLevel(r.Level), 10)
	if !r.Time.IsZero() {
		b = append(b, `,"time":"`...)
		b = appendMillis(b, r.Time)
		b = append(b, '"')
	}
	b = append(b, `,"msg":`...)
	return appendString(b, msg)
}

// maxCut is how much is left of a msg that is cut, in bytes: escaped, it takes
// at most six times as much.
const maxCut = 32 << 10

// appendCut appends a record that is too large, without what makes it so.
func (h *Handler) appendCut(b []byte, r *slog.Record) []byte {
	b = h.appendCore(b, r, r.Message[:min(maxCut, len(r.Message))])
	return append(b, `,"cut":true}`...)
}

// bunyanLevel is a slog level in bunyan's numbers.
func bunyanLevel(l slog.Level) int64 {
	return 30 + int64(min(max(l, -8), 12))*5/2
}

// appendMillis appends a time as bunyan writes it.
func appendMillis(b []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
}

// WithAttrs returns a Handler that adds attributes to each record.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	with := *h
	w := writer{b: slices.Clip(h.fixed), depth: h.opened + len(h.groups), source: h.source, tops: slices.Clone(h.tops)}
	m := w.openAll(h.groups)
	before := len(w.b)
	for _, a := range attrs {
		w.attr(a)
	}
	if len(w.b) == before {
		return h // nothing but empty groups
	}
	if h.opened == 0 && len(h.groups) > 0 {
		w.stands(m)
	}
	with.fixed, with.tops = w.b, w.tops
	with.opened += len(h.groups)
	with.groups = nil
	return &with
}

// WithGroup returns a Handler that puts the attributes that follow in a group.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	if h.opened+len(h.groups) == 0 {
		name = outermost(name, false, h.source)
	}
	with := *h
	with.groups = append(slices.Clip(h.groups), name)
	return &with
}
