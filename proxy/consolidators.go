package proxy

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/stream"
	"sluice/proxy/resume"
)

// quietFor is for how long a consolidator's changes are not logged after one that was.
const quietFor = 10 * time.Second

// consolidators notes which of them are there: for the log and the
// metrics.
type consolidators struct {
	log  *slog.Logger
	now  func() time.Time
	lost atomic.Uint64 // connections

	mu   sync.Mutex
	seen map[string]*consolidator
}

type consolidator struct {
	state   stream.State
	told    stream.State // as it was logged
	logged  time.Time
	flapped int // changes that were not logged since
}

// isSource reports whether clients are told of a source: of the place where
// consolidators are found, as long as none is known.
func isSource(s *stream.Status) bool { return !s.Finder || s.State == stream.StateConnecting }

// changed notes the state of one, and logs that it is lost, or back. One that changes
// again and again is logged every ten seconds.
func (c *consolidators) changed(name string, state stream.State, cause string, known *resume.Known) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for old := range c.seen {
		if !known.Has(old) {
			delete(c.seen, old) // it is no consolidator of the cluster any more
		}
	}
	if !known.Has(name) {
		return
	}
	if c.seen == nil {
		c.seen = make(map[string]*consolidator)
	}
	one := c.seen[name]
	if one == nil {
		one = &consolidator{}
		c.seen[name] = one
	}
	before := one.state
	one.state = state
	gone := before.Connected() && !state.Connected()
	if gone {
		c.lost.Add(1)
	}
	if !gone && (before.Connected() || !state.Connected()) {
		return
	}
	now := c.now()
	if now.Sub(one.logged) < quietFor && !one.logged.IsZero() {
		one.flapped++
		return
	}
	c.tell(name, one, now, cause)
}

// tell logs how one stands. c.mu is held.
func (c *consolidators) tell(name string, one *consolidator, now time.Time, cause string) {
	args := []any{"consolidator", name}
	if one.flapped > 0 {
		args = append(args, "changes_left_out", one.flapped)
	}
	was := one.told
	one.told, one.logged, one.flapped = one.state, now, 0
	switch {
	case !one.state.Connected():
		if cause != "" {
			args = append(args, "err", cause)
		}
		c.log.Warn("consolidator lost: it is tried again, and sessions go on when it is back", args...)
	case was == stream.StateUnknown:
		c.log.Info("consolidator connected", args...)
	default:
		c.log.Info("consolidator is back", args...)
	}
}

// settle logs how those stand that were quiet for long enough after a change that was
// not logged.
func (c *consolidators) settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	for name, one := range c.seen {
		if one.flapped > 0 && now.Sub(one.logged) >= quietFor {
			c.tell(name, one, now, "")
		}
	}
}
