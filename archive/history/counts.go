package history

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"math"

	"sluice/archive/batch"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
)

// MaxHeads bounds the batches whose heads are read for one Counts, but for a few of each
// consolidator.
const MaxHeads = 4000

// Counts returns how many records there are of what a query wants, by time, in the columns of
// a window. Last means nothing here. From and To divide what is held of consolidators that After
// and Before do not name: by when batches came, or what they say of newer times, so that what
// one query leaves out by To another one has by From.
//
// It reads the heads of some batches: as many as it takes to know the counts of each column,
// and MaxHeads at most. So the sum is exact; within a batch, or what could not be told apart,
// records count as spread evenly over its time. A record that came late counts at the time of
// those that came with it.
func (a *Archive) Counts(ctx context.Context, q Query, window stream.Window) (stream.Counts, error) {
	if err := q.check(); err != nil {
		return stream.Counts{}, err
	}
	running := rescue.NewGroup(ctx)
	defer func() { running.End(); _ = running.Wait() }()
	c := counting{}
	tips, err := a.tips(running, []Query{q})
	if err == nil {
		err = c.begin(running, tips)
	}
	if err == nil {
		c.fit(window)
		err = c.refine(running)
	}
	running.End()
	if fault := running.Wait(); fault != nil {
		err = fault
	}
	if err != nil {
		return stream.Counts{}, err
	}
	return c.sum(), nil
}

// counting is one Counts.
type counting struct {
	wide stretches // those that are to be divided, the largest first
	done []stretch
	to   stream.Counts
}

// point is a place between two batches: the sums of all before it, and the time of the last of
// those, in Unix milliseconds: its own, and when it came.
type point struct {
	seq        uint64 // of the batch before it
	records    uint64
	gaps       uint64
	time, came int64
}

// stretch is the batches of a chain between two points.
type stretch struct {
	chain *chain
	from  point
	last  *link // the last of its batches, without its payload
	to    point // behind it
}

func (s *stretch) records() uint64 { return s.to.records - s.from.records }
func (s *stretch) gaps() uint64    { return s.to.gaps - s.from.gaps }

// times are those between which its records lie.
func (s *stretch) times() (from, to int64) {
	if s.single() {
		return s.last.begins(), s.to.time
	}
	return min(s.from.time, s.to.time), max(s.from.time, s.to.time)
}

// single reports whether it has one batch.
func (s *stretch) single() bool { return s.last.Prev <= s.from.seq }

// farthest bounds the times of batches, so that no sum of them overflows.
const farthest = 1 << 60

// came is when the last record of a batch came.
func (l *link) came() int64 { return max(-farthest, min(l.Arrived.Latest, farthest)) }

// ends is the time of its last record, as far as its head tells.
func (l *link) ends() int64 {
	if l.Own == (batch.Span{}) {
		return l.came()
	}
	return max(-farthest, min(l.Own.Latest, l.came()+ahead))
}

// begins is the time of its first record. One that came much later than its own time does not
// count, among others that came live.
func (l *link) begins() int64 {
	end, came, own := l.ends(), max(-farthest, l.Arrived.Earliest), max(-farthest, l.Own.Earliest)
	switch {
	case l.Own == batch.Span{}:
		return min(came, end)
	case end+ahead >= came: // live
		return min(max(own, min(came, end)-ahead), end)
	}
	return min(own, end)
}

// behind is the point behind a batch.
func (l *link) behind() point {
	t := l.Totals()
	return point{seq: l.seq, records: t.Records, gaps: t.Gaps, time: l.ends(), came: l.came()}
}

// before is the point before a batch.
func (l *link) before() point {
	return point{seq: l.seq - 1, records: l.Before.Records, gaps: l.Before.Gaps, time: l.begins(), came: max(-farthest, min(l.Arrived.Earliest, farthest))}
}

