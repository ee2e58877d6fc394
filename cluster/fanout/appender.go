package fanout

// cacheSize is how many logs an Appender remembers.
const cacheSize = 1024

// Appender appends to logs. It remembers those that it wrote to. It is for one
// goroutine at a time; a Hub may have many.
type Appender struct {
	hub   *Hub
	owner *owner   // of the logs that it makes
	last  *pending // the one before, most often the next one too
	logs  map[string]*pending
	dirty []*pending // with runs, in the order of their first
}

// Target is a stream of an Appender, which finds it once.
type Target struct{ *pending }

// pending is a log, and what was added for it and not appended yet.
type pending struct {
	log  *log
	runs []run
}

// run is whole entries of one stream, back to back; or one entry, when it has a
// head, which stands before it.
type run struct {
	head    []byte
	entries []byte
	numbers uint64
	cause   Cause // why it was refused, when there are no entries
}

// maxRuns is the capacity of a list of runs that is kept for the next time.
const maxRuns = 256

// Appender returns a new Appender.
func (h *Hub) Appender() *Appender {
	return &Appender{hub: h, owner: new(owner)}
}

// End is the position at which the next entry of a stream will stand, if
// nobody else appends to it. It makes the log if there is none. When there are
// too many to make it, End and the Append functions return the zero Position,
// and append nothing.
func (a *Appender) End(name string) Position {
	l := a.locked(name)
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
	return a.append(name, entries, numbers, false)
}

// Add notes whole entries, back to back, to be appended to a stream's log by the
// next Flush; until then they must not change. It makes the log if there is
// none. It reports false, and notes nothing, when there are too many to make it.
//
// Entries of many streams, interleaved, are appended much faster when they are
// added first: each log is locked once, and its entries are copied in one go.
func (a *Appender) Add(name, entries []byte, numbers uint64) (ok bool) {
	p := a.last
	if p == nil || p.log.name != string(name) {
		if p = a.logs[string(name)]; p == nil {
			if p = a.find(string(name)); p == nil {
				return false
			}
		}
		a.last = p
	}
	a.add(p, run{entries: entries, numbers: numbers})
	return true
}

// AddRefused is Add for what takes numbers and has no entry, since it was refused:
// of cause CauseTooLarge or CauseMalformed. Readers learn it from Piece.Lost, at its
// place. However many are refused one after the other, they take no more memory than
// one.
func (a *Appender) AddRefused(name []byte, cause Cause, numbers uint64) (ok bool) {
	p := a.pending(string(name))
	if p == nil {
		return false
	}
	if n := len(p.runs); n > 0 && p.runs[n-1].cause == cause {
		p.runs[n-1].numbers += numbers
		return true
	}
	a.add(p, run{numbers: numbers, cause: cause})
	return true
}

// Target is for AddEntry. It makes the log if there is none; when there are too many to
// make it, ok is false.
func (a *Appender) Target(name string) (t Target, ok bool) {
	t.pending = a.pending(name)
	return t, t.pending != nil
}

// AddEntry is Add for one entry that takes one number, in two parts, so that they need not
// be put together before: neither of them is empty. Between two calls of Flush, what is
// added to a stream by its Target is not added by its name, too.
func (a *Appender) AddEntry(to Target, head, body []byte) {
	a.add(to.pending, run{head: head, entries: body, numbers: 1})
}

func (a *Appender) add(p *pending, r run) {
	if len(p.runs) == 0 {
		a.dirty = append(a.dirty, p)
	}
	p.runs = append(p.runs, r)
}

// Flush appends what was added: for each stream in the order in which it was
// added, the streams one after the other. It never waits for a reader. excess
// is how many numbers of entries could not be appended, since their log was forgotten
// meanwhile and there were too many to make it again.
func (a *Appender) Flush() (excess uint64) {
	grown := false
	for i, p := range a.dirty {
		if l := a.lock(p); l != nil {
			before := l.size
			for i := range p.runs {
				if r := &p.runs[i]; r.cause == CauseNone {
					l.append(r.head, r.entries, r.numbers)
				} else {
					l.refuse(r.cause, r.numbers)
				}
			}
			if l.size != before {
				a.hub.sizes.set(l, l.size-before)
				grown = true
			}
			l.mu.Unlock()
		} else {
			for _, r := range p.runs {
				if r.cause == CauseNone {
					excess += r.numbers
				}
			}
		}
		clear(p.runs)
		if p.runs = p.runs[:0]; cap(p.runs) > maxRuns {
			p.runs = nil
		}
		a.dirty[i] = nil
	}
	a.dirty = a.dirty[:0]
	if grown {
		a.hub.reclaim()
	}
	return excess
}

// AppendUnknown appends one entry that takes one number and stands for a loss
// of unknown size. A reader that is overtaken across it learns it from
// Piece.Unknown.
func (a *Appender) AppendUnknown(name string, entry []byte) Position {
	return a.append(name, entry, 1, true)
}

func (a *Appender) append(name string, entries []byte, numbers uint64, unknown bool) (at Position) {
	l := a.locked(name)
	if l == nil {
		return Position{}
	}
	at = Position{Epoch: l.epoch, Next: l.next}
	if unknown {
		l.noteUnknown(l.next)
	}
	before := l.size
	l.append(nil, entries, numbers)
	grown := l.size != before
	if grown {
		a.hub.sizes.set(l, l.size-before)
	}
	l.mu.Unlock()
	if grown {
		a.hub.reclaim()
	}
	return at
}

// locked finds the log of that name and locks it. It returns nil when there is
// none, and there are too many to make it.
func (a *Appender) locked(name string) *log {
	p := a.pending(name)
	if p == nil {
		return nil
	}
	return a.lock(p)
}

// pending finds the log of that name, and what was added for it. It returns nil
// when there is none, and there are too many to make it.
func (a *Appender) pending(name string) *pending {
	p := a.last
	if p == nil || p.log.name != name {
		if p = a.logs[name]; p == nil {
			if p = a.find(name); p == nil {
				return nil
			}
		}
		a.last = p
	}
	return p
}

// lock locks a log, or the one that has taken its place after it was forgotten.
// It returns nil when there are too many to make that.
func (a *Appender) lock(p *pending) *log {
	for {
		p.log.mu.Lock()
		if !p.log.dead {
			return p.log
		}
		p.log.mu.Unlock()
		l := a.counting(p.log.name)
		if l == nil {
			// The next one of that name looks it up again.
			delete(a.logs, p.log.name)
			if a.last == p {
				a.last = nil
			}
			return nil
		}
		p.log = l
	}
}

// Knows reports whether a stream has a log, and makes none.
func (a *Appender) Knows(name []byte) bool {
	if _, ok := a.logs[string(name)]; ok {
		return true
	}
	a.hub.mu.RLock()
	defer a.hub.mu.RUnlock()
	_, ok := a.hub.logs.Get(string(name))
	return ok
}

func (a *Appender) find(name string) *pending {
	l := a.counting(name)
	if l == nil {
		return nil
	}
	if len(a.logs) >= cacheSize {
		clear(a.logs)
	}
	if a.logs == nil {
		a.logs = make(map[string]*pending)
	}
	p := &pending{log: l}
	a.logs[l.name] = p
	return p
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
