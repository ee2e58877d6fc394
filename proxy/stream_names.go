package proxy

import (
	"maps"
	"slices"
	"sync"
	"time"

	"sluice/proxy/live"
)

// streamNames are the live streams, and those that are tailed, for sessions that read
// all that match a pattern: looked up at most once a second, whoever asks.
type streamNames struct {
	source Source
	tails  *tails

	mu      sync.Mutex
	looked  time.Time
	base    uint64          // version before the first of list
	list    []string        // in the order in which they came, version by version
	present map[string]bool // what is in list
}

// since returns the streams that have come after a version, and the version now. To one
// that has not asked for long, all come again.
func (n *streamNames) since(version uint64) (names []string, now uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if at := time.Now(); at.Sub(n.looked) >= live.Every {
		n.looked = at
		n.look()
	}
	from := version - min(version, n.base)
	return n.list[min(from, uint64(len(n.list))):len(n.list):len(n.list)], n.base + uint64(len(n.list))
}

func (n *streamNames) look() {
	present := make(map[string]bool, len(n.present))
	add := func(name string) {
		if !n.present[name] && !present[name] {
			n.list = append(n.list, name)
		}
		present[name] = true
	}
	for _, s := range n.source.Streams() {
		add(s.Name)
	}
	n.tails.each(func(t *tail) { add(t.name) })
	n.present = present
	if len(n.list) > 2*len(present)+1024 {
		n.base += uint64(len(n.list))
		n.list = slices.Collect(maps.Keys(present))
	}
}
