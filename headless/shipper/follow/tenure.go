package follow

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"
)

// spot is an entry of a directory.
type spot struct {
	dir   *dir
	entry string
}

// tenure is the time during which one file had a name. Until it is decided which
// file that was, it is tracked where it is now.
type tenure struct {
	name    *Name
	began   time.Time
	at      spot      // where the file is; the zero value while it is being renamed
	cookie  uint32    // of the rename
	since   time.Time // when it should have been there, and was not
	waiting bool      // for room
	id      ID        // of the file that waits, once that is known
	dangles int       // it is a link that led nowhere when routes had been watched so often

	decided bool
	file    *File // examined; nil when it is gone, or was nothing
	err     error // why it cannot be followed
	gone    bool
}

// pause is how long nothing needs to be done unless something changes.
func (n *Names) pause() time.Duration {
	most := Every
	for _, m := range n.names {
		for _, t := range m.tenures {
			switch {
			case t.decided:
			case t.waiting:
				most = min(most, forRoom)
			default:
				most = soon
			}
		}
	}
	return most
}

func (n *Names) drain() []change {
	if n.inotify == nil {
		return nil
	}
	changes, _ := n.inotify.drain() // an error is found by await
	return changes
}

// concerns reports whether a change is one of a name's own places.
func (n *Names) concerns(c change, m *Name) bool {
	d := n.dirs[c.wd]
	return c.kind == changeOverflow || (d != nil && slices.Contains(d.steps[c.entry], m))
}

// apply tracks what has changed.
func (n *Names) apply(changes []change) {
	for _, c := range changes {
		d := n.dirs[c.wd]
		switch {
		case c.kind == changeOverflow:
			n.overflowed()
			continue
		case d == nil:
			continue
		case c.kind == changeUnwatched:
			n.unwatched(d)
			continue
		case c.kind == changeDirectory:
			n.staleIn(d)
			continue
		}
		at := spot{d, c.entry}
		switch c.kind {
		case changeMovedFrom:
			for _, t := range n.at[at] {
				t.at, t.cookie, t.since, t.waiting = spot{}, c.cookie, time.Now(), false
				n.moving[c.cookie] = append(n.moving[c.cookie], t)
			}
			delete(n.at, at)
		case changeDeleted:
			n.vacate(at)
		case changeCreated, changeMovedTo:
			n.vacate(at) // what was there was replaced
			if c.kind == changeMovedTo {
				n.arrived(c.cookie, at)
			}
			if len(d.globs) > 0 {
				n.globbed(d, c)
			}
			for _, m := range d.steps[c.entry] {
				if !m.untold.IsZero() { // this tells of it
					m.untold = time.Time{}
					continue
				}
				if !slices.ContainsFunc(n.at[at], func(t *tenure) bool { return t.name == m }) {
					n.begin(m, at)
				}
			}
		}
		n.stale(d, c.entry) // it may be a link, or a folder
	}
}

// overflowed takes note that changes were lost.
func (n *Names) overflowed() {
	n.again, n.rescan = true, len(n.cfg.Patterns) > 0
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range n.names {
		for _, t := range m.tenures {
			// Elsewhere there may be some other file by now.
			if !t.decided && (t.at.dir == nil || !slices.Contains(t.at.dir.steps[t.at.entry], m)) {
				n.lose(t)
			}
		}
		m.arrive(Arrival{Kind: Overflow})
		m.moved, m.stale = true, true
	}
}

// begin begins a tenure.
func (n *Names) begin(m *Name, at spot) *tenure {
	t := &tenure{name: m, began: time.Now(), at: at}
	m.tenures = append(m.tenures, t)
	n.at[at] = append(n.at[at], t)
	if len(m.tenures) > maxUnopen {
		n.lose(m.tenures[0])
	}
	return t
}

// arrived takes the other end of a rename.
func (n *Names) arrived(cookie uint32, at spot) {
	for _, t := range n.moving[cookie] {
		t.at, t.since = at, time.Time{}
		n.at[at] = append(n.at[at], t)
	}
	delete(n.moving, cookie)
}

// vacate takes note that what was at a spot is gone. A file that waits may have
// another name: a hard link, or the one that a symbolic link led to.
func (n *Names) vacate(at spot) {
	for _, t := range slices.Clone(n.at[at]) {
		entry, ok := find(at.dir, t.id)
		if !ok {
			n.lose(t)
			continue
		}
		n.untrack(t)
		t.at = spot{at.dir, entry}
		n.at[t.at] = append(n.at[t.at], t)
	}
}

// untrack tracks a tenure no more.
func (n *Names) untrack(t *tenure) {
	same := func(other *tenure) bool { return other == t }
	if t.at.dir != nil {
		if n.at[t.at] = slices.DeleteFunc(n.at[t.at], same); len(n.at[t.at]) == 0 {
			delete(n.at, t.at)
		}
	} else if n.moving[t.cookie] = slices.DeleteFunc(n.moving[t.cookie], same); len(n.moving[t.cookie]) == 0 {
		delete(n.moving, t.cookie)
	}
}

// lose decides that the file of a tenure is gone.
func (n *Names) lose(t *tenure) {
	n.untrack(t)
	t.decided, t.gone = true, true
}

