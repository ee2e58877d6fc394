package consolidator

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/record"
	"sluice/cluster/zmtp"
)

// selfStream is where a consolidator publishes what it says of itself.
const selfStream = "system/sluice"

// self publishes what a consolidator says of itself: a record of its state
// from time to time, and its warnings. It never waits, as appending does not.
type self struct {
	counts  *counts
	encoder *record.Encoder
	chatter chatter

	mu     sync.Mutex
	app    *fanout.Appender
	line   []byte // a record
	buf    []byte // and its message
	closed bool
}

func newSelf(name string, hub *fanout.Hub, counts *counts) *self {
	encoder := record.NewEncoder(record.EncoderOptions{Name: "sluice", Hostname: name, Plain: true})
	return &self{
		app: hub.Appender(), counts: counts,
		encoder: encoder.WithAttrs([]slog.Attr{slog.String("component", "consolidator")}),
		chatter: chatter{skipped: &counts.quiet, say: make(map[string]*line)},
	}
}

// reserve makes the stream, so that it has its place however many others there
// will be.
func (s *self) reserve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app.End(selfStream)
}

// close ends the stream: what readers are told is its end has to be.
func (s *self) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// publish publishes a record.
func (s *self) publish(encoder *record.Encoder, r *slog.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.line = encoder.Append(s.line[:0], r)
	if len(s.line) <= zmtp.MaxRecord {
		s.buf = zmtp.AppendMessage(s.buf[:0], selfStream, s.line)
		s.counts.self.Add(1)
		s.app.Append(selfStream, s.buf, 1)
	}
}

// say publishes a record.
func (s *self) say(now time.Time, level slog.Level, msg string, attrs ...slog.Attr) {
	r := slog.NewRecord(now, level, msg, 0)
	r.AddAttrs(attrs...)
	s.publish(s.encoder, &r)
}

// tee is a handler that publishes warnings and errors, too, and leaves out
// what is said too often.
type tee struct {
	slog.Handler
	encoder *record.Encoder // of what is published
	self    *self
}

func (t tee) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || t.Handler.Enabled(ctx, level)
}

func (t tee) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo && !t.self.chatter.may(r.Message, r.Level) {
		return nil
	}
	return t.write(ctx, r)
}

func (t tee) write(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		t.self.publish(t.encoder, &r)
	}
	if !t.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return t.Handler.Handle(ctx, r)
}

func (t tee) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tee{t.Handler.WithAttrs(attrs), t.encoder.WithAttrs(attrs), t.self}
}

func (t tee) WithGroup(name string) slog.Handler {
	return tee{t.Handler.WithGroup(name), t.encoder.WithGroup(name), t.self}
}
