package consolidator

import (
	"sync"

	"sluice/cluster/zmtp"
)

// handled is how many messages of a connection were accepted, and how many skipped: both
// of the first ones. One goroutine adds, and may read accepted without the lock.
type handled struct {
	mu       sync.Mutex
	accepted uint64
	skipped  uint64
}

func (h *handled) add(accepted, skipped uint64) {
	h.mu.Lock()
	h.accepted += accepted
	h.skipped += skipped
	h.mu.Unlock()
}

func (h *handled) sum() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.accepted + h.skipped
}

// appendAck appends what acknowledges them.
func (h *handled) appendAck(dst []byte) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.skipped > 0 {
		dst = zmtp.AppendSkip(dst, h.skipped)
	}
	return zmtp.AppendAck(dst, h.accepted)
}
