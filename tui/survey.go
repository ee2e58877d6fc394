package tui

import (
	"runtime"
	"sort"
	"sync/atomic"

	"sluice/cluster/rescue"
)

// survey tests the records that a store holds in the background, on all cores,
// block by block. What it reads does not change meanwhile: blocks and slabs
// only grow, behind what it looks at, and the store keeps them as long as a
// worker looks at them (see store.reading).
type survey struct {
	probe   probe
	names   names
	driven  bool
	chunks  []chunk      // in the order in which they are tested
	next    atomic.Int64 // chunk
	workers []atomic.Int64
	running atomic.Int32
	stopped atomic.Bool
	hits    atomic.Bool      // something was found
	had     atomic.Bool      // and the model has the first of it; chunks before that one may not be done when it is
	fault   atomic.Value     // a panic of a worker, for the model's goroutine to have
	wake    func(first bool) // a chunk is done; first: and the model has nothing yet of what was found

	collected int  // chunks whose result was taken
	used      bool // somebody has asked for results since the last sweep
}

// chunk is a part of a block.
type chunk struct {
	state    atomic.Int32
	number   uint64 // of the block
	from, to int    // places in it
	mem      *mapped
	entries  *[blockLen]entry
	runs     []run
	odd      bool
	forward  bool
	marks    *marks // nil: none found
}

// The states of a chunk. Who moves it from free owns it.
const (
	chunkFree = iota
	chunkTaken
	chunkDone
	chunkGone // the store let it go before anybody looked at it
)

// idle stands for no chunk.
const idle = -1

// startSurvey begins to test what a store holds: from hi up, then from lo down.
func startSurvey(s *store, p probe, lo, hi uint64, wake func(bool)) *survey {
	sv := &survey{probe: p, names: s.names, wake: wake, used: true}
	sv.driven = p.driven(&s.names)
	add := func(from, to uint64, forward bool) {
		b := s.blocks[from/blockLen-s.base]
		sv.chunks = append(sv.chunks, chunk{
			number: from / blockLen, from: int(from % blockLen), to: int(to-1)%blockLen + 1,
			mem: b.mem, entries: b.entries, runs: b.runs, odd: b.odd > 0, forward: forward,
		})
	}
	for n := hi; n < s.next; {
		to := min((n/blockLen+1)*blockLen, s.next)
		add(n, to, true)
		n = to
	}
	for n := lo; n > s.first; {
		from := max((n-1)/blockLen*blockLen, s.first)
		add(from, n, false)
		n = from
	}
	sv.workers = make([]atomic.Int64, max(min(runtime.GOMAXPROCS(0), len(sv.chunks)), 1))
	for i := range sv.workers {
		sv.workers[i].Store(idle)
	}
	sv.running.Store(int32(len(sv.workers)))
	for i := range sv.workers {
		go sv.work(&sv.workers[i])
	}
	return sv
}

// stop ends the workers soon. What they have is not lost.
func (sv *survey) stop() { sv.stopped.Store(true) }

// over reports whether no worker runs any more.
func (sv *survey) over() bool { return sv.running.Load() == 0 }

func (sv *survey) work(at *atomic.Int64) {
	defer sv.running.Add(-1)
	defer at.Store(idle)
	defer func() {
		if fault := rescue.Caught("search", recover()); fault != nil {
			sv.fault.Store(fault)
			sv.stop()
			sv.wake(true)
		}
	}()
	for !sv.stopped.Load() {
		i := sv.next.Add(1) - 1
		if i >= int64(len(sv.chunks)) {
			return
		}
		c := &sv.chunks[i]
		at.Store(i) // before it is taken, see reads
		if !c.state.CompareAndSwap(chunkFree, chunkTaken) {
			continue
		}
		complete := sv.examine(c)
		at.Store(idle)
		if !complete {
			return
		}
		if c.marks != nil {
			sv.hits.Store(true)
		}
		c.state.Store(chunkDone) // from here on it is the model's
		sv.wake(sv.hits.Load() && !sv.had.Load())
		runtime.Gosched()
	}
}

// evicting gives up what nobody looks at yet of the records below upTo.
func (sv *survey) evicting(upTo uint64) {
	for i := range sv.chunks {
		c := &sv.chunks[i]
		if c.number*blockLen+uint64(c.to) <= upTo && c.state.Load() == chunkFree {
			c.state.CompareAndSwap(chunkFree, chunkGone)
		}
	}
}

// reads reports whether a worker may look at this memory now. What evicting
// gave up no worker begins to look at.
func (sv *survey) reads(m *mapped) bool {
	for i := range sv.workers {
		at := sv.workers[i].Load()
		if at == idle {
			continue
		}
		c := &sv.chunks[at]
		if c.mem == m {
			return true
		}
		for k := range c.runs {
			if c.runs[k].mem == m {
				return true
			}
		}
	}
	return false
}

// yieldEvery is how many rows a worker tests before it lets others run, so
// that keys are answered although all cores are at work.
const yieldEvery = 64

// examine tests a chunk; it reports false when it was stopped before the end.
func (sv *survey) examine(c *chunk) bool {
	var m marks
	any, tested := false, 0
	r := &row{names: &sv.names}
	test := func(i int, mem []byte) bool {
		r.e = &c.entries[i]
		r.data = mem[r.e.off : r.e.off+r.e.size]
		if sv.probe.test(r) {
			m.set(i)
			any = true
		}
		if tested++; tested%yieldEvery == 0 {
			if sv.stopped.Load() {
				return false
			}
			runtime.Gosched()
		}
		return true
	}
	for k := range c.runs {
		a, b := max(c.runs[k].first, c.from), c.to
		if k+1 < len(c.runs) {
			b = min(c.runs[k+1].first, b)
		}
		if a >= b {
			continue
		}
		mem := c.runs[k].mem.b
		if sv.driven {
			r.has = &sv.probe.drive
			if !sv.drive(c, a, b, mem, test) {
				return false
			}
			r.has = nil
			if !c.odd {
				continue
			}
		}
		for i := a; i < b; i++ {
			if e := &c.entries[i]; sv.driven && e.plainly && !e.kind.told() {
				continue
			}
			if !test(i, mem) {
				return false
			}
		}
	}
	if any {
		c.marks = &m
	}
	return true
}

// drive goes through the bytes of entries a to b for the word and tests those
// that have it.
func (sv *survey) drive(c *chunk, a, b int, mem []byte, test func(int, []byte) bool) bool {
	word := &sv.probe.drive
	at, end := c.entries[a].off, c.entries[b-1].off+c.entries[b-1].size
	for at < end {
		k := word.Index(mem[at:end])
		if k < 0 {
			return true
		}
		at += uint32(k)
		// Hits are often close to each other: look a little ahead first.
		for i := 0; i < 4 && a < b && c.entries[a].off+c.entries[a].size <= at; i++ {
			a++
		}
		if c.entries[a].off+c.entries[a].size <= at {
			a += sort.Search(b-a, func(i int) bool { return c.entries[a+i].off+c.entries[a+i].size > at })
		}
		e := &c.entries[a]
		if at+uint32(word.Len()) > e.off+e.size {
			at++ // half in the next record
			continue
		}
		if e.plainly && !e.kind.told() && !test(a, mem) {
			return false
		}
		at = e.off + e.size
		a++
	}
	return true
}
