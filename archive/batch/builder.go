package batch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"sluice/archive/subject"
	"sluice/cluster/loss"
)

// Message is a batch as it is published.
type Message struct {
	Subject string
	Header  nats.Header
	Payload []byte
}

// Builder gathers records for a batch. The zero Builder is ready. It keeps about as
// many bytes as the records have; of one that is empty none, after [Builder.Free].
type Builder struct {
	data    []byte // lines, or lengths and records
	lengths bool
	count   uint64
	untimed uint64
	own     Span
	arrived Span
}

// ErrTooLarge is returned for a record of more than MaxRecord bytes, which no batch
// holds: it is to be kept as a gap of one.
var ErrTooLarge = fmt.Errorf("a record of more than %d KiB, which the archive does not keep", MaxRecord>>10)

// Add adds a copy of a record, with its own time (what record.PeekTime finds; 0 unknown)
// and when it came, both in Unix milliseconds. To one that is Full nothing may be added.
func (b *Builder) Add(data []byte, own, arrived int64) error {
	if len(data) > MaxRecord {
		return ErrTooLarge
	}
	if !b.lengths && bytes.IndexByte(data, '\n') >= 0 {
		b.toLengths()
	}
	if b.lengths {
		b.data = binary.AppendUvarint(b.data, uint64(len(data)))
		b.data = append(b.data, data...)
	} else {
		b.data = append(append(b.data, data...), '\n')
	}
	if own == 0 {
		b.untimed++
	} else {
		b.own.add(b.count-b.untimed, own)
	}
	b.arrived.add(b.count, arrived)
	b.count++
	return nil
}

func (b *Builder) toLengths() {
	lines := b.data
	b.data, b.lengths = make([]byte, 0, len(lines)+int(b.count)+1), true
	for len(lines) > 0 {
		line, rest, _ := bytes.Cut(lines, []byte{'\n'})
		b.data = binary.AppendUvarint(b.data, uint64(len(line)))
		b.data = append(b.data, line...)
		lines = rest
	}
}

// Count is how many records it holds.
func (b *Builder) Count() uint64 { return b.count }

// Size is how many bytes they take.
func (b *Builder) Size() int { return len(b.data) }

// Full reports that the batch is to be cut.
func (b *Builder) Full() bool { return len(b.data) >= Cut }

// Reset empties it, and keeps its memory for the next batch.
func (b *Builder) Reset() { *b = Builder{data: b.data[:0]} }

// Free empties it, and gives its memory back.
func (b *Builder) Free() { *b = Builder{} }

// Encode makes the message of what was added, which is something. Of the head the
// caller has set Consolidator, Stream, Epoch, First and Links; all else is set here. The
// message has a payload of its own; the Builder stays as it is.
func (b *Builder) Encode(h *Head) Message {
	h.Count, h.Gap, h.Untimed, h.Own, h.Arrived = b.count, nil, b.untimed, b.own, b.arrived
	h.raw, h.lengths = uint64(len(b.data)), b.lengths
	payload := encoder().EncodeAll(b.data, make([]byte, 0, len(b.data)/8+64))
	return h.message(payload)
}

// EncodeGap makes the message of a gap that the archive found at a time. Of the head the
// caller has set Consolidator, Stream, Epoch, First, Gap and Links; all else is set here.
func EncodeGap(h *Head, at time.Time) Message {
	l := *h.Gap
	l.Stream, l.Reason, l.Hop, l.Source = h.Stream, cut(l.Reason), cut(l.Hop), cut(l.Source)
	h.Gap = &l
	h.Count, h.Untimed, h.Own = l.Count, 0, Span{}
	h.Arrived = Span{at.UnixMilli(), at.UnixMilli()}
	payload := l.AppendRecord(nil, at)
	h.raw, h.lengths = uint64(len(payload)), false
	return h.message(payload)
}

// maxReason is the longest text of a loss, in bytes; it is put in words, too.
const maxReason = 1024

func cut(reason string) string { return reason[:min(len(reason), maxReason)] }

func (h *Head) message(payload []byte) Message {
	h.kept = uint64(len(payload))
	m := Message{Subject: subject.Of(h.Consolidator, h.Stream), Payload: payload}
	m.Header = nats.Header{Header: []string{h.encode(m.Subject, payload)}}
	return m
}

// where is the position after a gap.
func (h *Head) where() loss.Position {
	if h.Gap == nil {
		return loss.Position{}
	}
	return h.Gap.After
}
