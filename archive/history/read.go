package history

import (
	"cmp"
	"context"
	"slices"
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
	ends, err := a.ReadTogether(ctx, []Query{q}, hand)
	return ends[0], err
}

// ReadTogether reads several streams as Read does one: merged by time over all of them, which
// are different ones. Last and Memory are those of the first query, and are of all streams
// together. The ends are in the order of the queries.
func (a *Archive) ReadTogether(ctx context.Context, queries []Query, hand Hand) ([]Ends, error) {
	queries = slices.Clone(queries)
	r := &merging{hand: hand, queries: queries}
	soon := time.Now().Add(2 * batch.Ahead).UnixMilli()
	for i := range queries {
		queries[i].soon = soon
		if err := queries[i].check(); err != nil {
			return r.ends(), err
		}
	}
	running := rescue.NewGroup(ctx)
	defer func() { running.End(); _ = running.Wait() }()
	tips, err := a.tips(running, queries)
	r.timed = len(tips) > 1
	switch {
	case err != nil:
	case queries[0].Last > 0:
		err = r.placeLast(running, tips)
	default:
		err = r.placeAll(running, tips)
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

// tips are the newest batches of all chains that are wanted.
func (a *Archive) tips(running *rescue.Group, queries []Query) (all []tip, err error) {
	found := make([][]tip, len(queries))
	err = each(running, queries, func(i int, q Query) (err error) {
		found[i], err = a.store.newest(running.Context(), q.Stream)
		return err
	})
	for i := range found {
		for _, t := range found[i] {
			t.query = &queries[i]
			all = append(all, t)
		}
	}
	return all, err
}

// tip is the newest batch of a chain, and what is wanted of that.
type tip struct {
	*chain
	newest *link
	query  *Query
}

// merging is one Read.
type merging struct {
	queries []Query // the first one says what is of all
	hand    Hand
	timed   bool
	strands []*strand

	records []stream.Record
	bytes   int
	notices []stream.Notice
}

func (r *merging) strand(t tip) *strand {
	s := &strand{chain: t.chain, query: t.query, timed: r.timed}
	if stop, ok := t.query.Before[t.consolidator]; ok {
		s.stop = &stop
	}
	return s
}

// placeAll makes the strands of a query that names no number.
func (r *merging) placeAll(running *rescue.Group, tips []tip) error {
	bytes := min(segmentBytes, r.queries[0].memory()/max(len(tips)*segmentsAhead, 1))
	for _, t := range tips {
		r.strands = append(r.strands, r.strand(t))
	}
	return each(running, tips, func(i int, t tip) error {
		return r.strands[i].place(running.Context(), t.newest, func(p path) links { return t.forwards(running, p, bytes) })
	})
}

// each does something for all of a list, for several at a time.
func each[T any](running *rescue.Group, list []T, do func(int, T) error) error {
	if len(list) == 1 {
		return do(0, list[0])
	}
	var (
		all    sync.WaitGroup
		places = make(chan struct{}, placing)
		errs   = make([]error, len(list))
	)
	for i, t := range list {
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
func (r *merging) ends() []Ends {
	ends := make([]Ends, len(r.queries))
	for i := range ends {
		ends[i] = make(Ends)
		for _, s := range r.strands {
			if s.query == &r.queries[i] && s.at != (loss.Position{}) {
				ends[i][s.chain.consolidator] = s.at
			}
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
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.chain.consolidator, b.chain.consolidator), cmp.Compare(a.chain.stream, b.chain.stream)) < 0
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
		n := stream.GapNotice(*s.gap, s.lost)
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
