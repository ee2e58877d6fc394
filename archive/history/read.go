package history

import (
	"cmp"
	"context"
	"sync"
	"time"

	"sluice/archive/batch"
	"sluice/cluster/loss"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
)

// The bounds of what is handed on at once.
const (
	maxHanded      = 1024
	maxHandedBytes = 256 << 10
)

// placing is how many chains are looked at at a time.
const placing = 8

// Hand takes records, and notices of gaps among them, in order. Nothing of them may be used
// after it has returned. An error ends the reading.
type Hand func(records []stream.Record, notices []stream.Notice) error

// Ends says where a reading came to: by consolidator, the position of the next record.
type Ends map[string]loss.Position

// Read hands on what is held of a stream, the oldest record first, merged by time over all
// consolidators, and returns where it came to; with an error, as far as it came. It blocks in
// hand and in the archive, until ctx ends.
func (a *Archive) Read(ctx context.Context, q Query, hand Hand) (Ends, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	q.soon = time.Now().Add(2 * batch.Ahead).UnixMilli()
	newest, err := a.store.newest(ctx, q.Stream)
	if err != nil {
		return nil, err
	}
	running := rescue.NewGroup(ctx)
	defer func() { running.End(); _ = running.Wait() }()
	r := &merging{hand: hand, query: &q, timed: len(newest) > 1}
	if q.Last > 0 {
		err = r.placeLast(running, newest)
	} else {
		err = r.placeAll(running, newest)
	}
	if err == nil {
		err = r.merge(running.Context())
	}
	running.End()
	if fault := running.Wait(); fault != nil {
		err = fault
	}
	return r.ends(), err
}

// tip is the newest batch of a chain.
type tip struct {
	*chain
	newest *link
}

// merging is one Read.
type merging struct {
	query   *Query
	hand    Hand
	timed   bool
	strands []*strand

	records []stream.Record
	bytes   int
	notices []stream.Notice
}

func (r *merging) strand(t tip) *strand {
	s := &strand{chain: t.chain, query: r.query, timed: r.timed}
	if stop, ok := r.query.Before[t.consolidator]; ok {
		s.stop = &stop
	}
	return s
}

// placeAll makes the strands of a query that names no number.
func (r *merging) placeAll(running *rescue.Group, tips []tip) error {
	bytes := min(segmentBytes, r.query.memory()/max(len(tips)*segmentsAhead, 1))
	for _, t := range tips {
		r.strands = append(r.strands, r.strand(t))
	}
	return each(running, tips, func(i int, t tip) error {
		return r.strands[i].place(running.Context(), t.newest, func(p path) links { return t.forwards(running, p, bytes) })
	})
}

// each does something for all chains, for several at a time.
func each(running *rescue.Group, tips []tip, do func(int, tip) error) error {
	if len(tips) == 1 {
		return do(0, tips[0])
	}
	var (
		all    sync.WaitGroup
		places = make(chan struct{}, placing)
		errs   = make([]error, len(tips))
	)
	for i, t := range tips {
		places <- struct{}{}
		all.Add(1)
		running.Go("read the archive", func() {
			defer func() { <-places; all.Done() }()
			errs[i] = do(i, t)
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// ends is where the strands came to.
func (r *merging) ends() Ends {
	ends := make(Ends)
	for _, s := range r.strands {
		if s.at != (loss.Position{}) {
			ends[s.chain.consolidator] = s.at
		}
	}
	return ends
}

// merge hands on what the strands have.
func (r *merging) merge(ctx context.Context) error {
	var open []*strand
	for _, s := range r.strands {
		if s.left {
			continue
		}
		ok, err := s.next(ctx, r.flush)
		if err != nil {
			return err
		}
		if ok {
			open = append(open, s)
		}
	}
	merge := stream.NewMerge(open, func(a, b *strand) bool {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.chain.consolidator, b.chain.consolidator)) < 0
	})
	for {
		s, ok := merge.Next()
		if !ok {
			return r.flush()
		}
		if err := r.add(s); err != nil {
			return err
		}
		more, err := s.next(ctx, r.flush)
		switch {
		case err != nil:
			return err
		case more:
			merge.Moved()
		default:
			merge.Ended()
		}
	}
}

// add adds what a strand has next.
func (r *merging) add(s *strand) error {
	if s.gap != nil {
		n := stream.GapNotice(*s.gap, time.Now())
		n.At = len(r.records)
		r.notices = append(r.notices, n)
		return nil
	}
	r.records = append(r.records, s.record)
	if r.bytes += len(s.record.Data); len(r.records) >= maxHanded || r.bytes >= maxHandedBytes {
		return r.flush()
	}
	return nil
}

// flush hands on what was added.
func (r *merging) flush() error {
	if len(r.records)+len(r.notices) == 0 {
		return nil
	}
	err := r.hand(r.records, r.notices)
	clear(r.records)
	r.records, r.notices, r.bytes = r.records[:0], r.notices[:0], 0
	return err
}
