package proxy

import (
	"context"
	"slices"
	"sync"
)

// turns are had by few at a time, and of one owner by fewer: whoever takes long makes
// others wait, but never for all of them. Those wait in the order in which they came, the
// ones before all others whose owner has the fewest. One that is larger takes several.
type turns struct {
	all, each int // the limits

	mu      sync.Mutex
	held    map[string]int // by owner
	taken   int
	waiting []*turn
}

type turn struct {
	owner string
	size  int
	had   chan struct{} // closed when it is there
}

// take waits for a turn of a size, and reports whether there is one. Give it back. None is
// larger than what one owner may have.
func (t *turns) take(ctx context.Context, owner string, size int) bool {
	one := &turn{owner, min(size, t.each), make(chan struct{})}
	t.mu.Lock()
	t.waiting = append(t.waiting, one)
	t.next()
	t.mu.Unlock()
	select {
	case <-one.had:
		return true
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.waiting, one); i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
		return false
	}
	t.give(owner, one.size) // it came meanwhile
	return false
}

// done gives a turn back.
func (t *turns) done(owner string, size int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.give(owner, min(size, t.each))
}

// give is done with mu held.
func (t *turns) give(owner string, size int) {
	t.taken -= size
	if t.held[owner] -= size; t.held[owner] == 0 {
		delete(t.held, owner)
	}
	t.next()
}

// next lets those begin who may. mu is held.
func (t *turns) next() {
	for t.taken < t.all {
		best := -1
		for i, one := range t.waiting {
			if n := t.held[one.owner]; n+one.size <= t.each && (best < 0 || n < t.held[t.waiting[best].owner]) {
				best = i
				if n == 0 {
					break
				}
			}
		}
		if best < 0 || t.taken+t.waiting[best].size > t.all {
			return // smaller ones behind it wait, or it might for ever
		}
		one := t.waiting[best]
		t.waiting = slices.Delete(t.waiting, best, best+1)
		if t.held == nil {
			t.held = make(map[string]int)
		}
		t.held[one.owner] += one.size
		t.taken += one.size
		close(one.had)
	}
}
