package follow

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"
)

// look looks what has a name now, and opens what nobody told of.
func (n *Names) look(m *Name, first bool) {
	s, err := statPath(m.path)
	n.mu.Lock()
	n.lead(m, n.files[s.ID])
	if !m.untold.IsZero() && time.Since(m.untold) > patience {
		m.untold, m.unheard = time.Time{}, true
		m.arrive(Arrival{Kind: Unheard})
	}
	open := err == nil && m.current == nil && s.ID != m.refused && !n.rests(s)
	if at, ok := n.leaf(m); open && len(m.tenures) > 0 {
		if first && ok {
			n.begin(m, at) // behind those of the last time
		}
		open = false
	}
	if errors.Is(err, fs.ErrNotExist) && first {
		m.arrive(Arrival{Kind: Absent})
	}
	if m.unopened != (ID{}) && m.unopened != s.ID {
		if n.files[m.unopened] == nil {
			m.arrive(Arrival{Kind: Gone, N: 1})
		}
		m.unopened = ID{}
	}
	n.mu.Unlock()
	moved := m.moved
	m.moved = false
	if open && !n.discover(m, s, first || moved, first) {
		m.unopened = s.ID
	}
}

// lead notes which file a name leads to; nil is none that is open. n.mu is held.
func (n *Names) lead(m *Name, f *File) {
	if m.current == f {
		return
	}
	if m.current != nil {
		m.current.named.Add(-1)
	}
	if m.current = f; f != nil {
		f.named.Add(1)
	}
}

// discover opens what has a name. It reports whether the file is open, or nobody
// could read it; due is a file that the system need not have told of.
func (n *Names) discover(m *Name, s status, due, first bool) bool {
	file, err := os.OpenFile(m.path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	changes := n.drain()
	heard := slices.ContainsFunc(changes, func(c change) bool { return n.concerns(c, m) })
	n.apply(changes)
	f, err := n.examine(m, file, err)
	if heard {
		if err == nil {
			m.spares = append(m.spares, f)
		}
		n.settle()
		return true
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err == nil && n.files[f.id] == nil && n.full() {
		f.file.Close()
		if at, ok := n.leaf(m); ok {
			n.begin(m, at).id = f.id // it is tracked until there is room
			return true
		}
		n.wanted.Store(1) // looked at again
		return false
	}
	_, known := n.past[s.ID]
	known = known || s.ID == m.unopened
	if !due && !known && !m.unheard && n.inotify != nil {
		m.untold = time.Now()
	}
	n.admit(m, f, err, first)
	if err == nil {
		n.lead(m, n.files[f.id])
	}
	return !errors.Is(err, fs.ErrPermission)
}

// examine makes a File of what was opened, unless it cannot be followed.
func (n *Names) examine(m *Name, file *os.File, err error) (*File, error) {
	if err != nil {
		return nil, err
	}
	s, err := statFile(file)
	switch {
	case err != nil:
	case n.cfg.Check != nil:
		err = n.cfg.Check(file)
	case s.mode != 0:
		err = errors.New("it is no regular file")
	}
	if err != nil {
		file.Close()
		return &File{id: s.ID}, err
	}
	return &File{id: s.ID, path: file.Name(), owner: m, file: file}, nil
}

// full reports whether no more files may be open. n.mu is held.
func (n *Names) full() bool { return len(n.files) >= n.cfg.MaxOpen }

// admit makes what was examined an arrival. n.mu is held.
func (n *Names) admit(m *Name, f *File, err error, first bool) {
	if err != nil {
		m.refused = ID{}
		if f != nil {
			m.refused = f.id
		}
		if !errors.Is(err, fs.ErrPermission) || m.denied != err.Error() {
			m.arrive(Arrival{Kind: Refused, Err: err})
		}
		m.denied = err.Error()
		return
	}
	m.refused, m.denied = ID{}, ""
	if known := n.files[f.id]; known != nil {
		f.file.Close()
		if known.owner == m {
			m.arrive(Arrival{Kind: Opened, File: known}) // it is back
		}
		return
	}
	n.files[f.id] = f
	delete(n.parked, f.id)
	if n.written != nil {
		if wd, err := n.written.watchFile(f); err == nil {
			f.wd = wd
			n.byWatch[wd] = f
			delete(n.retired, wd)
		}
	}
	f.mu.Lock()
	f.blank = f.id.Born > n.began.UnixNano()
	_ = f.look() // what cannot be asked cannot be read, which is told
	f.blank = f.blank || f.seen == 0
	if p, there := n.past[f.id]; there {
		f.resume(p)
	}
	f.mu.Unlock()
	first = first && len(n.pastOf[m.label()]) == 0
	m.arrive(Arrival{Kind: Opened, File: f, First: first})
}
