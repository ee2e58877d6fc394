package fanout

import "sync"

// maxVacant bounds the vacant logs: readers have made them, and left them, and
// nobody has ever appended to them. A reader that tails ever new names would
// make them without end. The oldest is forgotten first, and then a reader that
// comes back to its position there finds a new epoch.
const maxVacant = 10_000

// vacants are the logs that may be vacant, in the order in which they became it.
type vacants struct {
	mu   sync.Mutex
	logs []*log
}

// add notes that the log has no cursors any more. l.mu is held.
func (v *vacants) add(l *log) {
	if l.next > 0 {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if !l.vacant {
		l.vacant = true
		v.logs = append(v.logs, l)
	}
}

// excess takes out the oldest of those that are too many, if they are.
func (v *vacants) excess() *log {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.logs) <= maxVacant {
		return nil
	}
	l := v.logs[0]
	v.logs[0] = nil
	v.logs = v.logs[1:]
	l.vacant = false
	return l
}

// vacate forgets vacant logs that are too many. No lock is held.
func (h *Hub) vacate() {
	for l := h.vacants.excess(); l != nil; l = h.vacants.excess() {
		h.mu.Lock()
		l.mu.Lock()
		if !l.dead && l.owner == nil && l.cursors == 0 && l.next == 0 {
			h.drop(l)
		}
		l.mu.Unlock()
		h.mu.Unlock()
	}
}
