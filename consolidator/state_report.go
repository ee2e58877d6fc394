package consolidator

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// sums are what the counts were at some time.
type sums struct {
	at      time.Time
	in, out flowed
	lost    uint64
	dropped map[string]uint64
	denied  map[string]uint64 // of dropped, by key
	refused uint64
	quiet   uint64
}

func (c *Consolidator) sums(now time.Time) sums {
	n := &c.counts
	s := sums{
		at:      now,
		in:      flowed{n.in.records.Load(), n.in.bytes.Load()},
		dropped: make(map[string]uint64),
		denied:  make(map[string]uint64),
		quiet:   n.quiet.Load(),
	}
	for k := range kinds {
		s.out.records += n.out[k].records.Load()
		s.out.bytes += n.out[k].bytes.Load()
		s.lost += n.lost[k].Load()
	}
	for reason, n := range n.dropped {
		s.dropped[reason] = n
	}
	for key, n := range c.denials.each {
		s.denied[key] = n
	}
	for _, n := range n.refused {
		s.refused += n
	}
	return s
}

// report publishes the consolidator's state from time to time.
func (c *Consolidator) report(ctx context.Context) {
	tick := time.NewTicker(c.times.state)
	defer tick.Stop()
	before := sums{at: time.Now()} // all counts begin at 0
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			after := c.sums(now)
			c.publishState(before, after)
			c.tee.logLeftOut(ctx)
			before = after
		}
	}
}

// publishState publishes how things stand, and what came and went between.
func (c *Consolidator) publishState(before, after sums) {
	now := c.state()
	readers := now.readers[foreign] + now.readers[sluice]
	in, out := after.in.records-before.in.records, after.out.records-before.out.records
	lost := after.lost - before.lost
	var drops []any
	var dropped uint64
	for reason := range c.counts.dropped {
		if n := after.dropped[reason] - before.dropped[reason]; n > 0 {
			dropped += n
			drops = append(drops, slog.Uint64(reason, n))
		}
	}
	msg := fmt.Sprintf("%d records in, %d out; %d publishers, %d readers, %d streams", in, out, now.publishers, readers, now.streams)
	level := slog.LevelInfo
	if dropped > 0 {
		msg += fmt.Sprintf("; %d dropped", dropped)
		level = slog.LevelWarn
	}
	if lost > 0 {
		msg += fmt.Sprintf("; slow readers lost %d", lost)
	}
	c.own.add(after.at, level, msg,
		slog.Float64("seconds", after.at.Sub(before.at).Round(time.Millisecond).Seconds()),
		slog.Uint64("records_in", in),
		slog.Uint64("bytes_in", after.in.bytes-before.in.bytes),
		slog.Uint64("records_out", out),
		slog.Uint64("bytes_out", after.out.bytes-before.out.bytes),
		slog.Uint64("lost", lost),
		slog.Uint64("refused", after.refused-before.refused),
		slog.Uint64("lines_left_out", after.quiet-before.quiet),
		slog.Group("dropped", drops...), // left out when it is empty
		slog.Group("denied", deniedSince(before.denied, after.denied)...),
		slog.Group(
			"connections",
			"publishers", now.publishers, "foreign_readers", now.readers[foreign],
			"sluice_readers", now.readers[sluice], "handshaking", now.shaking, "stalled", now.stalled,
		),
		slog.Int("streams", now.streams),
		slog.Int("subscriptions", now.subscriptions),
		slog.Int64("buffer", now.buffer),
		slog.Int64("buffer_limit", c.cfg.Buffer),
	)
}
