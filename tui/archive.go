package tui

import (
	"slices"
	"strings"
	"time"
)

// archive is all stores together, under one bound of records and one of bytes.
type archive struct {
	maxRecords int
	maxBytes   int64
	stores     map[string]*store   // by name
	of         map[string][]*store // by stream: those that keep it
	pool       pool
	wake       func(first bool) // a search or a filter has found something in the background
}

func newArchive(maxRecords int, maxBytes int64) *archive {
	return &archive{maxRecords: maxRecords, maxBytes: maxBytes, stores: make(map[string]*store), of: make(map[string][]*store), wake: func(bool) {}}
}

// joinStreams writes the names of streams that are merged as one: a+b. A plus
// in a name is written \+.
func joinStreams(names []string) string {
	escaped := make([]string, len(names))
	for i, name := range names {
		escaped[i] = strings.ReplaceAll(name, "+", `\+`)
	}
	return strings.Join(escaped, "+")
}

// SplitStreams reads the names of streams that are shown merged by time in one
// pane: "a+b" is a and b. A plus in a name is written \+. A name that stands
// twice counts once.
func SplitStreams(s string) []string {
	var names []string
	var name strings.Builder
	end := func() {
		if n := name.String(); !slices.Contains(names, n) {
			names = append(names, n)
		}
		name.Reset()
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '+':
			i++
			name.WriteByte('+')
		case s[i] == '+':
			end()
		default:
			name.WriteByte(s[i])
		}
	}
	end()
	return names
}

// open returns the store of one stream or several, and the streams that
// nobody reads yet. It is called at now.
func (a *archive) open(streams []string, now time.Time) (s *store, fresh []string) {
	key := joinStreams(streams)
	if s = a.stores[key]; s != nil {
		s.panes++
		return s, nil
	}
	s = newStore(streams, &a.pool)
	s.wake = a.wake
	s.panes = 1
	for _, name := range streams {
		if len(a.of[name]) == 0 {
			fresh = append(fresh, name)
			if s.names.merged {
				s.stage.fill(s.streamID[name])
			}
		}
	}
	for _, name := range streams {
		if others := a.of[name]; len(others) > 0 {
			s.copyFrom(others[0], name, now)
		}
		a.of[name] = append(a.of[name], s)
	}
	a.stores[key] = s
	return s, fresh
}

// copied bounds what a new store takes over of a stream that is read already.
const copied = 10_000

// copyFrom takes over the newest records of a stream that another store keeps;
// here they arrive now.
func (s *store) copyFrom(other *store, name string, now time.Time) {
	id, ok := other.streamID[name]
	if !ok {
		return
	}
	from := other.first
	if other.next > copied {
		from = max(from, other.next-copied)
	}
	for n := from; n < other.next; n++ {
		e := *other.entry(n)
		if e.stream != id || e.kind.told() {
			continue
		}
		data := other.data(&e)
		of := e.source
		e.kind, e.late = kindBackfill, false
		e.source, e.stream = s.intern(other.source(&e)), s.streamID[name]
		s.hear(e.source, other.heard[of])
		if s.names.merged {
			s.stage.put(e, now.UnixNano(), data)
		} else {
			s.append(e, data)
		}
	}
}

// close forgets a store when no pane shows it any more, and returns the
// streams that nobody reads any more.
func (a *archive) close(s *store) (unread []string) {
	s.panes--
	if s.panes > 0 {
		return nil
	}
	delete(a.stores, s.name)
	for _, name := range s.names.streams {
		left := slices.DeleteFunc(a.of[name], func(other *store) bool { return other == s })
		if len(left) == 0 {
			delete(a.of, name)
			unread = append(unread, name)
			continue
		}
		a.of[name] = left
	}
	s.free()
	return unread
}

// settle moves what has waited long enough into its store; it reports whether
// something goes on waiting.
func (a *archive) settle(now time.Time) (waiting bool) {
	for _, s := range a.stores {
		waiting = s.settle(now) || waiting
	}
	return waiting
}

// sweep ends what goes on in the background and nobody wants any more.
func (a *archive) sweep() {
	for _, s := range a.stores {
		s.sweep()
	}
}

// stop ends all that goes on in the background.
func (a *archive) stop() {
	for _, s := range a.stores {
		s.stop()
	}
}

// busy reports whether something goes on in the background.
func (a *archive) busy() bool {
	for _, s := range a.stores {
		for _, sv := range s.surveys {
			if !sv.over() {
				return true
			}
		}
	}
	return false
}

// size is what is kept now.
func (a *archive) size() (records int, bytes int64) {
	for _, s := range a.stores {
		records += s.held()
		bytes += s.bytes()
	}
	return records, bytes
}

// evict keeps the archive within its bounds. What goes is the oldest of the
// store that holds the most, so that a noisy stream never pushes out a quiet
// one.
func (a *archive) evict() {
	for {
		records, bytes := a.size()
		overRecords, overBytes := records-a.maxRecords, bytes-a.maxBytes
		if overRecords <= 0 && overBytes <= 0 {
			return
		}
		most := a.largest(overBytes > 0)
		if most == nil {
			return
		}
		if overBytes > 0 {
			most.evictTo(most.oldestSlabEnd())
			continue
		}
		most.evictTo(most.first + uint64(min(overRecords, most.held())))
	}
}

// largest is the store that holds the most and has something to let go; nil when
// none has.
func (a *archive) largest(byBytes bool) *store {
	var most *store
	var size int64 = -1
	for _, s := range a.stores {
		n := int64(s.held())
		if byBytes {
			// A slab that is still being filled is never let go for its bytes:
			// it holds a store's newest records.
			if len(s.slabs) < 2 {
				continue
			}
			n = s.bytes()
		}
		if n > size {
			most, size = s, n
		}
	}
	return most
}
