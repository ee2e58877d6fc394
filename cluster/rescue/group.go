package rescue

import (
	"context"
	"sync"
	"time"
)

// patience is how long a group waits for the others when one has panicked: a
// lock that it held may never be free again.
const patience = 2 * time.Second

// Group is goroutines that end together when one of them panics.
type Group struct {
	ctx      context.Context
	end      context.CancelFunc
	running  sync.WaitGroup
	once     sync.Once
	panicked chan struct{} // closed after the first panic
	fault    error         // it; set before panicked is closed
}

// NewGroup returns a group without goroutines. Call its End when it is not
// needed any more.
func NewGroup(ctx context.Context) *Group {
	g := &Group{panicked: make(chan struct{})}
	g.ctx, g.end = context.WithCancel(ctx)
	return g
}

// Context ends when the one that the group was made with does, when End is
// called, and when a goroutine panics.
func (g *Group) Context() context.Context { return g.ctx }

// End ends the group's context.
func (g *Group) End() { g.end() }

// Go runs f in a goroutine of its own. As with [sync.WaitGroup], the first
// calls come before Wait.
func (g *Group) Go(doing string, f func()) { g.running.Go(func() { g.Do(doing, f) }) }

// Do runs f in the calling goroutine, such as that of a timer, for which Wait
// does not wait.
func (g *Group) Do(doing string, f func()) {
	if err := Call(doing, func() error { f(); return nil }); err != nil {
		g.once.Do(func() {
			g.fault = err
			close(g.panicked)
			g.end()
		})
	}
}

// Wait returns when all goroutines have ended, with the [*Error] of the first
// that panicked, or nil. After a panic it does not wait for ever.
func (g *Group) Wait() error {
	ended := make(chan struct{})
	go func() { defer close(ended); g.running.Wait() }()
	select {
	case <-ended:
	case <-g.panicked:
		select {
		case <-ended:
		case <-time.After(patience):
		}
	}
	select {
	case <-g.panicked:
		return g.fault
	default:
		return nil
	}
}
