package follow

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// recall opens the files that had a name when following ended the last time and
// have another one of the same directory now: they are read to their end before
// the one that has the name.
func (n *Names) recall(m *Name) {
	here, _ := statPath(m.path)
	var wanted []Place
	known := false
	for _, p := range n.pastOf[m.label()] {
		if !p.Told {
			known = known || p.ID == here.ID
			wanted = append(wanted, p)
		}
	}
	wanted = slices.DeleteFunc(wanted, func(p Place) bool { return p.ID == here.ID })
	if len(wanted) == 0 {
		return
	}
	real, err := filepath.EvalSymlinks(m.path)
	if err != nil {
		real = m.path
	}
	dir := filepath.Dir(real)
	found := make(map[ID]string)
	entries, unread := os.ReadDir(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		s, err := statPath(path)
		switch {
		case err != nil || s.ID == here.ID:
		case n.isPast(s.ID):
			found[s.ID] = path // unless it was told, when nobody wants it
		case !known && strings.HasPrefix(e.Name(), filepath.Base(real)) && n.isNew(path, s):
			m.arrive(Arrival{Kind: Unseen, Path: path, Place: Place{ID: s.ID, Name: m.label(), Done: true, Told: true}})
		}
	}
	for _, p := range wanted {
		path, there := found[p.ID]
		switch {
		case there:
			n.reopen(m, p, path)
		case p.Done:
		case unread != nil:
			m.arrive(Arrival{Kind: Unfound, Place: p, Err: unread})
		default:
			m.arrive(Arrival{Kind: Unfound, Place: p, Err: errNowhere})
		}
	}
}

// isPast reports whether a file was read the last time.
func (n *Names) isPast(id ID) bool {
	_, known := n.past[id]
	return known
}

// coarse is how far the clock of a file system may be behind.
const coarse = 20 * time.Millisecond

// isNew reports whether a file is of the time when nobody followed, and can be
// followed.
func (n *Names) isNew(path string, s status) bool {
	born := s.Born
	if born == 0 {
		born = s.stamp
	}
	if n.cfg.Since.IsZero() || born < n.cfg.Since.Add(-coarse).UnixNano() || s.mode != 0 || s.size == 0 {
		return false
	}
	file, err := os.Open(path)
	if err != nil {
		return errors.Is(err, fs.ErrPermission)
	}
	defer file.Close()
	return n.cfg.Check == nil || n.cfg.Check(file) == nil
}

// reopen opens a file where it is now, or when there is room.
func (n *Names) reopen(m *Name, p Place, path string) {
	if s, err := statPath(path); err == nil && p.Done && s.size <= p.Offset {
		return // there is nothing new in it
	}
	n.mu.Lock()
	full := n.full()
	n.mu.Unlock()
	if full && n.inotify != nil {
		if d, _, err := n.watchDir(filepath.Dir(path)); err == nil {
			n.begin(m, spot{d, filepath.Base(path)})
			return
		}
	}
	file, err := os.Open(path)
	f, err := n.examine(m, file, err)
	n.mu.Lock()
	defer n.mu.Unlock()
	if err == nil && f.id == p.ID {
		n.admit(m, f, nil, false)
		return
	}
	if err == nil {
		f.file.Close()
		err = errors.New("it was replaced")
	}
	m.arrive(Arrival{Kind: Unfound, Place: p, Err: err})
}
