package publish

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"sluice/cluster/record"
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

// Handler is a slog.Handler that publishes bunyan records; [record.Encoder] says
// what they are made of. It never blocks when its Client sheds.
//
// A record above the limit of 256 KiB is published without its attributes, its
// msg cut, with the field "cut".
type Handler struct {
	client  *Client
	stream  string
	level   slog.Leveler
	encoder *record.Encoder
}

// NewHandler returns a Handler that publishes to a stream. A name that cannot be
// a stream's shows in Stats.Invalid alone, as a handler cannot report it.
func NewHandler(client *Client, stream string, options *HandlerOptions) *Handler {
	var o HandlerOptions
	if options != nil {
		o = *options
	}
	if o.Name == "" {
		o.Name = filepath.Base(os.Args[0])
	}
	if o.Level == nil {
		o.Level = slog.LevelInfo
	}
	encoder := record.NewEncoder(record.EncoderOptions{Name: o.Name, Hostname: o.Hostname, Source: o.AddSource})
	return &Handler{client: client, stream: stream, level: o.Level, encoder: encoder}
}

// Enabled reports whether records of a level are published.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// lines are the memory of records in the making.
var lines = sync.Pool{New: func() any {
	line := make([]byte, 0, 1024)
	return &line
}}

// maxPooled is how large a line may leave its memory to the next, in bytes.
const maxPooled = 16 << 10

// Handle publishes a record. It returns an error when the Client is closed, or
// when a Client that waits was not given room before ctx ended.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	line := lines.Get().(*[]byte)
	b := h.encoder.Append((*line)[:0], &r)
	if len(b) > zmtp.MaxRecord {
		b = h.encoder.AppendCut(b[:0], &r)
	}
	err := h.client.Publish(ctx, h.stream, b)
	if cap(b) <= maxPooled {
		*line = b
		lines.Put(line)
	}
	return err
}

// WithAttrs returns a Handler that adds attributes to each record.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.encoder = h.encoder.WithAttrs(attrs)
	return &with
}

// WithGroup returns a Handler that puts the attributes that follow in a group.
func (h *Handler) WithGroup(name string) slog.Handler {
	with := *h
	with.encoder = h.encoder.WithGroup(name)
	return &with
}
