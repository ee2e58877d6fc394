package proxy

import (
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sluice/proxy/tally"
)

const (
	// minReserve and maxReserve bound how many places there are beyond the limit, a
	// quarter of it.
	minReserve, maxReserve = 4, 64
	// sayFullEvery is the time between two lines of the log that there is no place left.
	sayFullEvery = time.Minute
)

// places are what a proxy has for the connections of its clients: limit of them, and a
// few more for those that are told that there are too many, or how the proxy is. One that
// asks for nothing at the moment gives way to a new one. When those beyond the limit are
// taken, too, the one that was taken first is given up.
type places struct {
	limit  int
	counts *tally.Counts
	log    *slog.Logger
	now    func() time.Time

	mu       sync.Mutex
	open     int                   // without those in reserve
	idle     map[net.Conn]struct{} // those of open that have had an answer, and ask for nothing more yet
	reserve  []net.Conn            // the oldest first
	givenUp  map[net.Conn]struct{} // they were in reserve, and are being closed
	reserved atomic.Int32          // len(reserve)
	said     time.Time             // that it is full
}

// changed is called with each connection that is new or closed, by net/http.
func (p *places) changed(nc net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		p.enter(nc)
	case http.StateIdle:
		p.rests(nc, true)
	case http.StateActive, http.StateHijacked:
		p.rests(nc, false)
	case http.StateClosed:
		p.leave(nc)
	}
}

// rests notes whether a connection asks for nothing.
func (p *places) rests(nc net.Conn, now bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !now:
		delete(p.idle, nc)
	case !slices.Contains(p.reserve, nc):
		if p.idle == nil {
			p.idle = make(map[net.Conn]struct{})
		}
		p.idle[nc] = struct{}{}
	}
}

// giveWay closes a connection that asks for nothing, and reports whether there was one.
// mu is held.
func (p *places) giveWay() bool {
	for nc := range p.idle {
		delete(p.idle, nc)
		cutOff(nc)
		return true
	}
	return false
}

// enter takes a place.
func (p *places) enter(nc net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open < p.limit || p.giveWay() { // that one is counted until it has left
		p.open++
		return
	}
	if len(p.reserve) >= min(max(p.limit/4, minReserve), maxReserve) {
		p.counts.Add(tally.Connections, 1)
		if p.givenUp == nil {
			p.givenUp = make(map[net.Conn]struct{})
		}
		p.givenUp[p.reserve[0]] = struct{}{}
		cutOff(p.reserve[0])
		p.reserve = slices.Delete(p.reserve, 0, 1)
	}
	p.reserve = append(p.reserve, nc)
	p.reserved.Store(int32(len(p.reserve)))
	if now := p.now(); now.Sub(p.said) >= sayFullEvery {
		p.said = now
		p.log.Warn("as many connections as the proxy serves: more are refused, and counted; raise --max-connections, or the limit on open files",
			"connections", p.limit)
	}
}

// leave gives the place of a connection back.
func (p *places) leave(nc net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.idle, nc)
	if i := slices.Index(p.reserve, nc); i >= 0 {
		p.reserve = slices.Delete(p.reserve, i, i+1)
		p.reserved.Store(int32(len(p.reserve)))
		return
	}
	if _, ok := p.givenUp[nc]; ok {
		delete(p.givenUp, nc)
		return
	}
	p.open--
}

// inReserve reports whether a connection is beyond the limit.
func (p *places) inReserve(nc net.Conn) bool {
	if p.reserved.Load() == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.reserve, nc)
}

// taken are how many connections there are, those beyond the limit included.
func (p *places) taken() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open + len(p.reserve) + len(p.givenUp)
}

// isHealth tells whether a path is answered to those beyond the limit.
func isHealth(path string) bool { return path == "/healthz" || path == "/readyz" }
