// Package relay is a TCP relay: it passes connections on to an address, and delays,
// holds and cuts them when it is told to.
package relay

import (
	"bytes"
	"fmt"
	"net"
	"sync"
	"time"
)

// maxDelayed is how many pieces of one direction may be under way.
const maxDelayed = 16

// Relay is one relay.
type Relay struct {
	ln net.Listener
	wg sync.WaitGroup

	mu     sync.Mutex
	to     string
	conns  map[net.Conn]struct{}
	paused bool
	delay  time.Duration
	held   chan struct{} // nothing is passed on until it is closed; nil when all is
}

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
	r := &Relay{to: to, ln: ln, conns: make(map[net.Conn]struct{})}
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
		r.conns[in], r.conns[out] = struct{}{}, struct{}{}
		r.mu.Unlock()
		r.wg.Go(func() { r.pass(in, out) })
		r.wg.Go(func() { r.pass(out, in) })
	}
}

func (r *Relay) pass(to, from net.Conn) {
	r.copy(to, from)
	to.Close()
	from.Close()
	r.mu.Lock()
	delete(r.conns, to)
	r.mu.Unlock()
}

// copy passes on what it reads, each piece after the delay. It reads on meanwhile.
func (r *Relay) copy(to, from net.Conn) {
	type piece struct {
		bytes []byte
		due   time.Time
	}
	pieces := make(chan piece, maxDelayed)
	var writing sync.WaitGroup
	writing.Go(func() {
		for p := range pieces {
			<-time.After(time.Until(p.due))
			r.waitUntilLetGo()
			if _, err := to.Write(p.bytes); err != nil {
				from.Close() // ends the reading; what it has read already goes nowhere
			}
		}
	})
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		r.mu.Lock()
		due := time.Now().Add(r.delay)
		r.mu.Unlock()
		pieces <- piece{bytes.Clone(buf[:n]), due}
		if err != nil {
			break
		}
	}
	close(pieces)
	writing.Wait()
}

// Delay has what comes from now on arrive so much later, in either direction.
func (r *Relay) Delay(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delay = d
}

// Hold passes nothing on in either direction, as a network that is cut does, or no
// longer: then what was under way arrives, as TCP has it. It is never told that anything
// is wrong.
func (r *Relay) Hold(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case yes && r.held == nil:
		r.held = make(chan struct{})
	case !yes && r.held != nil:
		close(r.held)
		r.held = nil
	}
}

func (r *Relay) waitUntilLetGo() {
	r.mu.Lock()
	held := r.held
	r.mu.Unlock()
	if held != nil {
		<-held
	}
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
	for c := range r.conns {
		if tc, ok := c.(*net.TCPConn); ok {
			_ = tc.SetLinger(0)
		}
		c.Close()
	}
}

// Pause closes new connections at once, or no longer.
func (r *Relay) Pause(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused = yes
}
