package engine

import (
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// elected is what the servers of a cluster say when LOGS has got a leader.
const elected = "$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED." + Logs

// elections tells whoever waits for a leader that there is one.
type elections struct {
	mu   sync.Mutex
	next chan struct{} // nil: nobody waits
}

// Elected is closed when the servers say the next time that LOGS has got a leader: what was
// not answered may be asked again then. They may not say it, as to somebody without the right to hear it.
func (e *Engine) Elected() <-chan struct{} {
	e.elections.mu.Lock()
	defer e.elections.mu.Unlock()
	if e.elections.next == nil {
		e.elections.next = make(chan struct{})
	}
	return e.elections.next
}

// hearElections begins to listen.
func (e *Engine) hearElections() error {
	_, err := e.conn.Subscribe(elected, func(*nats.Msg) {
		e.elections.mu.Lock()
		defer e.elections.mu.Unlock()
		if e.elections.next != nil {
			close(e.elections.next)
			e.elections.next = nil
		}
	})
	return e.failed("listen to", elected, err)
}

// isAboutElections reports whether a server refused to tell of elections: that is no loss.
func isAboutElections(err error) bool { return strings.Contains(err.Error(), elected) }
