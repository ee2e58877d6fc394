package consolidator

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxLines is how many lines with the same message are logged at once. One more
// may be, each time that the state is published: a peer that breaks the protocol
// again and again does not fill a disk, nor hide what else is logged.
const maxLines = 5

// logLimit bounds how often a message is logged, and published. Messages are
// constants, so there are few.
type logLimit struct {
	skipped *atomic.Uint64 // lines left out, of all messages

	mu       sync.Mutex
	messages map[string]*line
}

// line is one message.
type line struct {
	spent int    // of maxLines
	left  uint64 // left out since that was logged
	level slog.Level
}

// allow reports whether one more line with that message is logged.
func (c *logLimit) allow(msg string, level slog.Level) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.messages[msg]
	if l == nil {
		l = &line{level: level}
		c.messages[msg] = l
	}
	if l.spent == maxLines {
		l.left++
		c.skipped.Add(1)
		return false
	}
	l.spent++
	return true
}

// refill lets each message be logged once more, and calls leftOut for those of
// which some were left out.
func (c *logLimit) refill(leftOut func(msg string, left uint64, level slog.Level)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, msg := range slices.Sorted(maps.Keys(c.messages)) {
		l := c.messages[msg]
		if l.left > 0 {
			leftOut(msg, l.left, l.level)
			l.left = 0
		}
		if l.spent--; l.spent == 0 {
			delete(c.messages, msg)
		}
	}
}

// logLeftOut logs, and publishes, how many lines were left out.
func (t tee) logLeftOut(ctx context.Context) {
	t.own.logLimit.refill(func(msg string, left uint64, level slog.Level) {
		r := slog.NewRecord(time.Now(), level, "lines left out", 0)
		r.AddAttrs(slog.Uint64("count", left), slog.String("of", msg))
		_ = t.write(ctx, r)
	})
}
