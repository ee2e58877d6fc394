package consolidator

import (
	"context"
	"time"

	"sluice/cluster/zmtp"
)

// A process that is stopped, or whose machine is paused, reads nothing from its
// publishers: what the kernel's buffers and theirs cannot hold they drop, and nobody
// counts it. So all that can be said is that it happened.
const (
	stillTick  = 250 * time.Millisecond // between two looks at the clock
	stillAfter = time.Second            // a look that is late by so much, and it stood still
	stillKept  = time.Minute            // readers that come back so long after it are told, too
)

// standstill is the last one. The zero value is none. It is guarded by Consolidator.mu.
type standstill struct {
	ended  time.Time
	lasted time.Duration
}

// watchStandstills notices when the process did not run.
func (c *Consolidator) watchStandstills(ctx context.Context) {
	tick := time.NewTicker(stillTick)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			now := time.Now() // the tick's own time may be that of a tick which nobody took
			if late := now.Sub(last) - stillTick; late > stillAfter {
				c.stoodStill(standstill{now, late})
			}
			last = now
		}
	}
}

// stoodStill tells all readers of ours. Foreign ones have no stream to be told in.
func (c *Consolidator) stoodStill(s standstill) {
	c.mu.Lock()
	c.standstill = s
	for r := range c.subscribers {
		r.tellStandstill(s, 0)
	}
	c.mu.Unlock()
	c.log.Warn("stood still: what publishers dropped meanwhile is unknown", "seconds", s.lasted.Round(time.Millisecond).Seconds())
}

// tellStandstill tells a reader of a standstill, unless it was long ago. That it ended
// 0 ms ago is told only to those who were connected. c.mu is held.
func (r *subscriber) tellStandstill(s standstill, ago time.Duration) {
	if r.conn.Peer.Sluice && s.lasted > 0 && ago < stillKept {
		_ = r.answer(zmtp.AppendStill(nil, zmtp.Still{Lasted: s.lasted, Ago: ago}), nil) // what does not read is closed by others
	}
}
