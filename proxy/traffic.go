package proxy

import (
	"strings"
	"sync"
	"sync/atomic"
)

// traffic is what sessions were sent.
type traffic struct {
	records atomic.Uint64
	bytes   atomic.Uint64 // of the body, without the framing of HTTP
}

// maxNamedStreams is how many streams have counts of their own; whoever invents names
// makes no more of them.
const maxNamedStreams = 100

// streamCounts are the counts of one stream: of those that are tailed, and were last
// tailed. What finds no place is counted together.
type streamCounts struct {
	sessions atomic.Int64  // that read it now
	records  atomic.Uint64 // sent to its sessions
	dropped  atomic.Uint64 // that its sessions were told to have lost at this proxy

	// Guarded by streamTable.mu.
	tails int
	used  uint64 // grows with time
}

func (c *streamCounts) idle() bool { return c.tails == 0 && c.sessions.Load() == 0 }

// streamTable has the counts of the streams. The zero value is ready.
type streamTable struct {
	others streamCounts // all that have none of their own

	mu    sync.Mutex
	named map[string]*streamCounts
	clock uint64
}

// open returns the counts of a stream that begins to be tailed. When there is no place,
// the one that was idle for the longest time makes room.
func (t *streamTable) open(name string) *streamCounts {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clock++
	if c := t.named[name]; c != nil {
		c.tails++
		c.used = t.clock
		return c
	}
	if t.named == nil {
		t.named = make(map[string]*streamCounts)
	}
	if len(t.named) >= maxNamedStreams && !t.makeRoom() {
		return &t.others
	}
	c := &streamCounts{tails: 1, used: t.clock}
	t.named[strings.Clone(name)] = c
	return c
}

// makeRoom gives up the counts of a stream that is not tailed: first of one that never
// had a record, then of the one that was tailed the longest time ago. t.mu is held.
func (t *streamTable) makeRoom() bool {
	var oldest string
	var found *streamCounts
	for name, c := range t.named {
		if !c.idle() {
			continue
		}
		empty, best := c.records.Load() == 0, found != nil && found.records.Load() == 0
		if found == nil || empty && !best || empty == best && c.used < found.used {
			oldest, found = name, c
		}
	}
	if found == nil {
		return false
	}
	delete(t.named, oldest)
	t.others.records.Add(found.records.Load())
	t.others.dropped.Add(found.dropped.Load())
	return true
}

// close says that a stream is not tailed any more.
func (t *streamTable) close(c *streamCounts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c != &t.others {
		c.tails--
		c.used = t.clock
	}
}

// each calls f with the counts of each stream that has its own, then with the others'.
// Their name is empty, which no stream's is.
func (t *streamTable) each(f func(name string, c *streamCounts)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, c := range t.named {
		f(name, c)
	}
	f("", &t.others)
}
