package consolidator

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"sync"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/zmtp"
)

// selfStream is where a consolidator publishes what it says of itself.
const selfStream = "system/sluice"

// self publishes what a consolidator says of itself: a record of its state
// from time to time, and its warnings. It never waits, as appending does not.
type self struct {
	counts  *counts
	json    slog.Handler // writes a bunyan record to self
	chatter chatter

	mu     sync.Mutex
	app    *fanout.Appender
	buf    []byte
	closed bool
}

func newSelf(name string, hub *fanout.Hub, counts *counts) *self {
	s := &self{app: hub.Appender(), counts: counts, chatter: chatter{skipped: &counts.quiet, say: make(map[string]*line)}}
	s.json = slog.NewJSONHandler(s, &slog.HandlerOptions{ReplaceAttr: bunyan}).WithAttrs([]slog.Attr{
		slog.Int("v", 0),
		slog.String("name", "sluice"),
		slog.String("hostname", name),
		slog.Int("pid", os.Getpid()),
		slog.String("component", "consolidator"),
	})
	return s
}

// bunyan gives what slog writes the form of bunyan's fields.
func bunyan(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch v := a.Value.Any().(type) {
	case slog.Level:
		// debug, info, warn and error are 10 apart in bunyan, 4 in slog.
		return slog.Int(a.Key, 30+int(v)*10/4)
	case time.Time:
		return slog.String(a.Key, v.UTC().Format("2006-01-02T15:04:05.000Z"))
	case error:
		return slog.String(a.Key, v.Error())
	case interface{ String() string }: // an address
		return slog.String(a.Key, v.String())
	}
	return a
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

// Write publishes a record. The JSON handler calls it.
func (s *self) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed && len(line) <= zmtp.MaxRecord {
		s.buf = zmtp.AppendMessage(s.buf[:0], selfStream, bytes.TrimSuffix(line, []byte("\n")))
		s.counts.self.Add(1)
		s.app.Append(selfStream, s.buf, 1)
	}
	return len(line), nil
}

// say publishes a record.
func (s *self) say(now time.Time, level slog.Level, msg string, attrs ...slog.Attr) {
	r := slog.NewRecord(now, level, msg, 0)
	r.AddAttrs(attrs...)
	_ = s.json.Handle(context.Background(), r)
}

// tee is a handler that publishes warnings and errors, too, and leaves out
// what is said too often.
type tee struct {
	slog.Handler
	json slog.Handler
	self *self
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
		_ = t.json.Handle(ctx, r.Clone())
	}
	if !t.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return t.Handler.Handle(ctx, r)
}

func (t tee) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tee{t.Handler.WithAttrs(attrs), t.json.WithAttrs(attrs), t.self}
}

func (t tee) WithGroup(name string) slog.Handler {
	return tee{t.Handler.WithGroup(name), t.json.WithGroup(name), t.self}
}
