package consume

import (
	"fmt"

	"sluice/cluster/loss"
)

// Batch is what a handler gets: consecutive records of one stream of one consolidator, or
// a loss in their place. It belongs to the handler until that returns.
type Batch struct {
	Group, Consolidator, Stream string

	Epoch   uint64
	First   uint64   // sequence number of the first record
	Records [][]byte // each as it was published, without a line's end

	Attempt     int  // which attempt of a single record this is, from 1; 1 for all others
	Redelivered bool // a worker had it, and did not say what became of it

	// Loss, when not nil, says what the group does not get; Records is empty then, and
	// the batch is never deferred.
	Loss *loss.Loss
}

// ID names the records: the same ones have the same ID whenever they are delivered, so
// that what is done twice can be recognised. A record's own ID is that of a batch of one.
func (b *Batch) ID() string {
	return fmt.Sprintf("%s/%016x/%d+%d", b.Consolidator, b.Epoch, b.First, len(b.Records))
}
