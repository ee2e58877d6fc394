package proxy

import (
	"sluice/cluster/fanout"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
)

// merged is the piece of one stream that is merged with those of others.
type merged struct {
	part  *part
	piece fanout.Piece
	used  int
	next  uint64
	entry entry.Entry
	size  int
	time  int64 // of the entry, as it counts, in Unix milliseconds
}

// fillMerged is fill for several streams: what there is of them, by time.
func (s *session) fillMerged() bool {
	for taken := 0; s.size() < maxBatch && taken < maxTaken; {
		if s.rest() > 0 {
			return true
		}
		heads := s.takeHeads()
		if len(heads) == 0 {
			s.atEnds()
			return false
		}
		taken += s.mergeHeads(heads)
	}
	return true
}

// takeHeads takes one piece of each stream that has some.
func (s *session) takeHeads() []*merged {
	var heads []*merged
	byName := make(map[string]bool)
	for {
		piece, ok := s.reader.Take(maxBatch)
		if !ok {
			return heads
		}
		if byName[piece.Name] {
			s.reader.Return(&piece, false, 0, nil)
			return heads
		}
		byName[piece.Name] = true
		part := s.part(piece.Name)
		s.addBefore(part, &piece)
		h := &merged{part: part, piece: piece, next: piece.Next}
		h.read()
		heads = append(heads, h)
	}
}

func (s *session) part(name string) *part {
	for _, p := range s.parts {
		if p.name == name {
			return p
		}
	}
	return nil
}

// read looks at the next entry. A loss, and a record without a time, count as of the
// time of the one before.
func (h *merged) read() {
	if h.used == len(h.piece.Bytes) {
		return
	}
	h.entry, h.size = entry.First(h.piece.Bytes[h.used:])
	if !h.entry.Lost {
		h.time = max(h.time, record.PeekTime(h.entry.Data))
	}
}

func (h *merged) at() fanout.Position { return fanout.Position{Epoch: h.piece.Epoch, Next: h.next} }

// mergeHeads adds the entries of all pieces by time, until the batch is full, or one of
// the pieces is at its end while its stream may have more. It returns how many bytes it
// has used.
func (s *session) mergeHeads(heads []*merged) (used int) {
	open := heads[:0:0]
	for _, h := range heads {
		if len(h.piece.Bytes) > 0 {
			open = append(open, h)
		} else {
			s.endHead(h)
		}
	}
	merge := stream.NewMerge(open, func(a, b *merged) bool { return a.time < b.time })
	for s.size() < maxBatch && s.rest() == 0 {
		h, ok := merge.Next()
		if !ok {
			return used
		}
		h.used += h.size
		used += h.size
		h.next += h.entry.Numbers()
		s.addNext(h.part, &h.entry, h.at())
		if h.used < len(h.piece.Bytes) {
			h.read()
			merge.Moved()
			continue
		}
		more := s.hasMore(h)
		s.endHead(h)
		merge.Ended()
		if more {
			break
		}
	}
	for {
		h, ok := merge.Next()
		if !ok {
			return used
		}
		s.endHead(h)
		merge.Ended()
	}
}

// hasMore reports whether a stream has more behind a piece that was used up.
func (s *session) hasMore(h *merged) bool {
	stat, ok := s.proxy.hub.Stat(h.part.name)
	return ok && stat.Next > h.next
}

// endHead gives back what was not used of a piece.
func (s *session) endHead(h *merged) {
	if !h.piece.At.IsZero() && h.used > 0 {
		s.oldest = h.piece.At
	}
	s.stand(h.part, h.at())
	s.addUnseen(h.part)
	if h.used < len(h.piece.Bytes) {
		s.reader.Return(&h.piece, true, h.used, nil)
		return
	}
	live := h.piece.Live
	h.piece.Release()
	if live {
		s.addLive(h.part)
	}
}
