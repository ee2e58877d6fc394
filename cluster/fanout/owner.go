package fanout

import "sync"

// owner is an appender, as far as its logs count for Config.MaxStreams. It
// outlives the appender. It is guarded by Hub.mu.
type owner struct {
	logs int
	gone bool // the appender was closed
}

// Close notes that nothing more is appended. Its logs stay; but when room is
// wanted for the logs of others, they give up theirs sooner.
func (a *Appender) Close() {
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	if !a.owner.gone {
		a.owner.gone = true
		a.hub.orphans += a.owner.logs
	}
}

// counting finds a log to append to, or makes it. It returns nil when there are
// too many to make it, or when the appender has made as many as there may still
// be made: so one that makes them without end takes half of what is left, and
// others find room. That costs a look only, however often it happens: room is
// made by Run.
func (a *Appender) counting(name string) *log {
	h := a.hub
	h.mu.RLock()
	v, ok := h.logs.Get(name)
	counted := ok && v.(*log).owner != nil
	orphan := counted && v.(*log).owner.gone
	full := h.full(a.owner)
	has := a.owner.logs
	h.mu.RUnlock()
	switch {
	case counted && !orphan:
		return v.(*log)
	case !counted && full:
		h.wanted.add(has)
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	v, ok = h.logs.Get(name)
	counted = ok && v.(*log).owner != nil
	if !counted && h.full(a.owner) {
		h.wanted.add(a.owner.logs)
		return nil
	}
	l := h.make(name)
	if counted && l.owner.gone {
		h.disown(l) // whoever made it is gone: it is this one's now
	}
	if l.owner == nil {
		h.own(a.owner, l)
	}
	return l
}

// full reports whether no more logs may be made by an owner. h.mu is held, at
// least for reading.
func (h *Hub) full(o *owner) bool {
	return h.cfg.MaxStreams > 0 && h.counted+o.logs >= h.cfg.MaxStreams
}

// own notes that a log counts. h.mu is held.
func (h *Hub) own(o *owner, l *log) {
	l.owner = o
	o.logs++
	h.counted++
	if o.gone {
		h.orphans++
	}
}

// disown notes that a log does not count any more. h.mu is held.
func (h *Hub) disown(l *log) {
	if l.owner != nil {
		if l.owner.gone {
			h.orphans--
		}
		l.owner.logs--
		l.owner = nil
		h.counted--
	}
}

// wanted notes that logs could not be made, and the smallest number of logs owned by
// an appender that was refused one.
type wanted struct {
	mu     sync.Mutex
	some   bool
	fewest int
}

func (w *wanted) add(has int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.some || has < w.fewest {
		w.some, w.fewest = true, has
	}
}

func (w *wanted) take() (has int, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	has, ok = w.fewest, w.some
	w.some = false
	return has, ok
}
