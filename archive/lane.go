package archive

import (
	"time"

	"sluice/archive/batch"
	"sluice/cluster/loss"
)

// place is a stream at a consolidator.
type place struct{ consolidator, stream string }

// held is where the archive stands in a lane: behind the last batch of its subject.
type held struct {
	sequence uint64        // of that batch in its JetStream stream; 0: its subject is empty
	next     loss.Position // of the next record to be archived; zero: nothing ever was
	links    batch.Links   // of the batch that comes next
}

// behind is where the archive stands once a batch is at a sequence.
func behind(h *batch.Head, sequence uint64) held {
	return held{sequence, h.Next(), h.After(sequence)}
}

// lane is one stream of one consolidator on its way into the archive. It belongs to the
// writer's goroutine.
type lane struct {
	place
	held

	head loss.Position // of the next record to be published, as the consolidator told last
	late time.Time     // since when the archive stands still although there is more; zero if it does not. Of lanes that are not mine.

	mine     bool          // it is read, and what comes is appended
	probed   bool          // it is read to see whether there is more, and left if there is not
	begun    bool          // where the reading begins was told
	at       loss.Position // of the next record that is to come
	stopped  uint64        // the take after which nothing of an older tail comes any more
	open     batch.Builder // what came last
	opened   time.Time     // when the first record of it came
	first    loss.Position // of that
	class    int           // of the memory of the last batch, see builders
	queue    []piece       // what is to be appended before that, in order
	bytes    int           // of open and queue, and of what is being appended
	flying   bool          // a piece of it is being appended
	flew     time.Time     // when the first record of that came
	waiting  bool          // for room in the window
	unplaced bool          // its place is to be noted for when the batch has gone
}

// piece is what becomes one batch.
type piece struct {
	records batch.Builder
	gap     *loss.Loss // in place of records
	first   loss.Position
	came    time.Time // when the first of it came
	size    int
}

// came is when the oldest record came that waits.
func (l *lane) came() time.Time {
	switch {
	case l.flying:
		return l.flew
	case len(l.queue) > 0:
		return l.queue[0].came
	}
	return l.opened
}

// isBehind reports whether the consolidator has records that are not archived.
func (l *lane) isBehind() bool {
	switch {
	case l.head.Epoch == 0:
		return false
	case l.head.Epoch != l.next.Epoch:
		return l.head.Seq > 0 || l.next.Epoch != 0
	}
	return l.head.Seq > l.next.Seq
}

// builders keeps the memory of batches that were appended for those that come, by how
// much there is of it.
type builders struct {
	free [20][]batch.Builder // by class
	kept int                 // bytes, about
}

// keep bounds the memory that waits to be used again, in bytes.
const keep = 8 << 20

// class is that of a size: what is in a class has room for half of the largest in it.
func class(size int) int {
	c := 0
	for size > 512 && c < len(builders{}.free)-1 {
		size, c = size>>1, c+1
	}
	return c
}

func (b *builders) take(class int) batch.Builder {
	list := b.free[class]
	if len(list) == 0 {
		return batch.Builder{}
	}
	last := list[len(list)-1]
	list[len(list)-1] = batch.Builder{}
	b.free[class] = list[:len(list)-1]
	b.kept -= 512 << class
	return last
}

func (b *builders) put(one *batch.Builder) (of int) {
	of = class(one.Size())
	if b.kept+512<<of <= keep {
		one.Reset()
		b.free[of] = append(b.free[of], *one)
		b.kept += 512 << of
	}
	*one = batch.Builder{}
	return of
}
