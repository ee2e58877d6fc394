package history

import (
	"errors"

	"sluice/archive/batch"
	"sluice/cluster/loss"
)

// link is one batch of a chain.
type link struct {
	batch.Head
	seq     uint64 // where it stands in the store
	payload []byte // compressed; nil when it was let go, and is to be fetched again
	fault   error  // why it cannot be read: then nothing but seq is known of it
}

// begin is the position of its first record.
func (l *link) begin() loss.Position { return loss.Position{Epoch: l.Epoch, Seq: l.First} }

// hops are the places that it names, the furthest first, and the batch before it last.
func (l *link) hops() (all [len(batch.Spans) + 1]uint64) {
	for i, hop := range l.Hops {
		all[len(l.Hops)-1-i] = hop
	}
	all[len(l.Hops)] = l.Prev
	return all
}

// errGone means that the store has no such message any more.
var errGone = errors.New("it is not held any more")
