// Package relay is a TCP relay: it passes connections on to an address, and delays,
// holds, forgets and cuts them when it is told to.
package relay

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// Relay is one relay.
type Relay struct {
	ln net.Listener
	wg sync.WaitGroup

	mu     sync.Mutex
	to     string
	flows  map[*flow]struct{} // two for each connection
	paused bool
	delay  time.Duration
	jitter time.Duration
	held   [2]chan struct{} // by Way: nothing is passed on until it is closed; nil when all is
	allow  [2]int           // by Way: bytes that pass before the connection is cut; 0 is no limit
}

// Way is a direction.
type Way int

// The ways.
const (
	ToServer Way = iota // from who connected, to the address
	ToClient            // from the address, to who connected
)

// test is what New needs of a test.
type test interface {
	Helper()
	Fatal(args ...any)
	Cleanup(f func())
}

// New returns a relay on a free loopback port to an address, HOST:PORT. It ends
// with its test.
func New(t test, to string) *Relay {
	t.Helper()
	r, err := Open(to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// Open is New for programs that are no tests. Close it.
func Open(to string) (*Relay, error) { return Listen("127.0.0.1:0", to) }

// Listen returns a relay at an address, HOST:PORT. Close it.
func Listen(at, to string) (*Relay, error) {
	ln, err := net.Listen("tcp", at)
	if err != nil {
		return nil, fmt.Errorf("relay to %q: %w", to, err)
	}
	r := &Relay{to: to, ln: ln, flows: make(map[*flow]struct{})}
	r.wg.Go(r.accept)
	return r, nil
}

// Close ends the relay, and cuts what it has.
func (r *Relay) Close() {
	r.ln.Close()
	r.Pause(true)
	r.Cut()
	r.Hold(false)
	r.wg.Wait()
}

// Addr is where the relay listens, HOST:PORT.
func (r *Relay) Addr() string { return r.ln.Addr().String() }

func (r *Relay) accept() {
	for {
		in, err := r.ln.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		to := r.to
		r.mu.Unlock()
		out, err := net.Dial("tcp", to)
		if err != nil {
			in.Close()
			continue
		}
		r.mu.Lock()
		if r.paused {
			r.mu.Unlock()
			in.Close()
			out.Close()
			continue
		}
		forth := &flow{r: r, way: ToServer, from: in, to: out, gone: make(chan struct{})}
		back := &flow{r: r, way: ToClient, from: out, to: in, gone: make(chan struct{})}
		r.flows[forth], r.flows[back] = struct{}{}, struct{}{}
		r.mu.Unlock()
		r.wg.Go(forth.run)
		r.wg.Go(back.run)
	}
}

// Delay has what comes from now on arrive so much later, in either direction.
func (r *Relay) Delay(d time.Duration) { r.DelayBy(d, 0) }

// DelayBy is Delay by d, and by up to jitter more, each piece by another time. What
// comes later arrives later all the same.
func (r *Relay) DelayBy(d, jitter time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delay, r.jitter = d, jitter
}

// Hold passes nothing on in either direction, as a network that is cut does, or no
// longer: then what was under way arrives, as TCP has it. It is never told that anything
// is wrong.
func (r *Relay) Hold(yes bool) {
	r.HoldWay(ToServer, yes)
	r.HoldWay(ToClient, yes)
}

// HoldWay is Hold in one direction: one side is heard, and does not hear.
func (r *Relay) HoldWay(way Way, yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch held := r.held[way]; {
	case yes && held == nil:
		r.held[way] = make(chan struct{})
	case !yes && held != nil:
		close(held)
		r.held[way] = nil
	}
}

// Forget passes nothing on any more of the connections that there are, and tells neither
// side, as a router does that has lost its memory of them. New ones are passed on.
func (r *Relay) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for f := range r.flows {
		f.forgotten = true
	}
}

// CutAfter cuts the next connection over which more than n bytes come in one direction,
// wherever that is in a frame: n arrive. 0 cuts none.
func (r *Relay) CutAfter(way Way, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.allow[way] = n
}

// Lead has new connections go to another address, HOST:PORT.
func (r *Relay) Lead(to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = to
}

// Cut closes all connections without a word, and throws away what is under way.
func (r *Relay) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for f := range r.flows {
		f.cut()
	}
}

// Pause closes new connections at once, or no longer.
func (r *Relay) Pause(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused = yes
}