// settle opens the files of all tenures, as far as that can be done now.
func (n *Names) settle() {
	for range maxUnopen {
		tried := n.try()
		changes := n.drain()
		n.judge(tried, changes)
		n.apply(changes)
		if len(changes) > 0 {
			continue // and the opening is more urgent than the watching
		}
		if !n.again {
			break
		}
		n.watchRoutes()
	}
	n.expire()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wanted.Store(0)
	for _, m := range n.names {
		n.hand(m)
	}
}

// attempt is a file that was opened where a tenure's should be.
type attempt struct {
	t    *tenure
	at   spot
	file *os.File // nil when there is no room: then only asked for
	id   ID
	err  error
}

// try opens files where they should be. Nothing is taken yet.
func (n *Names) try() (tried []attempt) {
	n.mu.Lock()
	room := n.cfg.MaxOpen - len(n.files)
	n.mu.Unlock()
	for _, m := range n.names {
		for _, t := range m.tenures {
			switch {
			case t.decided && t.file != nil:
				room--
			case t.decided || t.at.dir == nil:
			case room <= 0:
				t.waiting = true
				if t.id == (ID{}) {
					s, err := statIn(t.at.dir.fd, t.at.entry)
					tried = append(tried, attempt{t: t, at: t.at, id: s.ID, err: err})
				}
			default:
				room--
				t.waiting = false
				file, err := openIn(t.at.dir.fd, t.at.entry)
				tried = append(tried, attempt{t: t, at: t.at, file: file, err: err})
			}
		}
	}
	return tried
}

// judge takes what was opened, unless one of the changes since may mean that it
// is another's.
func (n *Names) judge(tried []attempt, changes []change) {
	touched := make(map[spot]bool)
	for _, c := range changes {
		if d := n.dirs[c.wd]; d != nil {
			touched[spot{d, c.entry}] = true
		}
	}
	for _, a := range tried {
		own := slices.Contains(a.at.dir.steps[a.at.entry], a.t.name)
		switch {
		case errors.Is(a.err, fs.ErrNotExist):
			if !touched[a.at] {
				n.missing(a.t)
			}
		case a.t.waiting:
			if !touched[a.at] {
				a.t.id = a.id
			}
		case !touched[a.at]:
			n.untrack(a.t)
			a.t.decided = true
			a.t.file, a.t.err = n.examine(a.t.name, a.file, a.err)
		case a.err == nil && own:
			// It had the name, but perhaps in another tenure.
			if f, err := n.examine(a.t.name, a.file, nil); err == nil {
				a.t.name.spares = append(a.t.name.spares, f)
			}
		case a.err == nil:
			a.file.Close()
		}
	}
}

// missing takes note that a file is not where it should be: the change may not
// have been told yet; a link may lead nowhere yet.
func (n *Names) missing(t *tenure) {
	if isLink(t.at.dir.fd, t.at.entry) {
		switch {
		case t.dangles == 0:
			t.dangles, t.name.stale, n.again = n.rounds, true, true
		case t.dangles < n.rounds: // a tenure begins where it leads to, which is watched since
			n.untrack(t)
			t.decided = true
		}
		return
	}
	if t.since.IsZero() {
		t.since = time.Now()
	}
}

// expire gives up files that should be there for too long.
func (n *Names) expire() {
	for _, m := range n.names {
		for _, t := range m.tenures {
			if !t.decided && !t.waiting && !t.since.IsZero() && time.Since(t.since) > patience {
				n.lose(t)
			}
		}
	}
}

// hand makes arrivals of the tenures that are decided, in their order. n.mu is
// held.
func (n *Names) hand(m *Name) {
	handed := false
	for len(m.tenures) > 0 && m.tenures[0].decided {
		t := m.tenures[0]
		m.tenures = m.tenures[1:]
		handed = true
		switch {
		case t.err != nil:
			n.admit(m, t.file, t.err, false)
		case t.file != nil:
			if known := n.files[t.file.id]; known != nil {
				if t.began.Sub(known.instead) < patience {
					m.arrive(Arrival{Kind: Gone, N: 1}) // it was taken for another, and this is its own
				}
				known.instead = time.Time{}
			}
			n.admit(m, t.file, nil, false)
		case t.gone && !n.spare(m, true):
			m.arrive(Arrival{Kind: Gone, N: 1})
		}
	}
	m.waiting = nil
	for _, t := range m.tenures {
		m.waiting = append(m.waiting, t.id)
		if t.waiting && !t.decided {
			n.wanted.Add(1)
		}
	}
	if len(m.tenures) == 0 {
		for n.spare(m, false) {
			handed = true
		}
	}
	if handed {
		s, err := statPath(m.path)
		if err == nil {
			n.lead(m, n.files[s.ID])
		} else {
			n.lead(m, nil)
		}
	}
}

// spare admits the first file that had a name in an unknown tenure and is not
// known otherwise, perhaps for a tenure whose file is gone. It reports whether there
// was one. n.mu is held.
func (n *Names) spare(m *Name, forGone bool) bool {
	for len(m.spares) > 0 {
		f := m.spares[0]
		m.spares = m.spares[1:]
		known := n.files[f.id] != nil || slices.ContainsFunc(m.tenures, func(t *tenure) bool { return t.file != nil && t.file.id == f.id })
		if !known {
			if forGone {
				f.instead = time.Now()
			}
			n.admit(m, f, nil, false)
			return true
		}
		f.file.Close()
	}
	return false
}
