package replay

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sluice/cluster/stream"
)

// noteName is what the replay is called where sources are listed.
const noteName = "replay"

// Ready has a token when TryTake may have something.
func (s *Source) Ready() <-chan struct{} { return s.out.Ready() }

// TryTake returns all that is there to be taken, or nil.
func (s *Source) TryTake() *stream.Batch { return s.out.TryTake() }

// Take waits for something and returns all of it. Its errors are the context's,
// and [stream.ErrClosed] after everything.
func (s *Source) Take(ctx context.Context) (*stream.Batch, error) { return s.out.Take(ctx) }

// Tail and Stop do nothing: all records are handed on, wanted or not.
func (s *Source) Tail(string, stream.Backfill) {}

// Stop does nothing; see Tail.
func (s *Source) Stop(string) {}

// WatchStreams does nothing: what Streams returns costs nothing.
func (s *Source) WatchStreams(bool) {}

// Streams are the streams that are replayed.
func (s *Source) Streams() (live []stream.Live) {
	for _, name := range s.streams {
		live = append(live, stream.Live{Name: name})
	}
	return live
}

// Status is one source: the replay, whose name is its Note.
func (s *Source) Status() []stream.Status {
	return []stream.Status{{Name: s.Note(), Address: strings.Join(s.config.Files, " "), State: stream.StateLive}}
}

// Note is one line for people: the speed of the replay, and where it is.
func (s *Source) Note() string {
	stats := s.Stats()
	s.pace.mu.Lock()
	speed, paused, waiting, until := s.pace.speed, s.pace.paused, s.pace.waiting, s.pace.until
	s.pace.mu.Unlock()
	parts := []string{noteName}
	switch {
	case stats.Ended:
		parts[0] += " ended"
	case paused:
		parts[0] += " " + speedText(speed) + " paused"
	default:
		parts[0] += " " + speedText(speed)
	}
	if until != 0 && !stats.Ended {
		parts = append(parts, "going to "+time.UnixMilli(until).In(s.config.Location).Format(time.DateTime))
	}
	if !stats.Time.IsZero() {
		parts = append(parts, "at "+stats.Time.In(s.config.Location).Format("2006-01-02 15:04:05"))
	}
	if stats.Size > 0 && !stats.Ended {
		parts = append(parts, fmt.Sprintf("%d %%", min(100*stats.Read/stats.Size, 100)))
	}
	if next := time.UnixMilli(waiting); !stats.Ended && waiting != 0 && next.Sub(stats.Time) >= 5*time.Second {
		parts = append(parts, "next at "+next.In(s.config.Location).Format("15:04:05"))
	}
	return strings.Join(parts, " · ")
}

func speedText(speed float64) string {
	if speed == 0 {
		return "at full speed"
	}
	return strconv.FormatFloat(speed, 'g', 4, 64) + "×"
}
