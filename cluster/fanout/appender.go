package fanout

// cacheSize is how many logs an Appender remembers.
const cacheSize = 1024

// Appender appends to logs. It remembers those that it wrote to. It is for one
// goroutine at a time; a Hub may have many.
type Appender struct {
	hub  *Hub
	last *log // the one before, most often the next one too
	logs map[string]*log
}

// Appender returns a new Appender.
func (h *Hub) Appender() *Appender {
	return &Appender{hub: h}
}

// End is the position at which the next entry of a stream will stand, if
// nobody else appends to it. It makes the log if there is none. When there are
// too many to make it, End and the Append functions return the zero Position,
// and append nothing.
func (a *Appender) End(name string) Position {
	l := locked(a, name)
	if l == nil {
		return Position{}
	}
	defer l.mu.Unlock()
	return Position{Epoch: l.epoch, Next: l.next}
}

// Append copies whole entries, back to back, that take numbers sequence
// numbers together, to the end of a stream's log, and returns the position of
// the first. It makes the log if there is none. It never waits for a reader.
func (a *Appender) Append(name string, entries []byte, numbers uint64) Position {
	at, _ := appendTo(a, name, entries, numbers, false)
	return at
}

// AppendBytes is Append for a name that stands in a buffer. It reports whether
// the entries were appended.
func (a *Appender) AppendBytes(name, entries []byte, numbers uint64) (ok bool) {
	_, ok = appendTo(a, name, entries, numbers, false)
	return ok
}

// AppendUnknown appends one entry that takes one number and stands for a loss
// of unknown size. A reader that is overtaken across it is told so, see
// Piece.Unknown.
func (a *Appender) AppendUnknown(name string, entry []byte) Position {
	at, _ := appendTo(a, name, entry, 1, true)
	return at
}

func appendTo[T string | []byte](a *Appender, name T, entries []byte, numbers uint64, unknown bool) (at Position, ok bool) {
	l := locked(a, name)
	if l == nil {
		return Position{}, false
	}
	at = Position{Epoch: l.epoch, Next: l.next}
	if unknown {
		l.noteUnknown(l.next)
	}
	before := l.size
	l.append(entries, numbers)
	grown := l.size != before
	if grown {
		a.hub.sizes.set(l, l.size-before)
	}
	l.mu.Unlock()
	if grown {
		a.hub.reclaim()
	}
	return at, true
}

// locked finds the log of that name and locks it. It returns nil when there is
// none, and there are too many to make it.
func locked[T string | []byte](a *Appender, name T) *log {
	l := a.last
	if l == nil || l.name != string(name) {
		l = a.logs[string(name)]
		if l == nil {
			l = a.find(string(name))
		}
		if l == nil {
			return nil
		}
		a.last = l
	}
	l.mu.Lock()
	for l.dead {
		l.mu.Unlock()
		delete(a.logs, l.name)
		a.last = nil
		if l = a.find(string(name)); l == nil {
			return nil
		}
		a.last = l
		l.mu.Lock()
	}
	return l
}

func (a *Appender) find(name string) *log {
	l := a.hub.counting(name)
	if l == nil {
		return nil
	}
	if len(a.logs) >= cacheSize {
		clear(a.logs)
	}
	if a.logs == nil {
		a.logs = make(map[string]*log)
	}
	a.logs[l.name] = l
	return l
}

// reclaim evicts from the largest logs until all together fit. No lock is
// held. A log may be taken twice when it changes meanwhile; what is above the
// bound for a moment is at most one chunk for each appender.
func (h *Hub) reclaim() {
	for {
		l := h.sizes.largest(h.cfg.Buffer)
		if l == nil {
			return
		}
		l.mu.Lock()
		if freed := l.shrink(); freed > 0 {
			h.sizes.set(l, -freed)
		}
		l.mu.Unlock()
	}
}
