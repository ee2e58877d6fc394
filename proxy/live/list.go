package live

import (
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/jsonscan"
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
	list    []httpapi.LiveEvent // neither this nor text changes once it is handed out
	version uint64              // of list
	looks   uint64              // how often the source was asked
	text    []byte              // all of it as JSON; nil until somebody wants it
	changes changes
}

// New makes a List. The source is not asked yet.
func New(source Source) *List { return &List{source: source} }

// Text returns the streams of a page that opens lets through, as JSON; opens nil lets
// all through. The same streams give the same text, which the caller must not change.
func (l *List) Text(p *Page, opens func(name string) bool) []byte {
	l.mu.Lock()
	l.update()
	list := l.list
	if p.all() && opens == nil {
		defer l.mu.Unlock()
		if l.text == nil {
			l.text = appendJSON(httpapi.StreamsEvent{Streams: list})
		}
		return l.text
	}
	l.mu.Unlock()
	return appendJSON(p.of(list, opens))
}

// Has reports whether a stream is live.
func (l *List) Has(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.update()
	_, ok := slices.BinarySearchFunc(l.list, name, byName)
	return ok
}

// Changes returns what has changed since the cursor's reader was told last, about so
// many bytes of it at most, and reports whether that is anything.
func (l *List) Changes(c *Cursor, size int) (e httpapi.ChangesEvent, any bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.update()
	l.changes.look(l.looks, l.version, l.list)
	return c.advance(&l.changes, size)
}

// update makes a list that is too old anew. mu is held.
func (l *List) update() {
	now := time.Now()
	if l.list != nil && now.Sub(l.made) < Every {
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
	if l.list == nil || !slices.Equal(list, l.list) {
		l.list, l.text = list, nil
		l.version++
	}
}

func byName(s httpapi.LiveEvent, name string) int { return strings.Compare(s.Name, name) }

func appendJSON(e httpapi.StreamsEvent) []byte {
	b, err := jsonscan.Marshal(e)
	if err != nil {
		panic(err) // texts and numbers always have a form
	}
	return b
}
