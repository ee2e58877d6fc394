package direct

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/rescue"
	"sluice/cluster/stream"
)

// mergeSize bounds the backfill that is held to be merged, in bytes.
const mergeSize = 64 << 20

// merge collects the backfill of one tail from all consolidators, and hands it
// on merged by time. What is live already waits behind it.
type merge struct {
	out  *stream.Handover
	name string
	ctx  context.Context // ends when nothing of it is wanted any more
	end  context.CancelFunc
	last int           // records in all; -1 means all of them
	wait time.Duration // for those who have not answered

	done atomic.Bool // everything goes straight to the inbox

	mu       sync.Mutex
	waiting  map[*link]bool
	backfill []stream.Record
	live     []stream.Record
	notices  []stream.Notice // At counts the records of their own source
	held     map[string]int  // records held, by source
	size     int
	timer    *time.Timer
	handing  bool          // finish is at work
	opened   chan struct{} // closed when it is done
}

func newMerge(out *stream.Handover, name string, from stream.Backfill, wait time.Duration) *merge {
	m := &merge{out: out, name: name, last: from.Last, wait: wait, waiting: make(map[*link]bool), opened: make(chan struct{})}
	m.ctx, m.end = context.WithCancel(context.Background())
	if from.Positions != nil {
		m.last = -1
	}
	return m
}

// expect adds a consolidator whose answer is waited for.
func (m *merge) expect(l *link) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.done.Load() && !l.failed() && l.accounted() {
		m.waiting[l] = true
	}
}

// begin starts the clock, once all are expected that are known.
func (m *merge) begin(running *rescue.Group) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done.Load() || m.timer != nil {
		return
	}
	m.timer = time.AfterFunc(m.wait, func() { running.Do("merge a backfill", m.finish) })
	if len(m.waiting) == 0 {
		m.timer.Reset(0)
	}
}

// stop gives up: nothing of it is wanted any more, and whoever waits with some of it
// puts it nowhere.
func (m *merge) stop() {
	m.end()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open()
	if m.timer != nil {
		m.timer.Stop()
	}
	m.backfill, m.live, m.notices = nil, nil, nil
}

// open lets everything pass. m.mu is held.
func (m *merge) open() {
	if !m.done.Swap(true) {
		m.waiting = nil // or it takes as much memory as the tail has consolidators
		close(m.opened)
	}
}

// hold keeps what came while the backfill is not complete. It reports false
// when it is, and the caller hands its records on itself.
func (m *merge) hold(recs []stream.Record, notices []stream.Notice) bool {
	if m.done.Load() {
		return false
	}
	m.mu.Lock()
	if m.done.Load() {
		m.mu.Unlock()
		return false
	}
	for _, r := range recs {
		r.Data = append([]byte(nil), r.Data...)
		m.size += len(r.Data) + stream.RecordCost
		if r.Backfill {
			m.backfill = append(m.backfill, r)
		} else {
			m.live = append(m.live, r)
		}
	}
	for _, n := range notices {
		n.At += m.held[n.Source]
		m.notices = append(m.notices, n)
	}
	if len(recs) > 0 { // all of one source, as notices are
		if m.held == nil {
			m.held = make(map[string]int)
		}
		m.held[recs[0].Source] += len(recs)
	}
	full := m.size > mergeSize && m.timer != nil
	m.mu.Unlock()
	if full {
		m.finish()
		// Whoever is handing it on waits for a consumer, and so do we.
		select {
		case <-m.opened:
		case <-m.ctx.Done():
		}
	}
	return true
}

// answered notes that a consolidator has sent its backfill, or cannot.
func (m *merge) answered(l *link) {
	if m.done.Load() {
		return
	}
	m.mu.Lock()
	delete(m.waiting, l)
	complete := len(m.waiting) == 0 && m.timer != nil
	m.mu.Unlock()
	if complete {
		m.finish()
	}
}

// finish hands on what was collected, and opens the way for what follows.
func (m *merge) finish() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done.Load() || m.handing {
		return
	}
	m.handing = true
	m.timer.Stop()
	recs := stream.MergeByTime(m.backfill)
	trimmed := make(map[string]int) // by source
	if over := len(recs) - m.last; m.last >= 0 && over > 0 {
		for i := range recs[:over] {
			trimmed[recs[i].Source]++
		}
		recs = recs[over:]
	}
	filled := stream.Notice{At: len(recs), Kind: stream.KindBackfill, Time: time.Now(), Stream: m.name}
	recs = append(recs, m.live...)
	notices := placed(recs, trimmed, m.notices)
	after := 0
	for after < len(notices) && notices[after].At <= filled.At {
		after++
	}
	notices = slices.Insert(notices, after, filled)
	for {
		m.backfill, m.live, m.notices, m.held = nil, nil, nil, nil
		err := m.put(recs, notices)
		recs = append(m.backfill, m.live...)
		notices = placed(recs, nil, m.notices)
		if err != nil || m.done.Load() || len(recs)+len(notices) == 0 {
			m.open()
			return
		}
	}
}

// putSize is how many records are handed on at once, so that a large backfill
// does not overfill the inbox.
const putSize = 4096

// put hands on. It waits when the inbox is full, and m.mu, which the caller
// holds, is free meanwhile: the consumer may be stopping this tail.
func (m *merge) put(recs []stream.Record, notices []stream.Notice) error {
	m.mu.Unlock()
	defer m.mu.Lock()
	for done := 0; ; {
		end := min(done+putSize, len(recs))
		var some []stream.Notice
		for len(notices) > 0 && (notices[0].At <= end || end == len(recs)) {
			n := notices[0]
			n.At -= done
			some = append(some, n)
			notices = notices[1:]
		}
		if err := m.out.Put(m.ctx, recs[done:end], some); err != nil {
			return err
		}
		if done = end; done == len(recs) {
			return nil
		}
	}
}

// placed puts notices, whose At counts the records of their own source, where
// they stand among recs: before the record of that source which came after
// them. Of each source, so many records as trimmed says are not in recs.
func placed(recs []stream.Record, trimmed map[string]int, notices []stream.Notice) []stream.Notice {
	if len(notices) == 0 {
		return nil
	}
	notices = slices.DeleteFunc(notices, func(n stream.Notice) bool {
		// What was refused before the first record that was asked for is nobody's loss.
		l := n.Loss()
		return n.Kind == stream.KindGap && l.Refused() && n.At < trimmed[n.Source]
	})
	waiting := make(map[string][]stream.Notice)
	for _, n := range notices {
		waiting[n.Source] = append(waiting[n.Source], n)
	}
	all := make([]stream.Notice, 0, len(notices)+1)
	seen := maps.Clone(trimmed)
	if seen == nil {
		seen = make(map[string]int)
	}
	for i := range recs {
		source := recs[i].Source
		list := waiting[source]
		for len(list) > 0 && list[0].At <= seen[source] {
			list[0].At = i
			all = append(all, list[0])
			list = list[1:]
		}
		waiting[source] = list
		seen[source]++
	}
	for _, n := range notices { // those behind the last record of their source
		list := waiting[n.Source]
		if len(list) == 0 {
			continue
		}
		list[0].At = len(recs)
		all = append(all, list[0])
		waiting[n.Source] = list[1:]
	}
	return all
}
