package blocks

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/nats-io/nats-server/v2/server/avl"
)

// The form of the server's index.
const (
	indexMagic   = 11
	indexVersion = 4
)

// placed is where messages of a subject are.
type placed struct {
	messages    uint64
	first, last uint32 // blocks
}

// holding is what all blocks hold.
type holding struct {
	all []uint32

	mu       sync.Mutex
	sums     []*sum // by the places of their blocks in all, without subjects
	subjects map[string]*placed
}

// take takes up what the nth block holds.
func (h *holding) take(n int, s *sum) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range s.subjects {
		p := h.subjects[t.subject]
		if p == nil {
			p = &placed{first: h.all[n]}
			h.subjects[t.subject] = p
		}
		p.messages += t.messages
		p.first, p.last = min(p.first, h.all[n]), max(p.last, h.all[n])
	}
	s.subjects = nil
	h.sums[n] = s
}

// encode is the server's index of a stream that holds this.
func (h *holding) encode(stream string) ([]byte, error) {
	var messages, size, last uint64
	for i, s := range h.sums {
		if s.first <= last {
			return nil, fmt.Errorf("block %d begins with message %d, and one before ends with %d: %w", h.all[i], s.first, last, errUncertain)
		}
		last = s.last
		messages += s.messages
		size += s.bytes
	}
	oldest, newest := h.sums[0], h.sums[len(h.sums)-1]
	b := []byte{indexMagic, indexVersion}
	for _, v := range []uint64{messages, size, oldest.first} {
		b = binary.AppendUvarint(b, v)
	}
	b = binary.AppendVarint(b, oldest.firstAt)
	b = binary.AppendUvarint(b, newest.last)
	b = binary.AppendVarint(b, newest.lastAt)
	b = binary.AppendUvarint(b, uint64(len(h.subjects)))
	for subject, p := range h.subjects {
		b = binary.AppendUvarint(b, uint64(len(subject)))
		b = append(b, subject...)
		b = binary.AppendUvarint(b, p.messages)
		b = binary.AppendUvarint(b, uint64(p.first))
		b = binary.AppendUvarint(b, uint64(p.last))
	}
	b = binary.AppendUvarint(b, uint64(len(h.sums)))
	for i, s := range h.sums {
		b = binary.AppendUvarint(b, uint64(h.all[i]))
		b = binary.AppendUvarint(b, s.bytes)
		b = binary.AppendUvarint(b, s.first)
		b = binary.AppendVarint(b, s.firstAt-oldest.firstAt)
		b = binary.AppendUvarint(b, s.last)
		b = binary.AppendVarint(b, s.lastAt-oldest.firstAt)
		var gone avl.SequenceSet
		for _, g := range s.gone {
			for n := g.from; n <= g.to; n++ {
				gone.Insert(n)
			}
		}
		b = binary.AppendUvarint(b, uint64(gone.Size()))
		b = binary.AppendUvarint(b, s.aged)
		b = binary.AppendUvarint(b, 0) // schedules
		if !gone.IsEmpty() {
			b = append(b, gone.Encode(nil)...)
		}
	}
	b = binary.AppendUvarint(b, uint64(h.all[len(h.all)-1]))
	b = append(b, newest.check[:]...)
	hash := hasher(stream)
	_, _ = hash.Write(b)
	return hash.Sum(b), nil
}
