package follow

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
)

// dir is a directory that is watched.
type dir struct {
	wd    int
	id    ID
	fd    *os.File
	steps map[string][]*Name // by entry: the names whose files have it
	ways  map[string][]*Name // the names whose folders and links have it
	globs []glob             // patterns of which its entries are a part
}

// watchRoutes watches the directories that names depend on whose routes may have
// changed.
func (n *Names) watchRoutes() {
	n.again = false
	n.rounds++
	if n.inotify == nil {
		return
	}
	var left []leaving
	for _, m := range n.names {
		if !m.stale {
			continue
		}
		was := m.leaves
		n.watchRoute(m)
		for _, at := range was {
			if !slices.Contains(at.dir.steps[at.entry], m) {
				left = append(left, leaving{m, at})
			}
		}
	}
	n.leave(left)
	var failed error
	for _, m := range n.names {
		failed = cmp.Or(failed, m.unwatched)
	}
	n.mu.Lock()
	n.err = failed
	n.mu.Unlock()
	for wd, d := range n.dirs {
		if len(d.steps)+len(d.ways)+len(d.globs) == 0 && !n.tracks(d) {
			n.inotify.unwatch(wd)
			n.dropDir(d)
		}
	}
}

// watchRoute watches the directories that a name depends on.
func (n *Names) watchRoute(m *Name) {
	n.displace(m)
	m.stale = false
	for round := 0; ; round++ {
		steps := route(m.path)
		fresh := false
		m.leaves, m.unwatched = nil, nil
		for _, s := range steps {
			d, isNew, err := n.watchDir(s.dir)
			if err != nil {
				if s.leaf {
					m.unwatched = err // of a folder on the way it is found by looking
				}
				continue
			}
			fresh = fresh || isNew
			to, at := d.ways, spot{d, s.entry}
			if s.leaf {
				to = d.steps
				m.leaves = append(m.leaves, at)
			}
			if !slices.Contains(to[s.entry], m) {
				to[s.entry] = append(to[s.entry], m)
				m.placed = append(m.placed, at)
			}
		}
		m.moved = m.moved || fresh || !slices.Equal(steps, m.steps)
		m.steps = steps
		// What changed before the watch was there is found by another look.
		if !fresh || round == maxLinks {
			break
		}
	}
}

// displace takes a name out of all directories.
func (n *Names) displace(m *Name) {
	for _, at := range m.placed {
		for _, in := range []map[string][]*Name{at.dir.steps, at.dir.ways} {
			in[at.entry] = slices.DeleteFunc(in[at.entry], func(other *Name) bool { return other == m })
			if len(in[at.entry]) == 0 {
				delete(in, at.entry)
			}
		}
	}
	m.placed = nil
}

// stale makes the routes over an entry of a directory be looked at again.
func (n *Names) stale(d *dir, entry string) {
	for _, in := range []map[string][]*Name{d.steps, d.ways} {
		for _, m := range in[entry] {
			m.stale, n.again = true, true
		}
	}
}

// staleIn makes the routes over a directory be looked at again.
func (n *Names) staleIn(d *dir) {
	n.again = true
	for _, in := range []map[string][]*Name{d.steps, d.ways} {
		for entry := range in {
			n.stale(d, entry)
		}
	}
	if len(d.globs) > 0 {
		d.globs, n.rescan = nil, true
	}
}

// leaving is where a name led to until its route was looked at again.
type leaving struct {
	name *Name
	at   spot
}

// leave takes what happened before the routes were looked at. A name led to where
// it has left until something happened on the way.
func (n *Names) leave(left []leaving) {
	if len(left) == 0 {
		return
	}
	for _, l := range left {
		l.at.dir.steps[l.at.entry] = append(l.at.dir.steps[l.at.entry], l.name)
	}
	gone := func(l leaving) {
		l.at.dir.steps[l.at.entry] = slices.DeleteFunc(l.at.dir.steps[l.at.entry], func(m *Name) bool { return m == l.name })
		if len(l.at.dir.steps[l.at.entry]) == 0 {
			delete(l.at.dir.steps, l.at.entry)
		}
	}
	for _, c := range n.drain() {
		n.apply([]change{c})
		left = slices.DeleteFunc(left, func(l leaving) bool {
			d := n.dirs[c.wd]
			on := d != nil && l.at != spot{d, c.entry} && (slices.Contains(d.steps[c.entry], l.name) || slices.Contains(d.ways[c.entry], l.name))
			if on {
				gone(l)
			}
			return on
		})
	}
	for _, l := range left {
		gone(l)
	}
}

// watchDir watches a directory, unless it is watched already: to watch it again
// would lose what happens in it at that moment.
func (n *Names) watchDir(path string) (d *dir, fresh bool, err error) {
	fd, err := openDir(path)
	if err != nil {
		return nil, false, err
	}
	s, err := statFile(fd)
	if d = n.dirOf[s.ID]; err == nil && d != nil { // its number is no other's as long as it is open
		fd.Close()
		return d, false, nil
	}
	if n.cfg.MaxDirs > 0 && len(n.dirs) >= n.cfg.MaxDirs {
		fd.Close()
		n.crowded()
		return nil, false, errCrowded
	}
	d = &dir{id: s.ID, fd: fd, steps: make(map[string][]*Name), ways: make(map[string][]*Name)}
	if err == nil {
		d.wd, err = n.inotify.watchDir(fd)
	}
	if err != nil {
		fd.Close()
		return nil, false, err
	}
	n.dirs[d.wd], n.dirOf[d.id] = d, d
	return d, true, nil
}

var errCrowded = errors.New("more directories than may be open")

// crowded tells, once, that directories are not watched since they are too many.
func (n *Names) crowded() {
	if n.troubled[""] != "" {
		return
	}
	n.troubled[""] = errCrowded.Error()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.troubles = append(n.troubles, fmt.Errorf("%w: beyond %d they are looked at every %v, and what comes and goes between two looks is not seen; raise the limit on open files", errCrowded, n.cfg.MaxDirs, scanEvery))
}

// dropDir lets go of a directory whose watch has ended.
func (n *Names) dropDir(d *dir) {
	d.fd.Close()
	delete(n.dirs, d.wd)
	delete(n.dirOf, d.id)
}

// leaf is where the file that has a name is, if that is watched.
func (n *Names) leaf(m *Name) (at spot, ok bool) {
	last := len(m.steps) - 1
	if n.inotify == nil || last < 0 || !m.steps[last].leaf {
		return at, false
	}
	d, _, err := n.watchDir(m.steps[last].dir)
	return spot{d, m.steps[last].entry}, err == nil
}

// tracks reports whether a tenure that is not decided is in a directory.
func (n *Names) tracks(d *dir) bool {
	for at := range n.at {
		if at.dir == d {
			return true
		}
	}
	return false
}

// unwatched lets go of a directory that is there no more.
func (n *Names) unwatched(d *dir) {
	n.staleIn(d)
	for at := range n.at {
		if at.dir == d {
			n.vacate(at)
		}
	}
	n.dropDir(d)
}
