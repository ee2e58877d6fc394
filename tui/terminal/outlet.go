package terminal

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// errStuck is what a write returns when the terminal has taken nothing of the
// last outletBytes.
var errStuck = errors.New("the terminal takes nothing any more")

// Bounds of an outlet.
const (
	outletBytes = 4 << 20         // that wait; frames are held back long before
	lastWords   = 2 * time.Second // that the terminal has to take what restores it
)

// outlet stands between the renderer and the terminal, so that a terminal which
// reads slowly, or not at all, holds up nothing. While something waits in it,
// the client draws no new frame: a slow terminal gets fewer frames and not
// older ones. It passes for the file, so that others find out what the terminal can do.
type outlet struct {
	file    *os.File
	drained func() // all was taken, and somebody asked for it
	wanted  atomic.Bool

	mu      sync.Mutex
	waiting []byte
	writing bool          // the terminal is taking something
	empty   chan struct{} // closed when it has taken everything; nil: nothing waits
	begun   time.Time     // when it got something after it had taken everything
	took    time.Duration // how long it took that, when it last had
	err     error
	more    chan struct{}
	done    chan struct{}
}

func newOutlet(file *os.File, drained func()) *outlet {
	o := &outlet{file: file, drained: drained, more: make(chan struct{}, 1), done: make(chan struct{})}
	go o.run()
	return o
}

// Write takes all of b.
func (o *outlet) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	if len(o.waiting)+len(b) > outletBytes {
		return 0, errStuck
	}
	if !o.writing && len(o.waiting) == 0 {
		o.begun = time.Now()
	}
	o.waiting = append(o.waiting, b...)
	select {
	case o.more <- struct{}{}:
	default:
	}
	return len(b), nil
}

// Read, Close and Fd are the file's; Close is not called.
func (o *outlet) Read(b []byte) (int, error) { return o.file.Read(b) }
func (o *outlet) Close() error               { return o.file.Close() }
func (o *outlet) Fd() uintptr                { return o.file.Fd() }

// busy reports whether the terminal has not taken everything yet; then drained
// is called when it has.
func (o *outlet) busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.writing && len(o.waiting) == 0 {
		return false
	}
	o.wanted.Store(true)
	return true
}

func (o *outlet) run() {
	defer close(o.done)
	var spare []byte
	for range o.more {
		o.mu.Lock()
		b := o.waiting
		o.waiting, o.writing = spare[:0], true
		o.mu.Unlock()
		_, err := o.file.Write(b)
		spare = b
		o.mu.Lock()
		o.writing = false
		if err != nil && o.err == nil {
			o.err = err
		}
		empty := len(o.waiting) == 0
		if empty {
			o.took = time.Since(o.begun)
		}
		if empty && o.empty != nil {
			close(o.empty)
			o.empty = nil
		}
		o.mu.Unlock()
		if empty && o.wanted.Swap(false) {
			o.drained()
		}
	}
}

// pace is how long the terminal took what it was given last, once it has taken everything.
func (o *outlet) pace() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.took
}

// drain waits until the terminal has taken everything, but not for ever.
func (o *outlet) drain() {
	o.mu.Lock()
	if !o.writing && len(o.waiting) == 0 {
		o.mu.Unlock()
		return
	}
	if o.empty == nil {
		o.empty = make(chan struct{})
	}
	empty := o.empty
	o.mu.Unlock()
	select {
	case <-empty:
	case <-time.After(lastWords):
	}
}

// end waits until the terminal has taken everything, but not for ever: one that
// reads nothing cannot be restored. Nothing may be written after it.
func (o *outlet) end() {
	close(o.more)
	select {
	case <-o.done:
	case <-time.After(lastWords):
	}
}
