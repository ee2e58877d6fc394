package discovery

import (
	"context"
	"sync"

	"sluice/cluster/rescue"
)

// shared is a Finder whose work is done once for all who find.
type shared struct {
	of Finder

	mu      sync.Mutex
	users   int
	now     Found
	known   bool          // now was found
	changed chan struct{} // closed and replaced when now changes, and closed when finding has ended
	end     context.CancelFunc
	ended   chan struct{} // closed when finding has ended
	err     error         // why it has; set before ended is closed
}

// Shared returns a Finder that any number may Find with at the same time, while the other
// one finds once for them all: for as long as there is any.
func Shared(of Finder) Finder { return &shared{of: of} }

func (s *shared) Place() Place { return s.of.Place() }

// Find tells what is known at once, and then what changes.
func (s *shared) Find(ctx context.Context, found func(Found)) error {
	ended := s.join()
	defer s.leave()
	for {
		s.mu.Lock()
		now, known, changed := s.now, s.known, s.changed
		s.mu.Unlock()
		if known {
			found(now.Clone())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ended:
			return s.err
		case <-changed:
		}
	}
}

// join begins to find, if nobody does yet.
func (s *shared) join() (ended <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users++; s.users > 1 {
		return s.ended
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.known, s.err, s.end = false, nil, cancel
	s.changed, s.ended = make(chan struct{}), make(chan struct{})
	go func() {
		err := rescue.Call("find consolidators", func() error { return s.of.Find(ctx, s.found) })
		s.err = err
		close(s.ended)
	}()
	return s.ended
}

// found takes what the other one has found.
func (s *shared) found(f Found) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.known = f, true
	close(s.changed)
	s.changed = make(chan struct{})
}

// leave ends the finding with its last user, and waits for that.
func (s *shared) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return
	}
	s.end()
	ended := s.ended
	s.mu.Unlock()
	<-ended // it may be about to tell
	s.mu.Lock()
}
