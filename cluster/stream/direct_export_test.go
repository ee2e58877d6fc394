package stream

import (
	"context"
	"time"

	"sluice/cluster/zmtp"
)

// The parts of the direct mode that are tested by themselves.
type (
	Inbox = inbox
	Rates = rates
)

const (
	BlockSize  = blockSize
	MergeWait  = mergeWait
	MaxHeld    = maxHeld
	RecordCost = recordCost
)

var (
	NewInbox    = newInbox
	MergeByTime = mergeByTime
)

func (b *inbox) Put(ctx context.Context, recs []Record, notices []Notice) error {
	return b.put(ctx, recs, notices)
}

func (b *inbox) TryTake() *Batch { return b.tryTake() }

func (b *inbox) Take(ctx context.Context) (*Batch, error) { return b.take(ctx) }

func (b *inbox) Close() { b.close() }

func (b *inbox) Ready() <-chan struct{} { return b.ready }

func (r *rates) Update(now time.Time, stats []zmtp.StreamStat) { r.update(now, stats) }

// At is the rate of a stream at a time; ok is false when it is not live then.
func (r *rates) At(now time.Time, name string) (records, bytes float64, ok bool) {
	r.each(now, func(n string, s *rate) {
		if n == name {
			records, bytes = s.at(now)
			ok = true
		}
	})
	return records, bytes, ok
}
