package engine

import (
	"sync"
	"time"
)

// Of several servers the one that a client is connected to may be cut off from the others:
// it answers pings, and nothing else. Nobody but its clients can see that.
const (
	unansweredFor = 2 * time.Second // without any answer, until the client goes to another server
	stayFor       = 3 * time.Second // at a server, before it goes to the next
)

// moving goes to another server when this one does not answer.
type moving struct {
	mu    sync.Mutex
	since time.Time // of the first request without an answer after the last answer
	moved time.Time
}

// answered notes an answer.
func (m *moving) answered() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.since = time.Time{}
}

// due notes a request that was not answered, and reports whether it is time to move.
func (m *moving) due(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.since.IsZero() {
		m.since = now
	}
	if now.Sub(m.since) < unansweredFor || now.Sub(m.moved) < stayFor {
		return false
	}
	m.since, m.moved = time.Time{}, now
	return true
}

// Unanswered tells the client of an append to which no answer came, in as long as the
// caller would wait. When several servers are known, and nothing was answered for 2 s, it
// connects to another one.
func (c *Client) Unanswered() {
	if c.moving.due(time.Now()) && c.conn.IsConnected() && len(c.conn.Servers()) > 1 {
		c.log.Warn("archive: the server does not answer: going to another one", "server", c.conn.ConnectedUrlRedacted())
		_ = c.conn.ForceReconnect() // it is closed, or reconnects anyway
	}
}
