package stream

import (
	"cmp"
	"slices"

	"sluice/cluster/record"
)

// Merge takes from several sources, each of which is in order, what comes first of
// all. It is for one goroutine.
type Merge[S any] struct {
	before func(a, b S) bool
	heap   []S
}

// NewMerge returns the merge of sources that have a next item each. before compares
// the next items of two sources.
func NewMerge[S any](sources []S, before func(a, b S) bool) *Merge[S] {
	m := &Merge[S]{before: before, heap: slices.Clone(sources)}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m
}

// Next is the source whose item comes next; ok is false when there is none.
func (m *Merge[S]) Next() (source S, ok bool) {
	if len(m.heap) == 0 {
		return source, false
	}
	return m.heap[0], true
}

// Moved is to be called when the source that Next returned has another next item.
func (m *Merge[S]) Moved() { m.down(0) }

// Ended is to be called when the source that Next returned has no more.
func (m *Merge[S]) Ended() {
	last := len(m.heap) - 1
	m.heap[0] = m.heap[last]
	clear(m.heap[last:])
	m.heap = m.heap[:last]
	m.down(0)
}

func (m *Merge[S]) down(i int) {
	for {
		least := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < len(m.heap) && m.before(m.heap[child], m.heap[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		m.heap[i], m.heap[least] = m.heap[least], m.heap[i]
		i = least
	}
}

// MergeByTime returns records in the order of their times, but never two of the same
// consolidator against the order in which it had them: a record without a time, or
// with one that went back, counts as of the time of the one before it. Of equal times
// the consolidator goes first whose name does.
func MergeByTime(recs []Record) []Record {
	type timed struct {
		time int64
		at   int // in recs
	}
	type queue struct {
		source  string
		waiting []timed
	}
	queues := make(map[string]*queue)
	var all []*queue
	for i := range recs {
		q := queues[recs[i].Source]
		if q == nil {
			q = &queue{source: recs[i].Source}
			queues[q.source] = q
			all = append(all, q)
		}
		t := record.PeekTime(recs[i].Data)
		if n := len(q.waiting); n > 0 {
			t = max(t, q.waiting[n-1].time)
		}
		q.waiting = append(q.waiting, timed{max(t, 0), i})
	}
	merge := NewMerge(all, func(a, b *queue) bool {
		return cmp.Or(cmp.Compare(a.waiting[0].time, b.waiting[0].time), cmp.Compare(a.source, b.source)) < 0
	})
	merged := make([]Record, 0, len(recs))
	for {
		q, ok := merge.Next()
		if !ok {
			return merged
		}
		merged = append(merged, recs[q.waiting[0].at])
		if q.waiting = q.waiting[1:]; len(q.waiting) > 0 {
			merge.Moved()
		} else {
			merge.Ended()
		}
	}
}
