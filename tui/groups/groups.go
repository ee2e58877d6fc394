package groups

import (
	"sync/atomic"
	"time"

	"sluice/cluster/group"
	"sluice/tui/query"
	"sluice/tui/rows"
)

// Groups are the groups of the records in a store that pass a filter. All methods are
// for the goroutine of the store.
type Groups struct {
	store   *rows.Store
	probe   query.Probe
	reading *reading  // nil: nothing is read
	begun   time.Time // when it was
	between time.Duration
	hi      uint64 // records below were read, or are
	folder  folder
}

// List is the groups, as they were found so far. It never changes.
type List struct {
	Templates []group.Template // the most frequent first
	Records   uint64           // that are counted
	Gone      uint64           // that were counted, and were let go since
	Read      uint64           // records that were read, whether they pass or not
	Since     time.Time        // Template.Recent counts from here
	Complete  bool             // nothing that was there has yet to be read

	oldest uint64 // the oldest record that was kept
	recent bool   // some are
}

const (
	// between is how long what has come is left to gather before it is read.
	between = 500 * time.Millisecond
	// Window is the time for which [group.Template.Recent] counts.
	Window = time.Minute
)

// New returns groups that have read nothing yet. wake is called, on any goroutine, when
// there is another list, or something is left to do for Step.
func New(s *rows.Store, f query.Filter, wake func()) *Groups {
	g := &Groups{
		store: s, probe: f.Probe(), between: between,
		folder: folder{wake: wake, between: refreshEvery, window: group.NewWindow()},
	}
	g.folder.room.L = &g.folder.mu
	return g
}

// Close ends what goes on.
func (g *Groups) Close() {
	if g.reading != nil {
		g.reading.lease.End()
		g.reading = nil
	}
}

// Step goes on, with records that have a number below end; now is by the clock of the
// records. It reports whether all that is there has been read.
func (g *Groups) Step(end uint64, now time.Time) (complete bool) {
	if fault := g.folder.fault.Load(); fault != nil {
		panic(fault) // where it restores the terminal
	}
	g.folder.first.Store(g.store.First())
	g.folder.since.Store(now.Add(-Window).UnixMilli())
	if r := g.reading; r != nil {
		r.lease.Renew()
		if !r.lease.Over() {
			return false
		}
		g.reading = nil
	}
	end = min(end, g.store.Next())
	whole := g.begun.IsZero()
	if !whole && (g.hi >= end || time.Since(g.begun) < g.between) {
		g.folder.refresh(time.Now())
		return g.hi >= end
	}
	g.begun = time.Now()
	lo, hi := g.store.First(), max(g.hi, g.store.First())
	if whole {
		lo, hi = end, end
	}
	g.reading = g.read(lo, hi, end)
	g.hi = end
	return false
}

// List is what was found so far; nil: nothing is known yet.
func (g *Groups) List() *List { return g.folder.list.Load() }

// Alike is [group.Groups.Alike] of the template with this text.
func (g *Groups) Alike(text string) (but []string, more uint64) {
	g.folder.folding.Lock()
	defer g.folder.folding.Unlock()
	return g.folder.window.Alike(text)
}

// reading is records that are read in the background.
type reading struct {
	lease *rows.Lease
	end   uint64 // records from here on are not read
	left  atomic.Int32
}

// read begins to read: from hi up to end, then from lo down.
func (g *Groups) read(lo, hi, end uint64) *reading {
	r := &reading{lease: g.store.Lease(lo, hi), end: end}
	_, readers := r.lease.Size()
	r.left.Store(int32(readers))
	f := &g.folder
	for i := range readers {
		go f.work(r, g.probe, i)
	}
	return r
}

// work counts parts of the store as one of the readers.
func (f *folder) work(r *reading, p query.Probe, reader int) {
	defer func() {
		if r.left.Add(-1) == 0 {
			f.put(slice{read: true})
		}
	}()
	defer r.lease.Leave(reader)
	defer f.caught(r.lease)
	counter := group.NewCounter()
	in := query.NewReader(r.lease, p, func(n uint64, row *query.Row) {
		if n < r.end && !row.Entry.Kind.Notice() {
			counter.Add(group.Message(row.Data), int(row.Entry.Level), row.Entry.Time)
		}
	})
	for {
		i, ok := r.lease.Take(reader)
		if !ok {
			return
		}
		part := r.lease.Part(i)
		from, to := part.Bounds()
		complete := from >= r.end || in.Read(part)
		r.lease.Release(reader)
		if !complete {
			return
		}
		if from < r.end {
			f.put(slice{from: from, to: min(to, r.end), counts: counter.Take()})
		}
	}
}
