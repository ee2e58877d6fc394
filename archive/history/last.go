package history

import (
	"cmp"
	"context"
	"math"
	"slices"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
)

// backward counts the newest records of a chain, from its end on.
type backward struct {
	strand *strand
	next   *link   // the first one to look at; nil after that
	links  []*link // that were looked at, the newest first
	let    int     // of them, so many have let their payloads go
	ended  bool    // there is nothing before them that is wanted

	times []int64 // of the last one's records that are not counted yet; never higher than those after them
	seqs  []uint64
	limit int64 // of the times of what comes
	buf   []byte
}

// placeLast makes the strands of a query for the newest records.
func (r *merging) placeLast(running *rescue.Group, tips []tip) error {
	ctx := running.Context()
	all := make([]*backward, len(tips))
	for i, t := range tips {
		all[i] = &backward{strand: r.strand(t), limit: math.MaxInt64}
		r.strands = append(r.strands, all[i].strand)
	}
	err := each(running, tips, func(i int, t tip) error {
		if err := all[i].begin(ctx, t.newest); err != nil {
			return err
		}
		return all[i].load(ctx)
	})
	if err != nil {
		return err
	}
	var open []*backward
	for _, b := range all {
		if len(b.times) > 0 {
			open = append(open, b)
		}
	}
	merge := stream.NewMerge(open, func(a, b *backward) bool {
		return cmp.Or(cmp.Compare(b.time(), a.time()), cmp.Compare(b.strand.chain.consolidator, a.strand.chain.consolidator), cmp.Compare(b.strand.chain.stream, a.strand.chain.stream)) < 0
	})
	kept := 0
	for left := r.queries[0].Last; left > 0; left-- {
		b, ok := merge.Next()
		if !ok {
			break
		}
		b.strand.at, b.strand.known = loss.Position{Epoch: b.links[len(b.links)-1].Epoch, Seq: b.seqs[len(b.seqs)-1]}, true
		b.times, b.seqs = b.times[:len(b.times)-1], b.seqs[:len(b.seqs)-1]
		if len(b.times) == 0 && left > 1 {
			kept = letGo(all, kept+len(b.links[len(b.links)-1].payload), r.queries[0].memory())
			if err := b.load(ctx); err != nil {
				return err
			}
		}
		if len(b.times) > 0 {
			merge.Moved()
		} else {
			merge.Ended()
		}
	}
	for _, b := range all {
		b.place()
	}
	return nil
}

// letGo lets go of payloads while more bytes of them are kept than may be: of those that
// are read last, which are fetched again then.
func letGo(all []*backward, kept, most int) int {
	for _, b := range all {
		for ; b.let < len(b.links)-1; b.let++ {
			if kept <= most {
				return kept
			}
			l := b.links[b.let]
			kept -= len(l.payload)
			l.payload = nil
		}
	}
	return kept
}

// begin goes to the newest batch that may have something.
func (b *backward) begin(ctx context.Context, newest *link) error {
	s := b.strand
	b.next = newest
	s.at = newest.Next()
	if s.stop == nil {
		return b.skipLater(ctx)
	}
	f := finder{position: *s.stop}
	if newest.fault == nil && !f.at(newest, newest) {
		return nil
	}
	p, err := s.chain.reach(ctx, newest, f.at)
	if err != nil {
		return err
	}
	if !f.seen {
		return b.skipEpochs(ctx)
	}
	b.next, err = s.chain.back(ctx, p.oldest())
	return err
}

// skipEpochs goes to the newest batch of which it is not known that it came behind an epoch
// that the chain does not have: not yet, or not any more.
func (b *backward) skipEpochs(ctx context.Context) error {
	s, newest := b.strand, b.next
	later := s.query.Later[s.chain.consolidator]
	if newest.fault != nil || !slices.Contains(later, newest.Epoch) {
		return nil
	}
	p, err := s.chain.reach(ctx, newest, func(l, _ *link) bool { return slices.Contains(later, l.Epoch) })
	if err != nil {
		return err
	}
	s.at = loss.Position{} // it is of what is not wanted
	b.next, err = s.chain.back(ctx, p.oldest())
	return err
}

// skipLater goes to the newest batch that did not come too late for the time that is wanted.
func (b *backward) skipLater(ctx context.Context) error {
	s, newest := b.strand, b.next
	if newest.fault != nil || !s.query.ended(newest) {
		return nil
	}
	p, err := s.chain.reach(ctx, newest, func(l, _ *link) bool { return s.query.ended(l) })
	if err != nil {
		return err
	}
	b.next, err = s.chain.back(ctx, p.oldest())
	return err
}

// time is that of the newest record which is not counted.
func (b *backward) time() int64 { return b.times[len(b.times)-1] }

// load takes up the batch before, until one has something or there is none.
func (b *backward) load(ctx context.Context) error {
	for {
		l, err := b.before(ctx)
		if err != nil {
			return err
		}
		if l == nil || l.fault == nil && !b.strand.query.came(l) {
			b.ended = true
			return nil
		}
		b.links = append(b.links, l)
		if err := b.open(l); err != nil {
			l.fault = err
		}
		if len(b.times) > 0 {
			return nil
		}
	}
}

// before is the batch before those that were looked at.
func (b *backward) before(ctx context.Context) (l *link, err error) {
	if b.next != nil || len(b.links) == 0 {
		l, b.next = b.next, nil
		return l, nil
	}
	return b.strand.chain.back(ctx, b.links[len(b.links)-1])
}

// open reads the times of a batch's records.
func (b *backward) open(l *link) error {
	s := b.strand
	b.times, b.seqs = b.times[:0], b.seqs[:0]
	if l.fault != nil || l.Gap != nil || s.query.ended(l) || !l.Times().Meets(s.query.From, s.query.To) {
		return nil
	}
	records, buf, err := l.Open(l.payload, b.buf)
	if err != nil {
		return err
	}
	b.buf = buf
	s.batch = l
	for seq, data := range records.All() {
		if s.stop != nil && s.stop.Epoch == l.Epoch && seq >= s.stop.Seq {
			break
		}
		own := record.PeekTime(data)
		if s.wants(own) {
			b.times, b.seqs = append(b.times, s.sorts(own)), append(b.seqs, seq)
		}
	}
	s.batch = nil
	for i := len(b.times) - 1; i >= 0; i-- {
		b.limit = min(b.limit, b.times[i])
		b.times[i] = b.limit
	}
	return nil
}

// place puts the strand where what was counted begins; when all was counted that there is, it
// begins with what was lost before that.
func (b *backward) place() {
	s := b.strand
	oldest := len(b.links) - 1
	switch {
	case oldest < 0, !b.ended && !s.known:
		s.left = true // nothing was counted
		return
	case b.ended:
		s.known, s.expired = false, b.links[oldest].fault != nil
	default:
		for oldest >= 0 && !(b.links[oldest].fault == nil && b.links[oldest].Gap == nil && b.links[oldest].Epoch == s.at.Epoch && b.links[oldest].First <= s.at.Seq) {
			oldest--
		}
	}
	chosen := b.links[:oldest+1]
	slices.Reverse(chosen)
	s.links = &list{chain: s.chain, links: chosen}
}

// list is links that are known.
type list struct {
	chain *chain
	links []*link
}

func (l *list) next(ctx context.Context) (*link, error) {
	if len(l.links) == 0 {
		return nil, nil
	}
	next := l.links[0]
	l.links[0], l.links = nil, l.links[1:]
	return l.chain.whole(ctx, next)
}
