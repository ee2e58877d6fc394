package consolidator

import (
	"time"

	"sluice/cluster/zmtp"
)

// flowed is a part of a flow that was counted.
type flowed struct{ records, bytes uint64 }

// note counts what came from the publisher since it was called last: once a
// read, so that a record costs nothing.
func (p *publisher) note() {
	now := flowed{p.handled.accepted, p.in.Received()}
	p.c.counts.in.records.Add(now.records - p.noted.records)
	p.c.counts.in.bytes.Add(now.bytes - p.noted.bytes)
	p.noted = now
}

// note counts what the reader got when n bytes of the batch were written:
// records of which at least the beginning was, losses that it was notified of, and
// how long after it was appended a record was written. It is called once a
// write.
func (p *sender) note(n int) {
	counts, kind := &p.s.c.counts, p.s.kind()
	counts.out[kind].bytes.Add(uint64(n))
	n -= len(p.pending)
	var records, lost uint64
	var now time.Time
	for i := range p.items {
		it := &p.items[i]
		if n <= 0 {
			break
		}
		if !refused(it.piece.Cause) {
			lost += it.piece.Lost
		}
		if n < it.size {
			records += begun(it.piece.Bytes, n-(it.mid-it.from))
			break
		}
		n -= it.size
		records += it.piece.Count
		if !it.piece.At.IsZero() {
			if now.IsZero() {
				now = time.Now()
			}
			p.s.c.metrics.delay[kind].Observe(now.Sub(it.piece.At).Seconds())
		}
	}
	if records > 0 {
		counts.out[kind].records.Add(records)
	}
	if lost > 0 {
		counts.lost[kind].Add(lost)
	}
}

// begun is how many of the messages begin before offset n.
func begun(messages []byte, n int) (records uint64) {
	for at := 0; at < min(n, len(messages)); records++ {
		size, _ := zmtp.NextMessage(messages[at:])
		at += size
	}
	return records
}
