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

// chatter bounds how often a message is logged, and published. Messages are
// constants, so there are few.
type chatter struct {
	skipped *atomic.Uint64 // lines left out, of all messages

	mu  sync.Mutex
	say map[string]*line
}

// line is one message.
type line struct {
	spent int    // of maxLines
	left  uint64 // left out since that was said
	level slog.Level
}

// may tells whether one more line with that message is logged.
func (c *chatter) may(msg string, level slog.Level) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.say[msg]
	if l == nil {
		l = &line{level: level}
		c.say[msg] = l
	}
	if l.spent == maxLines {
		l.left++
		c.skipped.Add(1)
		return false
	}
	l.spent++
	return true
}

// refill lets each message be logged once more, and calls told for those of
// which some were left out.
func (c *chatter) refill(told func(msg string, left uint64, level slog.Level)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, msg := range slices.Sorted(maps.Keys(c.say)) {
		l := c.say[msg]
		if l.left > 0 {
			told(msg, l.left, l.level)
			l.left = 0
		}
		if l.spent--; l.spent == 0 {
			delete(c.say, msg)
		}
	}
}

// sayLeftOut logs, and publishes, how many lines were left out.
func (t tee) sayLeftOut(ctx context.Context) {
	t.self.chatter.refill(func(msg string, left uint64, level slog.Level) {
		r := slog.NewRecord(time.Now(), level, "lines left out", 0)
		r.AddAttrs(slog.Uint64("count", left), slog.String("of", msg))
		_ = t.write(ctx, r)
	})
}
