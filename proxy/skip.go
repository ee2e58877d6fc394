package proxy

import (
	"slices"

	"sluice/cluster/fanout"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
)

// skip is for a session that goes on by places at consolidators. It passes over
// what the reader has already, and tells by the sequence numbers what is
// missing, so that the losses of the log's own cursor need not be told. It lasts
// until the reader stands where the log stands, see settled.
type skip struct {
	from    uint64             // what the reader does not know of begins at this number of the log
	wants   map[string]*want   // by consolidator
	origins map[uint64]*origin // by its number

	end    uint64            // a place in the log
	stood  map[string]*stood // by consolidator, as of end
	others bool              // some had not been reached by then, and had no name
}

// stood is where the log stood at a consolidator.
type stood struct {
	stream.Position          // the next record
	later           []uint64 // epochs that came after that one, and were read again for sessions only
}

// want is the next record wanted from one consolidator.
type want struct {
	stream.Position
	told  bool     // an unknown loss was: what comes next, comes next
	noted bool     // a consolidator said it lately, not only the reader
	level bool     // the log was seen to stand here, and tells itself what comes after it
	past  []uint64 // epochs that were left: the log may still have records of them
}

// goOn moves to a place, maybe in another epoch.
func (w *want) goOn(at stream.Position) {
	past := w.past
	if w.Epoch != 0 && w.Epoch != at.Epoch {
		past = append(past, w.Epoch)
	}
	*w = want{Position: at, past: past}
}

// origin is what a number stands for.
type origin struct {
	consolidator string
	epoch        uint64
	older        bool // than the epoch that the reader names
}

func newSkip(positions map[string]stream.Position, from uint64) *skip {
	k := &skip{from: from, wants: make(map[string]*want, len(positions)), origins: make(map[uint64]*origin)}
	for name, at := range positions {
		k.wants[name] = &want{Position: at}
	}
	return k
}

// wanted is what is wanted from a consolidator.
func (k *skip) wanted(consolidator string) *want {
	w := k.wants[consolidator]
	if w == nil {
		w = &want{told: true}
		k.wants[consolidator] = w
	}
	return w
}

// note says that a record was sent.
func (k *skip) note(consolidator string, at stream.Position) {
	w := k.wanted(consolidator)
	w.goOn(stream.Position{Epoch: at.Epoch, Seq: at.Seq + 1})
	w.noted = true
}

// origin looks up what a number stands for; nil if nobody knows.
func (k *skip) origin(t *tail, n uint64) *origin {
	if o, ok := k.origins[n]; ok {
		return o
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var o *origin
	for _, r := range t.table.rows {
		switch {
		case r.n == n:
			o = &origin{consolidator: r.consolidator, epoch: r.epoch}
		case o != nil && r.consolidator == o.consolidator && k.wants[o.consolidator] != nil:
			o.older = o.older || r.epoch == k.wants[o.consolidator].Epoch
		}
	}
	if o != nil && o.epoch != 0 {
		k.origins[n] = o
	}
	return o
}

// resumed adds an entry of the log, before place next, if the reader does not
// have it yet.
func (s *session) resumed(e entry.Entry, next uint64) {
	o := s.skip.origin(s.tail, e.Source)
	plain := unplaced(e.Source, e.Seq)
	if o == nil || o.epoch == 0 {
		if next > s.skip.from {
			s.entry(plain, e)
		}
		return
	}
	w := s.skip.wants[o.consolidator]
	switch {
	case w == nil:
		if next <= s.skip.from {
			return
		}
		w = s.skip.wanted(o.consolidator)
	case o.older || slices.Contains(w.past, o.epoch):
		return
	}
	count := uint64(1)
	if e.Lost {
		if count = e.Count; count == 0 {
			if !w.told {
				w.told = true
				s.entry(plain, e)
			}
			return
		}
		if at := e.After(); at.Epoch != 0 && w.told && w.Epoch != at.Epoch {
			// The second of a pair: an epoch ended nobody knows where, and of the
			// next one so many are lost.
			w.goOn(at)
			w.level = true
			s.entry(plain, e)
			return
		}
	}
	first := e.Seq + 1 - min(count, e.Seq+1) // of the sequence numbers in the entry
	before := unplaced(0, 0)
	if first > 0 {
		before = unplaced(e.Source, first-1) // or it would be told again after a break
	}
	switch {
	case w.Epoch == o.epoch && e.Seq < w.Seq:
		w.level = e.Seq+1 == w.Seq
		return
	case w.told:
	case w.Epoch != o.epoch && w.level:
	case w.Epoch != o.epoch:
		s.tellOwnLoss(before, first, true, otherReason)
	case first > w.Seq:
		s.tellOwnLoss(before, first-w.Seq, false, lateReason)
	case first < w.Seq:
		e.Count = e.Seq + 1 - w.Seq
	}
	w.goOn(stream.Position{Epoch: o.epoch, Seq: e.Seq + 1})
	w.level = true
	s.entry(plain, e)
}

// stand notes where the log stands: at its end by now. tail.mu is held.
func (k *skip) stand(t *tail, end uint64) {
	k.end, k.others = end, false
	k.stood = make(map[string]*stood)
	for _, r := range t.table.rows { // newer epochs come later
		at := k.stood[r.consolidator]
		switch {
		case r.epoch == 0:
			k.others = true
		case r.logged || at == nil:
			k.stood[r.consolidator] = &stood{Position: stream.Position{Epoch: r.epoch, Seq: r.next}}
		default:
			at.later = append(at.later, r.epoch)
		}
	}
	for _, w := range k.wants {
		w.level = false
	}
}

// settled is asked when the session has read the log up to a place. It reports
// whether the reader stands where the log does at every consolidator, and so
// goes on like any other. What it misses up to there is told.
func (s *session) settled(at fanout.Position) bool {
	k := s.skip
	if at.Next < k.end {
		return false
	}
	settled := true
	for name, w := range k.wants {
		stood := k.stood[name]
		switch {
		case w.level:
			continue
		case stood == nil:
			settled = settled && !k.others // or else it is not in the cluster any more
			continue
		case w.Epoch == stood.Epoch && w.Seq > stood.Seq,
			w.Epoch != stood.Epoch && (w.noted || slices.Contains(stood.later, w.Epoch)):
			settled = false // the log is behind
			continue
		case w.told:
		case w.Epoch != stood.Epoch:
			s.tellOwnLoss(s.stoodID(name, stood), stood.Seq, true, otherReason)
		case w.Seq < stood.Seq:
			s.tellOwnLoss(s.stoodID(name, stood), stood.Seq-w.Seq, false, lateReason)
		}
		w.goOn(stood.Position)
		w.level = true
	}
	return settled
}

// stoodID is the id of a loss up to where the log stood at a consolidator.
func (s *session) stoodID(consolidator string, at *stood) stream.EventID {
	if at.Seq == 0 {
		return unplaced(0, 0)
	}
	return s.againID(consolidator, at.Epoch, at.Seq-1)
}
