package consolidator

import (
	"sync"

	"sluice/cluster/zmtp"
)

// maxOutbox bounds what waits for a publisher that does not read what we send
// it (heartbeats, acknowledgements), in bytes.
const maxOutbox = 64 << 10

// outbox sends the little that goes to a publisher, and never waits.
type outbox struct {
	conn *zmtp.Conn

	mu       sync.Mutex
	buf      []byte
	held     *heldMemory
	heldPart heldPart // of buf, and of what conn keeps
}

// send queues b and sends what the connection takes now. It reports false when
// too much is waiting: the peer does not read.
func (o *outbox) send(b []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.buf)+len(b) > maxOutbox {
		return false
	}
	o.buf = append(o.buf, b...)
	o.flush()
	o.held.set(&o.heldPart, cap(o.buf)+o.conn.Kept(), false)
	return true
}

// close forgets what waits.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf = nil
	o.held.set(&o.heldPart, 0, true)
}

// flush tries again. o.mu is held.
func (o *outbox) flush() {
	n, _ := o.conn.TryWrite(o.buf) // whoever reads meets the error, too
	if o.buf = o.buf[:copy(o.buf, o.buf[n:])]; len(o.buf) == 0 {
		o.buf = nil
	}
}
