package timeline

import (
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/rescue"
	"sluice/tui/rows"
)

// An axis that stays keeps its chart so long, while records come, and ten times as long
// as it took to make it.
const (
	between = 100 * time.Millisecond
	share   = 10
)

// Timeline makes charts of the rows in a store. All methods are for the goroutine of the
// store.
type Timeline struct {
	store  *rows.Store
	wake   func()
	chart  atomic.Pointer[Chart]
	fault  atomic.Value // a panic of a goroutine, for Step to have
	making *making      // nil: no chart is
	asked  Ask          // for the newest chart
	first  uint64       // and the oldest record that there was
	known  [2]known     // and what was known of them: rows, and matches
	begun  time.Time
	took   time.Duration     // to make it
	blocks map[uint64]*block // what is known of blocks; while a chart is made, it is the goroutines'
	of     [2]Rows           // what blocks were counted of
}

// Ask is what a chart is made of.
type Ask struct {
	Axis
	Rows    Rows   // nil: all records are rows
	Matches Rows   // nil: nothing is searched for
	End     uint64 // records from this number on are no rows
}

// block is what was found in a block, or a part of one.
type block struct {
	from, to    uint64 // the records that were there
	rows        int    // of those that were tested
	first, last int64
	sum         Column
	count       [2]int
}

// New returns a timeline without a chart. wake is called, on any goroutine, when there is
// another one.
func New(s *rows.Store, wake func()) *Timeline {
	return &Timeline{store: s, wake: wake, blocks: map[uint64]*block{}}
}

// Chart is the newest chart; nil: there is none yet.
func (t *Timeline) Chart() *Chart { return t.chart.Load() }

// Close ends what goes on.
func (t *Timeline) Close() {
	if t.making != nil {
		t.making.lease.End()
		t.making = nil
	}
}

// Step begins to make the chart that is asked for, unless it is there, or another one
// is being made.
func (t *Timeline) Step(ask Ask) {
	if fault := t.fault.Load(); fault != nil {
		panic(fault) // where it restores the terminal
	}
	if m := t.making; m != nil {
		m.lease.Renew()
		if !m.lease.Over() {
			return
		}
		t.making, t.took = nil, time.Since(t.begun)
		t.remember(m)
	}
	ask.End = min(ask.End, t.store.Next())
	now := [2]known{knownOf(ask.Rows), knownOf(ask.Matches)}
	changed := ask.Axis != t.asked.Axis || ask.Rows != t.asked.Rows || ask.Matches != t.asked.Matches
	moved := ask.End != t.asked.End || t.store.First() != t.first || now != t.known
	if !changed && (!moved || time.Since(t.begun) < max(between, share*t.took)) {
		return
	}
	t.asked, t.first, t.known, t.begun = ask, t.store.First(), now, time.Now()
	if of := [2]Rows{ask.Rows, ask.Matches}; of != t.of {
		clear(t.blocks)
		t.of = of
	}
	t.make(ask)
}

// known is how many records are rows, or match, and whether that is known of all.
type known struct {
	count    int
	complete bool
}

func knownOf(r Rows) known {
	if r == nil {
		return known{complete: true}
	}
	return known{r.Count(), r.Complete()}
}

// making is a chart that is being made.
type making struct {
	lease *rows.Lease
	ask   Ask
	hits  [][2]*[rows.BlockLen / 64]uint64 // by part: rows, and matches
	known []*block                         // by part: what is known of it
	fresh []*block                         // by part: what was found in it
	left  atomic.Int32

	mu    sync.Mutex
	chart *Chart
}

func (t *Timeline) make(ask Ask) {
	first := t.store.First()
	m := &making{lease: t.store.Lease(first, first), ask: ask}
	parts, readers := m.lease.Size()
	m.hits, m.known, m.fresh = make([][2]*[rows.BlockLen / 64]uint64, parts), make([]*block, parts), make([]*block, parts)
	m.chart = &Chart{Axis: ask.Axis, Columns: make([]Column, ask.Width), Complete: t.known[0].complete && t.known[1].complete}
	for i := range parts {
		from, _ := m.lease.Part(i).Bounds()
		n := from / rows.BlockLen
		m.known[i] = t.blocks[n]
		for k, r := range []Rows{ask.Rows, ask.Matches} {
			if r != nil {
				m.hits[i][k] = r.Hits(n)
			}
		}
	}
	m.left.Store(int32(readers))
	t.making = m
	for i := range readers {
		go t.work(m, i)
	}
}

// remember keeps what was found in blocks.
func (t *Timeline) remember(m *making) {
	for n, b := range t.blocks {
		if b.to <= t.store.First() {
			delete(t.blocks, n)
		}
	}
	for i, b := range m.fresh {
		if b != nil {
			from, _ := m.lease.Part(i).Bounds()
			t.blocks[from/rows.BlockLen] = b
		}
	}
}

// work counts parts as one of the readers.
func (t *Timeline) work(m *making, reader int) {
	own := &Chart{Axis: m.ask.Axis, Columns: make([]Column, len(m.chart.Columns))}
	whole := false
	defer func() {
		m.mu.Lock()
		m.chart.merge(own)
		m.mu.Unlock()
		if fault := rescue.Caught("timeline", recover()); fault != nil {
			t.fault.Store(fault)
			m.lease.End()
		}
		m.lease.Leave(reader)
		if m.left.Add(-1) == 0 {
			if whole {
				t.chart.Store(m.chart)
			}
			t.wake()
		}
	}()
	for {
		i, ok := m.lease.Take(reader)
		if !ok {
			whole = !m.lease.Ended()
			return
		}
		m.part(i, own)
		m.lease.Release(reader)
	}
}

// part counts a part.
func (m *making) part(i int, own *Chart) {
	p := m.lease.Part(i)
	from, to := p.Bounds()
	to = min(to, m.ask.End)
	if from >= to {
		return
	}
	count := [2]int{hitsIn(m.hits[i][0]), hitsIn(m.hits[i][1])}
	if b := m.known[i]; b != nil && b.from == from && b.to == to && b.count == count && own.whole(b) {
		return
	}
	b := &block{from: from, to: to, count: count, first: math.MaxInt64, last: math.MinInt64}
	r := reader{chart: own, block: b}
	base := from / rows.BlockLen * rows.BlockLen
	for at, end := int(from-base), int(to-base); at < end; {
		word, bit := at/64, at%64
		left := min(64-bit, end-at) // records of this word
		rows, matches := ^uint64(0), uint64(0)
		if m.ask.Rows != nil {
			rows = wordOf(m.hits[i][0], word)
		}
		if m.hits[i][1] != nil {
			matches = m.hits[i][1][word] >> bit
		}
		for rows >>= bit; rows != 0; {
			k := bits.TrailingZeros64(rows)
			if k >= left {
				break
			}
			r.take(p.Entry(at+k), base+uint64(at+k), matches>>k&1 != 0)
			rows &= rows - 1
		}
		at += left
	}
	r.flush()
	m.fresh[i] = b
}
