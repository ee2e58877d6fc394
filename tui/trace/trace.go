package trace

import (
	"cmp"
	"slices"
	"time"

	"sluice/tui/query"
	"sluice/tui/rows"
)

const (
	// MaxSteps and MaxBytes bound what is copied of the records that are held at first.
	MaxSteps = 20_000
	MaxBytes = 24 << 20

	// around is how far from a step a loss may be to be told among the steps.
	around = time.Second
)

// Trace is the steps that were found.
type Trace struct {
	all     *rows.Stores
	store   *rows.Store
	probe   query.Probe
	sources []*source
	owners  map[string]*source // by stream: from where it is taken
	clock   func() time.Time

	complete    bool
	steps       uint64 // copied
	bytes       int
	beyond      uint64 // found, and not copied
	unseen      uint64 // let go before they were tested
	first, last int64  // times of the steps, in Unix milliseconds
}

// source is a store that steps are taken from.
type source struct {
	trace  *Trace
	store  *rows.Store
	scan   *query.Scan
	from   uint64 // what has this number or above came while it was looked at
	lo, hi uint64 // what has been tested in between was taken
}

// New begins to look for what passes a probe, and puts it into a store that is apart.
// clock is the time at which live records come.
func New(all *rows.Stores, store *rows.Store, probe query.Probe, clock func() time.Time) *Trace {
	t := &Trace{all: all, store: store, probe: probe, clock: clock, owners: make(map[string]*source)}
	store.Hold(true)
	t.join()
	return t
}

// Store has the steps.
func (t *Trace) Store() *rows.Store { return t.store }

// join begins to look through the stores that have streams which no other one of the
// trace has.
func (t *Trace) join() {
	var fresh []*rows.Store
	for s := range t.all.Each() {
		if !s.Apart() && slices.ContainsFunc(s.Streams(), func(name string) bool { return t.lacks(s, name) }) {
			fresh = append(fresh, s)
		}
	}
	// A store of one stream has it from its beginning; others may have a part.
	slices.SortFunc(fresh, func(a, b *rows.Store) int {
		return cmp.Or(cmp.Compare(len(a.Streams()), len(b.Streams())), cmp.Compare(a.Name(), b.Name()))
	})
	for _, s := range fresh {
		at := slices.IndexFunc(t.sources, func(of *source) bool { return of.store == s })
		for _, name := range s.Streams() {
			if !t.lacks(s, name) {
				continue
			}
			if at < 0 {
				at = len(t.sources)
				t.sources = append(t.sources, t.look(s))
			}
			t.owners[name] = t.sources[at]
		}
	}
}

// lacks reports whether a stream that a store has is taken from no store, or from one that
// does not have it any more.
func (t *Trace) lacks(s *rows.Store, name string) bool {
	having := t.all.Of(name)
	of := t.owners[name]
	return slices.Contains(having, s) && (of == nil || !slices.Contains(having, of.store))
}

// look begins to look through a store.
func (t *Trace) look(s *rows.Store) *source {
	t.all.Use(s)
	next := s.Next()
	of := &source{trace: t, store: s, scan: query.NewScan(s, next, t.probe), from: next, lo: next, hi: next}
	t.unseen += s.First() - s.Began()
	s.Watch(of)
	return of
}

// Close ends the trace, and returns the stores that are to be closed: its own, and those
// that it has read.
func (t *Trace) Close() []*rows.Store {
	stores := []*rows.Store{t.store}
	for _, of := range t.sources {
		of.store.Unwatch(of)
		stores = append(stores, of.store)
	}
	t.sources = nil
	return stores
}

// Step goes on until the deadline. more: there is more to do; came: steps were found, and
// wait in the store to be put in the order of their times.
func (t *Trace) Step(deadline time.Time, now func() time.Time) (more, came bool) {
	t.join()
	complete := true
	for _, of := range t.sources {
		more = of.scan.Step(deadline, now) || more
		came = of.take() || came
		complete = complete && of.scan.Complete()
	}
	if complete && !t.complete {
		t.complete = true
		t.takeLosses()
		t.store.Hold(false)
		came = true
	}
	return more, came
}

// take copies what was found since the last time, and reports whether there was any.
func (of *source) take() (came bool) {
	lo, hi := of.scan.Tested()
	if lo < of.lo {
		of.scan.Each(lo, func(n uint64) bool {
			if n >= of.lo {
				return false
			}
			came = of.step(n) || came
			return true
		})
	}
	if hi > of.hi {
		of.scan.Each(of.hi, func(n uint64) bool {
			if n >= hi {
				return false
			}
			came = of.step(n) || came
			return true
		})
	}
	of.lo, of.hi = min(of.lo, lo), max(of.hi, hi)
	return came
}

// step copies one record, unless another store has it, too.
func (of *source) step(n uint64) bool {
	t, e := of.trace, of.store.Entry(n)
	if t.owners[of.store.StreamOf(e)] != of {
		return false
	}
	if e.Kind.Loss() {
		return n >= of.from && t.complete && t.near(e) && t.store.TakeOver(of.store, n, true, t.clock())
	}
	live := n >= of.from && e.Kind == rows.KindRecord
	size := int(e.End() - e.Begin())
	if !live && (t.steps >= MaxSteps || t.bytes+size > MaxBytes) || !t.store.TakeOver(of.store, n, live, t.clock()) {
		t.beyond++
		return false
	}
	if t.steps == 0 || e.Time < t.first {
		t.first = e.Time
	}
	if t.steps == 0 || e.Time > t.last {
		t.last = e.Time
	}
	t.steps++
	t.bytes += size
	return true
}

// takeLosses copies the gaps in the time of the steps that were found.
func (t *Trace) takeLosses() {
	for _, of := range t.sources {
		of.scan.Each(of.store.First(), func(n uint64) bool {
			if e := of.store.Entry(n); e.Kind.Loss() && t.owners[of.store.StreamOf(e)] == of && t.near(e) {
				t.store.TakeOver(of.store, n, false, t.clock())
			}
			return true
		})
	}
}

// near reports whether something happened in the time of the trace, or shortly before or
// after it.
func (t *Trace) near(e *rows.Entry) bool {
	return t.steps > 0 && e.Time >= t.first-around.Milliseconds() && e.Time <= t.last+around.Milliseconds()
}

// Evicting takes what was found of what a store lets go, and counts what was not tested.
func (of *source) Evicting(upTo uint64) {
	of.take()
	first := of.store.First()
	lo, hi := of.scan.Tested()
	lo, hi = max(lo, first), max(hi, first)
	if below := min(upTo, lo); below > first {
		of.trace.unseen += below - first
	}
	if upTo > hi {
		of.trace.unseen += upTo - hi
	}
}

// Complete reports whether all that is held was looked through.
func (t *Trace) Complete() bool { return t.complete }

// Progress is how much of what is held was looked through, from 0 to 1.
func (t *Trace) Progress() float64 {
	var tested, held uint64
	for _, of := range t.sources {
		lo, hi := of.scan.Tested()
		tested += hi - max(lo, min(of.store.First(), hi))
		held += uint64(of.store.Held())
	}
	if held == 0 {
		return 1
	}
	return min(float64(tested)/float64(held), 1)
}

// Steps is how many records are steps, and the time between the first and the last one.
// beyond is how many more were found and are not shown; unseen how many records were let
// go before they could be tested, which may have had steps among them.
func (t *Trace) Steps() (steps uint64, took time.Duration, beyond, unseen uint64) {
	return t.steps, time.Duration(t.last-t.first) * time.Millisecond, t.beyond, t.unseen
}
