package batch

import (
	"bytes"
	"encoding/binary"
	"iter"

	"github.com/klauspost/compress/zstd"

	"sluice/archive/subject"
	"sluice/cluster/loss"
)

// Records are those of a batch, in order. They stay in the memory that Open filled.
type Records struct {
	rest    []byte
	lengths bool
	first   uint64
}

// Open decompresses the payload of the message that the head was read from, into buf[:0]
// or, where that is too small (nil is), into memory of its own, of MaxRaw bytes at most.
// The memory that the records stand in is returned, to be used for the next batch once
// they are not needed any more. A gap has no records. The error wraps ErrDamaged.
func (h *Head) Open(payload, buf []byte) (Records, []byte, error) {
	if h.Gap != nil {
		return Records{}, buf, nil
	}
	fail := func(what string) (Records, []byte, error) {
		return Records{}, buf, damaged(subject.Of(h.Consolidator, h.Stream), what)
	}
	var frame zstd.Header
	if frame.Decode(payload) != nil || !frame.HasFCS || frame.FrameContentSize != h.raw || h.raw > MaxRaw {
		return fail("its payload is no zstd frame of the size that its head says")
	}
	data, err := decoder().DecodeAll(payload, buf[:0])
	if err != nil || uint64(len(data)) != h.raw {
		return fail("its payload cannot be decompressed")
	}
	buf = data
	r := Records{rest: data, lengths: h.lengths, first: h.First}
	if !r.valid(h.Count) {
		return fail("it has another number of records than its head says")
	}
	return r, buf, nil
}

// valid reports whether there are so many records, and nothing else.
func (r Records) valid(count uint64) bool {
	if !r.lengths {
		return r.rest[len(r.rest)-1] == '\n' && uint64(bytes.Count(r.rest, []byte{'\n'})) == count
	}
	for ; len(r.rest) > 0; count-- {
		size, n := binary.Uvarint(r.rest)
		if n <= 0 || size > uint64(len(r.rest)-n) || count == 0 {
			return false
		}
		r.rest = r.rest[n+int(size):]
	}
	return count == 0
}

// Next is the next record; ok is false after the last.
func (r *Records) Next() (data []byte, ok bool) {
	if len(r.rest) == 0 {
		return nil, false
	}
	var end, next int
	if r.lengths {
		size, n := binary.Uvarint(r.rest)
		r.rest = r.rest[n:]
		end, next = int(size), int(size)
	} else {
		end = bytes.IndexByte(r.rest, '\n')
		next = end + 1
	}
	data, r.rest = r.rest[:end:end], r.rest[next:]
	r.first++
	return data, true
}

// Seq is the sequence number of what Next returns next.
func (r *Records) Seq() uint64 { return r.first }

// All are the records that are left, with their sequence numbers.
func (r Records) All() iter.Seq2[uint64, []byte] {
	return func(yield func(uint64, []byte) bool) {
		for {
			seq := r.first
			data, ok := r.Next()
			if !ok || !yield(seq, data) {
				return
			}
		}
	}
}

// openGap reads what a gap says in its payload.
func (h *Head) openGap(subject string, payload []byte) error {
	l, ok := loss.ParseRecord(payload)
	if !ok || uint64(len(payload)) != h.raw {
		return damaged(subject, "it is a gap without a loss")
	}
	l.Stream, l.Count, l.Unknown, l.After = h.Stream, h.Gap.Count, h.Gap.Unknown, h.Gap.After
	*h.Gap = l
	return nil
}
