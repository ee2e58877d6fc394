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

// ownStream is where a consolidator publishes records about itself.
const ownStream = "system/sluice"

// ownRecords publishes records about the consolidator: of its state from time to
// time, and its warnings. It never waits, as appending does not.
type ownRecords struct {
	counts   *counts
	encoder  *record.Encoder
	logLimit logLimit

	mu     sync.Mutex
	app    *fanout.Appender
	line   []byte // a record
	buf    []byte // and its message
	closed bool
}

func newOwnRecords(name string, hub *fanout.Hub, counts *counts) *ownRecords {
	encoder := record.NewEncoder(record.EncoderOptions{Name: "sluice", Hostname: name, Plain: true})
	return &ownRecords{
		app: hub.Appender(), counts: counts,
		encoder:  encoder.WithAttrs([]slog.Attr{slog.String("component", "consolidator")}),
		logLimit: logLimit{skipped: &counts.quiet, messages: make(map[string]*line)},
	}
}

// reserve makes the stream, so that it has its place however many others there
// will be.
func (s *ownRecords) reserve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app.End(ownStream)
}

// close ends the stream, so that the final position that readers get stays the last.
func (s *ownRecords) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// publish appends a record to the stream.
func (s *ownRecords) publish(encoder *record.Encoder, r *slog.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.line = encoder.Append(s.line[:0], r)
	if len(s.line) <= zmtp.MaxRecord {
		s.buf = zmtp.AppendMessage(s.buf[:0], ownStream, s.line)
		s.counts.own.Add(1)
		s.app.Append(ownStream, s.buf, 1)
	}
}

// add publishes a message with attributes.
func (s *ownRecords) add(now time.Time, level slog.Level, msg string, attrs ...slog.Attr) {
	r := slog.NewRecord(now, level, msg, 0)
	r.AddAttrs(attrs...)
	s.publish(s.encoder, &r)
}

// tee is a handler that publishes warnings and errors, too, and leaves out
// what is logged too often.
type tee struct {
	slog.Handler
	encoder *record.Encoder // of what is published
	own     *ownRecords
}

func (t tee) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || t.Handler.Enabled(ctx, level)
}

func (t tee) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo && !t.own.logLimit.allow(r.Message, r.Level) {
		return nil
	}
	return t.write(ctx, r)
}

func (t tee) write(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		t.own.publish(t.encoder, &r)
	}
	if !t.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	err := t.Handler.Handle(ctx, r)
	if err != nil {
		t.own.counts.quiet.Add(1)
	}
	return err
}

func (t tee) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tee{t.Handler.WithAttrs(attrs), t.encoder.WithAttrs(attrs), t.own}
}

func (t tee) WithGroup(name string) slog.Handler {
	return tee{t.Handler.WithGroup(name), t.encoder.WithGroup(name), t.own}
}
