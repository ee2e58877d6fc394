package follow

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
)

// retired is a file that was closed, and is watched: whoever has it open may write
// to it.
type retired struct {
	id      ID
	owner   *Name
	path    string // it was opened by
	touched bool   // somebody wrote to it, or may have
}

// Retire closes a file that its reader has done with, unless a name leads to it or
// there is something in it that was not read, and reports whether it did. When
// something is written to it later, or a name leads to it, it is opened again and
// reading goes on where it ended; watched is false where the system will not tell
// of that.
func (n *Names) Retire(f *File) (done, watched bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if f.Current() {
		return false, false
	}
	return n.close(f)
}

// Park closes a file that a name leads to and its reader has done with, for one that
// waits for room, unless there is something in it that was not read, none waits, or
// the system would not tell when something is written to it. It reports whether it
// did. Then the file is opened again when it is written to.
func (n *Names) Park(f *File) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if f.wd == 0 || !f.Current() || n.wanted.Load() <= 0 {
		return false
	}
	n.parked[f.id] = true
	if done, _ := n.close(f); !done {
		delete(n.parked, f.id)
		return false
	}
	n.wanted.Add(-1)
	return true
}

// rests reports whether a file is parked, and has nothing that was not read. n.mu is
// held.
func (n *Names) rests(s status) bool {
	return n.parked[s.ID] && s.size == n.past[s.ID].Offset
}

// close closes a file unless there is something in it that its reader does not
// know. n.mu is held.
func (n *Names) close(f *File) (done, watched bool) {
	place := f.Place(-1)
	back := func(a Arrival) bool { return a.File == f } // and its reader does not know yet
	if f.unfinished() || slices.ContainsFunc(f.owner.queue, back) {
		return false, false
	}
	n.remember(place)
	if f.wd != 0 {
		n.retired[f.wd] = &retired{id: f.id, owner: f.owner, path: f.path}
	}
	n.forget(f)
	return true, f.wd != 0
}

// unfinished reports whether there is something that its reader does not know.
func (f *File) unfinished() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.look() != nil || f.cut != nil || f.offset < f.seen
}

// touch notes what the system told of a file that was closed. n.mu is held.
func (n *Names) touch(c change) {
	switch r := n.retired[c.wd]; {
	case c.kind == changeOverflow:
		for _, r := range n.retired {
			r.touched = true
		}
	case r != nil && c.kind == changeWritten:
		r.touched = true
	case r != nil && c.kind == changeUnwatched: // nobody has it any more
		delete(n.retired, c.wd)
		delete(n.parked, r.id)
		if !r.touched {
			r.owner.arrive(Arrival{Kind: Ended, Place: n.past[r.id]})
		}
	}
}

// unretire lets go of a file that was closed and is forgotten. n.mu is held.
func (n *Names) unretire(id ID) {
	for wd, r := range n.retired {
		if r.id == id {
			delete(n.parked, id)
			delete(n.retired, wd)
			n.written.unwatch(wd)
		}
	}
}

// revive begins to open the files that were closed and have been written to since.
func (n *Names) revive() {
	n.mu.Lock()
	var touched []*retired
	for _, r := range n.retired {
		if r.touched {
			r.touched = false
			touched = append(touched, r)
		}
	}
	n.mu.Unlock()
	for _, r := range touched {
		at, err := n.find(r)
		n.mu.Lock()
		place, known := n.past[r.id]
		if !known { // it was opened, or forgotten
			n.mu.Unlock()
			continue
		}
		if err != nil {
			n.unretire(r.id)
			r.owner.arrive(Arrival{Kind: Lost, Place: place, Err: err})
			n.mu.Unlock()
			continue
		}
		open, parked := n.files[r.id] != nil, n.parked[r.id]
		n.mu.Unlock()
		if s, err := statIn(at.dir.fd, at.entry); !open && !n.awaits(r) && (err != nil || s.size != place.Offset || parked) {
			n.begin(r.owner, at).id = r.id
		}
	}
	if len(touched) > 0 {
		n.settle()
	}
}

// awaits reports whether a file that was closed waits to be opened.
func (n *Names) awaits(r *retired) bool {
	for _, t := range r.owner.tenures {
		if t.id == r.id {
			return true
		}
	}
	return false
}

// find finds a file that was closed: where it was, or else in the directory it was in,
// or else in those of the names.
func (n *Names) find(r *retired) (at spot, err error) {
	was, _, err := n.watchDir(filepath.Dir(r.path))
	if err == nil {
		entry := filepath.Base(r.path)
		if s, err := statIn(was.fd, entry); err == nil && s.ID == r.id {
			return spot{was, entry}, nil
		}
		if entry, ok := find(was, r.id); ok {
			return spot{was, entry}, nil
		}
	}
	for _, d := range n.dirs {
		if d == was || len(d.steps) == 0 {
			continue
		}
		if entry, ok := find(d, r.id); ok {
			return spot{d, entry}, nil
		}
	}
	return spot{}, &fs.PathError{Op: "find", Path: r.path, Err: errNowhere}
}

var errNowhere = errors.New("it is not there under another name")

// find returns the entry of a directory that leads to a file, if it is known.
func find(d *dir, id ID) (entry string, ok bool) {
	if id == (ID{}) {
		return "", false
	}
	list, err := openIn(d.fd, ".")
	if err != nil {
		return "", false
	}
	defer list.Close()
	entries, _ := list.ReadDir(-1) // those that it could read
	for _, e := range entries {
		if s, err := statIn(d.fd, e.Name()); err == nil && s.ID == id {
			return e.Name(), true
		}
	}
	return "", false
}
