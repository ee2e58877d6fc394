package follow

import (
	"strings"
	"sync/atomic"
	"time"
)

// Name is one that is followed. Its reader is one goroutine.
type Name struct {
	of      *Names
	path    string // absolute
	found   bool   // by a pattern
	queue   []Arrival
	wake    chan struct{} // capacity 1
	current *File
	refused ID // what has the name and cannot be opened

	waiting []ID        // of files that are not open yet; the zero value is unknown
	done    bool        // its reader has done with it
	gone    atomic.Bool // it is followed no more
	denied  string      // why what has the name could not be opened the last time
	unheard bool        // that the system does not tell of everything was said

	// What belongs to the goroutine that opens.
	tenures   []*tenure // that are not decided, in order
	spares    []*File   // files that had the name, it is unknown when; not in Names.files
	steps     []step    // its route
	leaves    []spot    // of its route, where the file or a link to it is
	placed    []spot    // where directories have it, in steps or ways
	unwatched error     // why the system does not tell of its file
	stale     bool      // its route has to be looked at again
	moved     bool      // its route has become another since it was looked at
	untold    time.Time // when a file was found of which the system had not told; it may be about to
	unopened  ID        // has the name and could not be opened yet
}

// Path is the absolute path that is followed.
func (m *Name) Path() string { return m.path }

// Found reports whether a pattern found the name.
func (m *Name) Found() bool { return m.found }

// Wake gets something when something happened to the name, or was written to one of
// its files.
func (m *Name) Wake() <-chan struct{} { return m.wake }

// Take returns what has happened to the name since the last time.
func (m *Name) Take() []Arrival {
	m.of.mu.Lock()
	defer m.of.mu.Unlock()
	taken := m.queue
	m.queue = nil
	return taken
}

// Waiting returns the files that had the name and are not open yet, as far as they
// are known, and how many they are.
func (m *Name) Waiting() (places []Place, all int) {
	m.of.mu.Lock()
	defer m.of.mu.Unlock()
	for _, id := range m.waiting {
		if id != (ID{}) {
			places = append(places, Place{ID: id, Name: m.label()})
		}
	}
	return places, len(m.waiting)
}

// Forget asks for a name that a pattern found to be followed no more, since nothing
// has it and its reader has no file of it. Gone reports when that is done. It is not
// if a file has come meanwhile.
func (m *Name) Forget() {
	m.of.mu.Lock()
	defer m.of.mu.Unlock()
	m.done = m.found
}

// Gone reports whether the name is followed no more: nothing happens to it.
func (m *Name) Gone() bool { return m.gone.Load() }

// label is the path as JSON can hold it.
func (m *Name) label() string { return strings.ToValidUTF8(m.path, "\ufffd") }

func (m *Name) poke() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// arrive adds an arrival. n.mu is held.
func (m *Name) arrive(a Arrival) {
	if last := len(m.queue) - 1; last >= 0 && a.Kind == Gone && m.queue[last].Kind == Gone {
		m.queue[last].N += a.N
	} else if last < 0 || a.Kind != Overflow || m.queue[last].Kind != Overflow {
		m.queue = append(m.queue, a)
	}
	m.poke()
}
