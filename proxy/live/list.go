package live

import (
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
)

// Every is how often the list changes at most. Who asks once a second gets a new one
// each time: a tick comes a little early at times.
const Every = 900 * time.Millisecond

// Source is what a [List] is made of.
type Source interface {
	Streams() []stream.Live
}

// List is the list of the live streams, sorted by name. Make it with [New].
type List struct {
	source Source

	mu      sync.Mutex
	made    time.Time
	now     *snapshot
	looks   uint64 // how often the source was asked
	changes changes
}

// snapshot is the list as it was at a time, which does not change.
type snapshot struct {
	version uint64 // of one list after the other
	list    []httpapi.LiveEvent

	once sync.Once
	text []byte // all of it as JSON, once somebody wants it
}

// json is all of the list as JSON.
func (s *snapshot) json() []byte {
	s.once.Do(func() { s.text = appendWhole(nil, s.list) })
	return s.text
}

// New makes a List. The source is not asked yet.
func New(source Source) *List { return &List{source: source} }

// Has reports whether a stream is live.
func (l *List) Has(name string) bool {
	_, ok := slices.BinarySearchFunc(l.current().list, name, byName)
	return ok
}

// Changes returns what has changed since the cursor's reader was told last, about so
// many bytes of it at most, and reports whether that is anything.
func (l *List) Changes(c *Cursor, size int) (e httpapi.ChangesEvent, any bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.update()
	l.changes.look(l.looks, l.now.version, l.now.list)
	return c.advance(&l.changes, size)
}

// current is the list as it is now.
func (l *List) current() *snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.update()
	return l.now
}

// update makes a list that is too old anew. mu is held.
func (l *List) update() {
	now := time.Now()
	if l.now != nil && now.Sub(l.made) < Every {
		return
	}
	l.made = now
	l.looks++
	streams := l.source.Streams()
	list := make([]httpapi.LiveEvent, len(streams))
	for i, s := range streams {
		list[i] = httpapi.LiveEvent(s)
	}
	if compare := func(a, b httpapi.LiveEvent) int { return strings.Compare(a.Name, b.Name) }; !slices.IsSortedFunc(list, compare) {
		slices.SortFunc(list, compare)
	}
	switch {
	case l.now == nil:
		l.now = &snapshot{version: 1, list: list}
	case !slices.Equal(list, l.now.list):
		l.now = &snapshot{version: l.now.version + 1, list: list}
	}
}

func byName(s httpapi.LiveEvent, name string) int { return strings.Compare(s.Name, name) }