// fit makes the columns.
func (c *counting) fit(window stream.Window) {
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range c.done {
		s := &c.done[i]
		from, to = min(from, s.from.time, s.to.time), max(to, s.from.time, s.to.time)
	}
	if from > to {
		return // there is nothing
	}
	if !window.From.IsZero() {
		from = window.From.UnixMilli()
	}
	if !window.To.IsZero() {
		to = window.To.UnixMilli()
	}
	to = max(from, to)
	c.to.From = from
	c.to.Step = (to-from)/int64(max(1, min(window.Columns, stream.MaxCounts))) + 1
	n := (to-from)/c.to.Step + 1
	c.to.Records = make([]uint64, n)
	c.to.Gaps = make([]uint64, n)
}

// refine divides what is wider than a column.
func (c *counting) refine(running *rescue.Group) error {
	all := c.done
	c.done = nil
	for _, s := range all {
		c.put(s)
	}
	const together = 4 * placing
	for heads := 0; len(c.wide) > 0; {
		if heads >= MaxHeads {
			c.to.Coarse = true
			c.done = append(c.done, c.wide...)
			return nil
		}
		var now []stretch
		for len(now) < together && len(c.wide) > 0 {
			now = append(now, heap.Pop(&c.wide).(stretch))
		}
		heads += len(now)
		middles := make([]*link, len(now))
		err := each(running, now, func(i int, s stretch) (err error) {
			middles[i], err = s.middle(running.Context())
			return err
		})
		if err != nil {
			return err
		}
		for i, m := range middles {
			s := now[i]
			if m == nil {
				c.done = append(c.done, s)
				continue
			}
			at := m.behind()
			if at.records < s.from.records || at.records > s.to.records || at.gaps < s.from.gaps || at.gaps > s.to.gaps {
				c.done = append(c.done, s) // it is none of this chain
				continue
			}
			c.put(stretch{chain: s.chain, from: s.from, last: m, to: at})
			c.put(stretch{chain: s.chain, from: at, last: s.last, to: s.to})
		}
	}
	return nil
}

// put takes a stretch, to be divided or to be counted. A few late records at its ends do not
// hide that it is wide: its times and its arrivals have to be near to one another.
func (c *counting) put(s stretch) {
	from, to := s.times()
	first, last := min(s.from.came, s.to.came), max(s.from.came, s.to.came)
	inside := func(from, to int64) bool { return to >= c.to.From && from < c.to.End() }
	wide := to-from >= c.to.Step || last-first >= c.to.Step
	if s.single() || s.records() == 0 && s.gaps() == 0 || !wide || !inside(from, to) && !inside(first, last) {
		c.done = append(c.done, s)
		return
	}
	heap.Push(&c.wide, s)
}

// middle is the batch within a stretch to which the furthest of the links of its last one
// leads; nil: none that can be read does.
func (s *stretch) middle(ctx context.Context) (*link, error) {
	for _, at := range []uint64{s.last.over(s.from.seq), s.last.Prev} {
		if at == 0 || at <= s.from.seq {
			continue
		}
		m, err := s.chain.head(ctx, at)
		switch {
		case errors.Is(err, errGone) || err == nil && m.fault != nil:
		case err != nil:
			return nil, err
		default:
			return m, nil
		}
	}
	return nil, nil
}

// head is a batch without its payload.
func (c *chain) head(ctx context.Context, at uint64) (*link, error) {
	l, err := c.get(ctx, at)
	if err == nil {
		l.payload = nil
	}
	return l, err
}

// sum counts all stretches.
func (c *counting) sum() stream.Counts {
	gaps := stream.Counts{From: c.to.From, Step: c.to.Step, Records: c.to.Gaps}
	for i := range c.done {
		s := &c.done[i]
		from, to := s.times()
		c.to.Spread(from, to, s.records())
		gaps.Spread(from, to, s.gaps())
	}
	if gaps.Total() == 0 {
		c.to.Gaps = nil
	}
	return c.to
}

// stretches is a heap: the one with the most records comes first.
type stretches []stretch

func (h stretches) Len() int { return len(h) }
func (h stretches) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[j].records(), h[i].records()), cmp.Compare(h[j].gaps(), h[i].gaps())) < 0
}
func (h stretches) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *stretches) Push(x any)   { *h = append(*h, x.(stretch)) }
func (h *stretches) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = stretch{}
	*h = old[:len(old)-1]
	return last
}
