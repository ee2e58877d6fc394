package service

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"sluice/archive"
	"sluice/cluster/publish"
	"sluice/cluster/record"
)

// OwnStream is where the archive publishes records of its state.
const OwnStream = "system/sluice/archive"

// reporter publishes how the archive stands, and what it did since it last did so.
type reporter struct {
	client  *publish.Client
	encoder *record.Encoder
	at      time.Time
	before  archive.Figures
}

func newReporter(c publish.Config) (*reporter, error) {
	c.Shed = true // nobody waits for it
	client, err := publish.Open(c)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	encoder := record.NewEncoder(record.EncoderOptions{Name: "sluice", Hostname: host, Plain: true})
	return &reporter{client: client, encoder: encoder.WithAttrs([]slog.Attr{slog.String("component", "archive")}), at: time.Now()}, nil
}

func (r *reporter) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	r.client.Close(ctx)
}

// publish publishes a record.
func (r *reporter) publish(ctx context.Context, now time.Time, s *Service) {
	_ = r.client.Publish(ctx, OwnStream, r.line(now, s)) // it is left out, as doc.go says
}

// line is a record of how things stand, and of what was done since the last one.
func (r *reporter) line(now time.Time, s *Service) []byte {
	w := s.writer.Load()
	f, b := w.Figures(), r.before
	held, _ := s.now()
	level := slog.LevelInfo
	msg := fmt.Sprintf("%d records archived; %d streams written, %d batches held", f.Records-b.Records, f.Mine, held.Messages)
	if lost, unknown := f.Lost-b.Lost, f.Unknown-b.Unknown; lost > 0 || unknown > 0 {
		msg += fmt.Sprintf("; %d lost", lost)
		if unknown > 0 {
			msg += ", and an unknown number"
		}
		level = slog.LevelWarn
	}
	trouble := s.trouble()
	if trouble != "" {
		msg += "; the store takes nothing"
		level = slog.LevelWarn
	}
	line := slog.NewRecord(now, level, msg, 0)
	line.AddAttrs(
		slog.Float64("seconds", now.Sub(r.at).Round(time.Millisecond).Seconds()),
		slog.Uint64("records", f.Records-b.Records),
		slog.Uint64("batches", f.Batches-b.Batches),
		slog.Uint64("raw_bytes", f.Raw-b.Raw),
		slog.Uint64("stored_bytes", f.Stored-b.Stored),
		slog.Uint64("lost", f.Lost-b.Lost),
		slog.Uint64("unknown_losses", f.Unknown-b.Unknown),
		slog.Uint64("refused", f.Refused-b.Refused),
		slog.Int64("waiting_bytes", f.Waiting),
		slog.Int64("lag_ms", f.Lag.Milliseconds()),
		slog.Group("lanes", "known", f.Lanes, "written", f.Mine, "late", f.Late),
		slog.Group("held", "batches", held.Messages, "bytes", held.Bytes, "limit", held.MaxBytes),
	)
	if trouble != "" {
		line.AddAttrs(slog.String("trouble", trouble))
	}
	r.at, r.before = now, f
	return r.encoder.Append(nil, &line)
}
