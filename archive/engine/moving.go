package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Of several servers the one that a client is connected to may be cut off from the others:
// it answers pings, and says of everything else that it cannot be done, or nothing. Nobody
// but its clients can see that.
const (
	unansweredFor = 2 * time.Second  // without the answer of a leader, until the client goes to another server
	stayFor       = 3 * time.Second  // at a server, before it goes to the next
	forgetAfter   = 10 * time.Second // after which what was not answered is no sign any more
)

// moving goes to another server when no leader answers by this one.
type moving struct {
	mu    sync.Mutex
	since time.Time // when the first request was sent that was not answered after the last answer
	last  time.Time // when that was known of the last one
	moved time.Time
}

// answered notes an answer of a leader. Those of other replicas tell nothing: one that is cut
// off gives them, too.
func (m *moving) answered() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.since = time.Time{}
}

// due notes that a request was not answered, and reports whether it is time to move.
func (m *moving) due(asked, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.since.IsZero() || now.Sub(m.last) > forgetAfter {
		m.since = asked
	}
	m.last = now
	if now.Sub(m.since) < unansweredFor || now.Sub(m.moved) < stayFor {
		return false
	}
	m.since, m.moved = time.Time{}, now
	return true
}

// Unanswered tells the client of a request to a leader that was sent at a time, and not
// answered in as long as the caller would wait. When several servers are known, and nothing
// was answered for 2 s, it connects to another one.
func (c *Client) Unanswered(asked time.Time) {
	if c.moving.due(asked, time.Now()) && c.conn.IsConnected() && len(c.conn.Servers()) > 1 {
		c.log.Warn("archive: the server does not answer: going to another one", "server", c.conn.ConnectedUrlRedacted())
		_ = c.conn.ForceReconnect() // it is closed, or reconnects anyway
	}
}

// Heard tells the client what became of a request to a leader that its caller has made by
// JetStream, and waited for 2 s at least if there was no answer.
func (c *Client) Heard(err error) {
	var api *jetstream.APIError
	switch {
	case err == nil:
		c.moving.answered()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		c.Unanswered(time.Now().Add(-unansweredFor))
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrNoStreamResponse), errors.As(err, &api) && api.Code >= 500:
		c.Unanswered(time.Now())
	}
}
