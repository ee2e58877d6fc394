package relay

import (
	"bytes"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// maxDelayed is how many pieces of one direction may be under way.
const maxDelayed = 16

// flow is one direction of a connection.
type flow struct {
	r        *Relay
	way      Way
	from, to net.Conn
	ending   sync.Once
	gone     chan struct{} // closed when it was cut

	forgotten bool // nothing is passed on any more; guarded by Relay.mu
}

func (f *flow) run() {
	f.pass()
	f.to.Close()
	f.from.Close()
	f.r.mu.Lock()
	delete(f.r.flows, f)
	f.r.mu.Unlock()
}

// pass passes on what it reads, each piece after the delay. It reads on meanwhile.
func (f *flow) pass() {
	type piece struct {
		bytes []byte
		due   time.Time
	}
	pieces := make(chan piece, maxDelayed)
	var writing sync.WaitGroup
	writing.Go(func() {
		for p := range pieces {
			if f.wait(p.due) {
				f.write(p.bytes)
			}
		}
	})
	buf := make([]byte, 64<<10)
	for {
		n, err := f.from.Read(buf)
		f.r.mu.Lock()
		late := f.r.delay
		if f.r.jitter > 0 {
			late += rand.N(f.r.jitter)
		}
		f.r.mu.Unlock()
		if n > 0 {
			pieces <- piece{bytes.Clone(buf[:n]), time.Now().Add(late)}
		}
		if err != nil {
			break
		}
	}
	close(pieces)
	writing.Wait()
}

// wait waits until a piece may arrive. It reports false when it never will.
func (f *flow) wait(due time.Time) bool {
	late := time.NewTimer(time.Until(due))
	defer late.Stop()
	select {
	case <-late.C:
	case <-f.gone:
		return false
	}
	f.r.mu.Lock()
	held, forgotten := f.r.held[f.way], f.forgotten
	f.r.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-f.gone:
			return false
		}
		f.r.mu.Lock()
		forgotten = f.forgotten
		f.r.mu.Unlock()
	}
	if forgotten {
		<-f.gone
	}
	select {
	case <-f.gone:
		return false
	default:
		return true
	}
}

// write hands a piece over, or as much of it as is allowed.
func (f *flow) write(b []byte) {
	f.r.mu.Lock()
	allowed, last := f.r.allow[f.way], false
	if allowed > 0 {
		last = len(b) > allowed
		b = b[:min(len(b), allowed)]
		f.r.allow[f.way] = max(allowed-len(b), 1)
		if last {
			f.r.allow[f.way] = 0
		}
	}
	f.r.mu.Unlock()
	if _, err := f.to.Write(b); err != nil || last {
		f.end() // ends the reading; what it has read already goes nowhere
	}
}

// cut ends the connection without a word.
func (f *flow) cut() {
	if tc, ok := f.from.(*net.TCPConn); ok {
		_ = tc.SetLinger(0)
	}
	f.end()
}

// end ends this direction.
func (f *flow) end() {
	f.ending.Do(func() {
		close(f.gone)
		f.from.Close()
	})
}
