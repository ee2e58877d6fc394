package shipper

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"sluice/cluster/publish"
	"sluice/headless/shipper/follow"
)

const (
	saveEvery = time.Second
	maxPlaces = 2048 // of files that are kept, besides those that are open
)

// places knows how far each followed file is acknowledged, and keeps that in a
// state file. Nil keeps nothing.
type places struct {
	s     *Shipper
	state *follow.State

	mu      sync.Mutex
	marks   []mark // in the order of what was published
	settled map[follow.ID]follow.Place
	order   []follow.ID       // of settled, the oldest first
	cursors map[string]string // by source
	most    int               // places that are kept

	failed error  // of the last saving
	told   string // what went wrong
}

// mark is a place in a file that is acknowledged when so many records are.
type mark struct {
	records uint64
	place   follow.Place
	drop    bool   // the file is gone
	source  string // what the cursor is of; "" is a file
	cursor  string
}

func newPlaces(s *Shipper) (*places, error) {
	if s.cfg.State == "" {
		return nil, nil
	}
	state, err := follow.OpenState(s.cfg.State, s.cfg.Stream)
	if err != nil {
		return nil, err
	}
	p := &places{s: s, state: state, settled: make(map[follow.ID]follow.Place), most: maxPlaces + s.cfg.OpenFiles, cursors: maps.Clone(state.Cursors)}
	if p.cursors == nil {
		p.cursors = make(map[string]string)
	}
	for _, place := range state.Places {
		p.settle(mark{place: place})
	}
	return p, nil
}

// past is where reading ended the last time.
func (p *places) past() []follow.Place {
	if p == nil {
		return nil
	}
	if !p.state.Clean {
		p.s.console.Notify(fmt.Sprintf("the last run was cut off: what it published after %s is published again", p.state.Saved.Format(time.RFC3339)))
	}
	return p.state.Places
}

// since is when reading ended the last time.
func (p *places) since() time.Time {
	if p == nil {
		return time.Time{}
	}
	return p.state.Saved
}

// mark notes how far a file is published.
func (p *places) mark(o *followedFile) {
	if p == nil {
		return
	}
	m := mark{place: o.Place(o.published()), records: p.s.cfg.Client.Stats().Published}
	if size, err := o.Size(); err == nil && !o.Current() && size == m.place.Offset {
		m.place.Done, m.drop = true, o.Deleted()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.marks) - 1; last >= 0 && p.marks[last].records == m.records && p.marks[last].place.ID == m.place.ID && p.marks[last].source == "" {
		p.marks[last] = m
		return
	}
	p.marks = append(p.marks, m)
}

// opened keeps where a file begins to be read.
func (p *places) opened(f *follow.File) {
	if p == nil {
		return
	}
	place := f.Place(-1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if old, there := p.settled[place.ID]; !there || old.Told {
		p.settle(mark{place: place})
	}
}

// unseen keeps that a file that came while nobody followed was told, so that it
// is told once.
func (p *places) unseen(place follow.Place) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle(mark{place: place})
}

// waiting keeps the beginnings of files that were not opened, and returns how
// many that are.
func (p *places) waiting(files []follow.Place) int {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, place := range files {
		if _, there := p.settled[place.ID]; !there {
			p.settle(mark{place: place})
		}
	}
	return len(files)
}

// forget forgets a file that is not there any more.
func (p *places) forget(id follow.ID) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remove(id)
}

// remove removes a place. p.mu is held.
func (p *places) remove(id follow.ID) {
	delete(p.settled, id)
	p.order = slices.DeleteFunc(p.order, func(other follow.ID) bool { return other == id })
}

// cursor is how far a source was acknowledged the last time.
func (p *places) cursor(source string) string {
	if p == nil {
		return ""
	}
	return p.state.Cursors[source]
}

// markCursor notes how far a source is published.
func (p *places) markCursor(source, cursor string) {
	if p == nil {
		return
	}
	m := mark{source: source, cursor: cursor, records: p.s.cfg.Client.Stats().Published}
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.marks) - 1; last >= 0 && p.marks[last].records == m.records && p.marks[last].source == source {
		p.marks[last] = m
		return
	}
	p.marks = append(p.marks, m)
}

// settle keeps a place that is acknowledged. p.mu is held.
func (p *places) settle(m mark) {
	if m.source != "" {
		p.cursors[m.source] = m.cursor
		return
	}
	id := m.place.ID
	if _, there := p.settled[id]; !there {
		p.order = append(p.order, id)
	}
	p.settled[id] = m.place
	if m.drop {
		p.remove(id)
	}
	for i := 0; len(p.settled) > p.most && i < len(p.order); {
		if p.settled[p.order[i]].Done {
			p.remove(p.order[i])
		} else {
			i++
		}
	}
}

// keep saves from time to time until what it returns is called.
func (p *places) keep() (stop func()) {
	if p == nil {
		return func() {}
	}
	done := make(chan struct{})
	var saving sync.WaitGroup
	saving.Go(func() {
		tick := time.NewTicker(saveEvery)
		defer tick.Stop()
		p.save(false)
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				stats := p.s.cfg.Client.Stats()
				if p.advance(stats.Published-stats.Waiting) || p.failed != nil {
					p.save(false)
				}
			}
		}
	})
	return func() { close(done); saving.Wait() }
}

// advance settles what so many records have settled, and reports whether that
// was anything.
func (p *places) advance(records uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for n < len(p.marks) && p.marks[n].records <= records {
		p.settle(p.marks[n])
		n++
	}
	p.marks = slices.Delete(p.marks, 0, n)
	return n > 0
}

// save writes the places to the file. What goes wrong is told once, and that it is over.
func (p *places) save(clean bool) {
	p.mu.Lock()
	all := make([]follow.Place, 0, len(p.order))
	for _, id := range p.order {
		all = append(all, p.settled[id])
	}
	cursors := maps.Clone(p.cursors)
	p.mu.Unlock()
	p.failed = p.state.Save(all, cursors, clean)
	switch {
	case p.failed == nil && p.told != "":
		p.told = ""
		p.s.console.Notify(fmt.Sprintf("%q is saved again", p.s.cfg.State))
	case p.failed != nil && p.failed.Error() != p.told:
		p.told = p.failed.Error()
		p.s.console.Notify(p.told + "; lines may be published again when it is started anew")
	}
}

// finish keeps what is acknowledged once the client is closed; before is what it
// had counted when it was told to. What was uncertain already then is not sent
// again; what has become uncertain since is published again, unless nothing may
// be there twice.
func (p *places) finish(before, stats *publish.Stats) error {
	if p == nil {
		return nil
	}
	defer p.state.Close()
	settled := stats.Acknowledged + stats.Unacknowledged + stats.Refused
	if p.s.cfg.Once {
		settled += stats.Uncertain
	} else {
		settled += min(before.Uncertain, stats.Uncertain)
	}
	p.advance(settled)
	p.save(true)
	return p.failed
}
