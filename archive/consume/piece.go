package consume

import (
	"errors"

	"github.com/nats-io/nats.go"

	"sluice/archive/batch"
	"sluice/cluster/loss"
	"sluice/cluster/record"
)

// piece is records that are handled by one call: a batch as it was archived, or a part of
// it.
type piece struct {
	subject     string
	from        string // the JetStream stream it came out of, and the sequence there
	head        batch.Head
	records     [][]byte
	attempts    int // that failed, of a single record
	redelivered bool
	damaged     bool // it could not be read, and stands for the loss of it
}

// open reads a message of the archive. Of what is not a batch, the piece is the loss of
// it. Its error is a message that this sluice is too old for.
func (w *Worker) open(subject string, header nats.Header, data []byte) (piece, error) {
	if w.batchLost {
		w.buf, w.records, w.batchLost = nil, nil, false
	}
	p := piece{subject: subject, records: w.records[:0]}
	head, err := batch.Decode(subject, header, data)
	var records batch.Records
	if err == nil {
		p.head = head
		records, w.buf, err = head.Open(data, w.buf[:0])
	}
	switch {
	case errors.Is(err, batch.ErrNewer):
		return p, configError{err}
	case errors.Is(err, batch.ErrForeign):
		w.Logger.Warn("passed over a message that is no batch", "error", err)
		return p, nil
	case err != nil:
		return w.damaged(p, header, err), nil
	}
	for {
		data, ok := records.Next()
		if !ok {
			break
		}
		p.records = append(p.records, data)
	}
	w.records = p.records
	return p, nil
}

// damaged is the piece for a batch that cannot be read.
func (w *Worker) damaged(p piece, header nats.Header, err error) piece {
	head, peeked := batch.Peek(p.subject, header)
	p.head, p.damaged = head, true
	p.head.Gap = &loss.Loss{
		Stream: head.Stream, Source: head.Consolidator, Hop: atArchive, Unknown: true,
		Reason: "a batch of the archive is damaged",
	}
	if peeked != nil {
		w.Logger.Warn("a batch is damaged, and its head, too", "error", err)
	}
	return p
}

const atArchive = "archive"

// trim takes off what comes before the group's beginning.
func (p *piece) trim(g *group, sequence uint64) {
	skip := 0
	if b, ok := g.Begins[p.subject]; ok {
		switch {
		case sequence < b.Sequence:
			skip = len(p.records)
		case sequence == b.Sequence:
			skip = min(int(b.Skip), len(p.records))
		}
	}
	if g.Since != nil {
		since := g.Since.UnixMilli()
		if p.head.Times().Earliest < since {
			for skip < len(p.records) && p.time(skip) < since {
				skip++
			}
		}
	}
	p.records = p.records[skip:]
	p.head.First += uint64(skip)
	p.head.Count -= min(uint64(skip), p.head.Count)
}

// time is a record's own time, in Unix milliseconds, or else the last one at which it may
// have come.
func (p *piece) time(i int) int64 {
	if own := record.PeekTime(p.records[i]); own != 0 {
		return own
	}
	return p.head.Arrived.Latest
}

// part is a message of some of the piece's records.
func (p *piece) part(from, to int) (batch.Message, error) {
	var b batch.Builder
	for _, r := range p.records[from:to] {
		if err := b.Add(r, record.PeekTime(r), p.head.Arrived.Latest); err != nil {
			return batch.Message{}, err
		}
	}
	return b.Encode(&batch.Head{
		Consolidator: p.head.Consolidator, Stream: p.head.Stream,
		Epoch: p.head.Epoch, First: p.head.First + uint64(from),
	}), nil
}

// batch is the piece as the handler gets it.
func (p *piece) batch(group string) *Batch {
	return &Batch{
		Group: group, Consolidator: p.head.Consolidator, Stream: p.head.Stream,
		Epoch: p.head.Epoch, First: p.head.First, Records: p.records,
		Attempt: p.attempts + 1, Redelivered: p.redelivered, Loss: p.head.Gap,
	}
}
