package replay

import (
	"context"
	"sync"
	"time"
)

const (
	// maxLate is how late a replay may be before it gives up being on time.
	maxLate = time.Second
	// setBack is how far a time may go back and still be out of order; beyond
	// it the clock was set. In milliseconds.
	setBack = 60_000
	// maxJump is how much later a record may be than the one before it and still be
	// waited for, in milliseconds: a day.
	maxJump = 24 * 3600 * 1000
)

// Jumps are times from one record to the next that are not waited for, since they are
// longer than a day.
type Jumps struct {
	Count    uint64
	From, To time.Time // of the longest
}

// pace decides when the next record's time has come.
type pace struct {
	limit time.Duration // of one pause; 0 for none
	now   func() time.Time

	mu      sync.Mutex
	speed   float64 // 0: at once
	paused  bool
	begun   bool
	at      int64     // time of the last record, Unix milliseconds
	due     time.Time // when it was due
	waiting int64     // time of the record that is waited for; 0 for none
	until   int64     // what is before this time, Unix milliseconds, comes at once; 0 for nothing
	back    bool      // nothing more comes, since all is to come again
	jumps   Jumps
	changed chan struct{}
}

func newPace(speed float64, limit time.Duration, now func() time.Time) *pace {
	return &pace{speed: speed, limit: limit, now: now, changed: make(chan struct{})}
}

// left is how long a record of time t, in Unix milliseconds, must wait now;
// 0 when it need not. A negative time means until something changes. Unless it
// must wait, it is taken for handed on.
func (p *pace) left(t int64) (time.Duration, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.back:
		return -1, p.changed
	case p.until != 0 && (t == 0 || t < p.until):
		if p.waiting = 0; t != 0 {
			p.at, p.begun = t, false
		}
		return 0, nil
	case p.until != 0 && p.at != 0: // it is there, and goes on from there
		p.at, p.until, p.begun, p.due = max(p.at, p.until), 0, true, p.now()
	}
	p.until = 0
	if p.paused {
		p.waiting = t
		return -1, p.changed
	}
	p.waiting = 0
	if p.speed == 0 || t == 0 {
		if t != 0 {
			p.at, p.begun = t, false
		}
		return 0, nil
	}
	now := p.now()
	switch {
	case !p.begun:
		p.begun, p.at, p.due = true, t, now
		return 0, nil
	case t <= p.at:
		if t < p.at-setBack {
			p.at = t
		}
		return 0, nil
	case t-p.at > maxJump && p.limit == 0:
		p.jump(t)
		p.at, p.due = t, now
		return 0, nil
	}
	due := p.due.Add(p.pause(t))
	if wait := due.Sub(now); wait > 0 {
		p.waiting = t
		return wait, p.changed
	}
	p.at, p.due = t, due
	if now.Sub(due) > maxLate {
		p.due = now
	}
	return 0, nil
}

// jump notes that the time until a record is not waited for.
func (p *pace) jump(t int64) {
	p.jumps.Count++
	if p.jumps.Count == 1 || t-p.at > p.jumps.To.UnixMilli()-p.jumps.From.UnixMilli() {
		p.jumps.From, p.jumps.To = time.UnixMilli(p.at), time.UnixMilli(t)
	}
}

func (p *pace) jumped() Jumps {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.jumps
}

// handed notes that all records so far were taken. That may have lasted.
func (p *pace) handed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun && !p.paused {
		if now := p.now(); now.Sub(p.due) > maxLate {
			p.due = now
		}
	}
}

// pause is how long the pause before a record of time t is in all.
func (p *pace) pause(t int64) time.Duration {
	recorded := float64(t-p.at) * float64(time.Millisecond) / p.speed
	const longest = float64(1 << 62)
	pause := time.Duration(min(recorded, longest))
	if p.limit > 0 {
		pause = min(pause, p.limit)
	}
	return pause
}

// change changes how the replay goes on, from where it is now.
func (p *pace) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun && !p.paused && p.speed > 0 && p.waiting > p.at {
		p.at += p.passed() // what has passed of the pause has passed
		p.due = p.now()
	}
	was := p.paused
	f()
	if was && !p.paused {
		p.due = p.now()
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// position is where the replay is, or goes at once: Unix milliseconds; 0 before a
// record with a time.
func (p *pace) position() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(p.at+p.passed(), p.until)
}

// recall ends what comes, to go back to a time.
func (p *pace) recall(to int64) {
	p.change(func() { p.back, p.until, p.at, p.begun, p.waiting = true, to, 0, false, 0 })
}

// finish stands still at the end, also when it was to go beyond.
func (p *pace) finish() {
	p.change(func() {
		if !p.back {
			p.until = 0
		}
	})
}

// begin begins anew, on the way to where it was called back to.
func (p *pace) begin() {
	p.change(func() { p.back, p.at, p.begun, p.waiting, p.jumps = false, 0, false, 0, Jumps{} })
}

// skip ends the pause before the record that is waited for.
func (p *pace) skip() {
	p.change(func() {
		if p.waiting > 0 {
			p.at, p.due = p.waiting, p.now()
		}
	})
}

// wait waits until the time of a record has come; before it waits, it calls
// flush once.
func (p *pace) wait(ctx context.Context, t int64, flush func() error) error {
	flushed := false
	for {
		left, changed := p.left(t)
		if left == 0 {
			return nil
		}
		if !flushed {
			if err := flush(); err != nil {
				return err
			}
			flushed = true
			continue // that may have taken its time
		}
		var timer <-chan time.Time
		var stop func() bool
		if left > 0 {
			t := time.NewTimer(left)
			timer, stop = t.C, t.Stop
		}
		select {
		case <-ctx.Done():
		case <-timer:
		case <-changed:
		}
		if stop != nil {
			stop()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}
