package query

import (
	"runtime"
	"sort"
	"sync/atomic"

	"sluice/cluster/rescue"
	"sluice/tui/rows"
)

// background tests the records that a store holds on all cores, part by part of a
// lease. The scan that began it collects what was found.
type background struct {
	lease  *rows.Lease
	probe  Probe
	driven bool
	parts  []result     // by the part of the lease
	any    atomic.Bool  // something was found
	had    atomic.Bool  // and the scan has the first of it; parts before that one may not be done when it is
	fault  atomic.Value // a panic of a worker, for the scan's goroutine to have

	collected int // parts whose result was taken
}

// result is what was found in one part.
type result struct {
	done atomic.Bool // from here on it is the scan's
	hits *blockHits  // nil: none found
}

// startBackground begins to test what a store holds: from hi up, then from lo
// down.
func startBackground(s *rows.Store, p Probe, lo, hi uint64) *background {
	l := s.Lease(lo, hi)
	parts, workers := l.Size()
	b := &background{lease: l, probe: p, parts: make([]result, parts)}
	b.driven = p.driven(l.Names())
	for i := range workers {
		go b.work(i)
	}
	return b
}

// goesForward reports whether what comes next is above what was tested.
func (b *background) goesForward() bool {
	return b.collected < len(b.parts) && b.lease.Part(b.collected).Forward()
}

func (b *background) work(worker int) {
	defer b.lease.Leave(worker)
	defer func() {
		if fault := rescue.Caught("search", recover()); fault != nil {
			b.fault.Store(fault)
			b.lease.End()
			b.lease.Wake(true)
		}
	}()
	r := newRow(b.lease.Names())
	for {
		i, ok := b.lease.Take(worker)
		if !ok {
			return
		}
		found, complete := b.examine(b.lease.Part(i), r)
		b.lease.Release(worker)
		if !complete {
			return
		}
		if found != nil {
			b.any.Store(true)
		}
		b.parts[i].hits = found
		b.parts[i].done.Store(true)
		b.lease.Wake(b.any.Load() && !b.had.Load())
		runtime.Gosched()
	}
}

// yieldEvery is how many rows a worker tests before it lets others run, so
// that keys are answered although all cores are at work.
const yieldEvery = 64

// examine tests a part, row by row in r; complete is false when it was stopped before the
// end.
func (b *background) examine(p *rows.Part, r *Row) (found *blockHits, complete bool) {
	var m blockHits
	tested := 0
	test := func(i int, mem []byte) bool {
		e := p.Entry(i)
		r.set(e, e.In(mem))
		if b.probe.Test(r) {
			m.set(i)
			found = &m
		}
		if tested++; tested%yieldEvery == 0 {
			if b.lease.Ended() {
				return false
			}
			runtime.Gosched()
		}
		return true
	}
	for s := range p.Stretches() {
		if b.driven {
			r.has = &b.probe.drive
			if !b.drive(p, s, test) {
				return nil, false
			}
			r.has = nil
			if !p.Mixed() {
				continue
			}
		}
		for i := s.From; i < s.To; i++ {
			if e := p.Entry(i); b.driven && e.Plain && !e.Kind.Notice() {
				continue
			}
			if !test(i, s.Mem) {
				return nil, false
			}
		}
	}
	return found, true
}

// drive goes through the bytes of a stretch for the word and tests the records that
// have it.
func (b *background) drive(p *rows.Part, s rows.Stretch, test func(int, []byte) bool) bool {
	word := &b.probe.drive
	from, to, mem := s.From, s.To, s.Mem
	at, end := p.Entry(from).Begin(), p.Entry(to-1).End()
	usual := uint32(0) // where the word was in the last record that has it
	for at < end {
		// Records that are alike have it at the same place.
		if e := p.Entry(from); at == e.Begin() && usual < e.End()-at && word.Begins(mem[at+usual:e.End()]) {
			at += usual
		} else if k := word.Index(mem[at:end]); k >= 0 {
			at += uint32(k)
		} else {
			return true
		}
		// Hits are often close to each other: look a little ahead first.
		for i := 0; i < 4 && from < to && p.Entry(from).End() <= at; i++ {
			from++
		}
		if p.Entry(from).End() <= at {
			from += sort.Search(to-from, func(i int) bool { return p.Entry(from+i).End() > at })
		}
		e := p.Entry(from)
		if at+uint32(word.Len()) > e.End() {
			at++ // half in the next record
			continue
		}
		if e.Plain && !e.Kind.Notice() && !test(from, mem) {
			return false
		}
		usual = at - e.Begin()
		at = e.End()
		from++
	}
	return true
}
