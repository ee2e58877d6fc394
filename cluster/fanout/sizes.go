package fanout

import "sync"

// sizes knows how much memory all logs take together, and which is the
// largest. Logs stand in classes of one largest chunk's width; which of a
// class comes first does not matter.
type sizes struct {
	mu      sync.Mutex
	sum     int64
	classes []*log // heads of the classes' lists
	top     int    // no class above it has a log
}

// set notes that l's size has changed by delta bytes. l.mu is held, which
// orders the calls for one log.
func (s *sizes) set(l *log, delta int64) {
	class := -1
	if l.size > 0 {
		class = int(l.size / maxChunk)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum += delta
	if class == l.class {
		return
	}
	s.unlink(l)
	if class >= 0 {
		for class >= len(s.classes) {
			s.classes = append(s.classes, nil)
		}
		l.succ = s.classes[class]
		if l.succ != nil {
			l.succ.prev = l
		}
		s.classes[class] = l
		s.top = max(s.top, class)
	}
	l.class = class
}

func (s *sizes) unlink(l *log) {
	if l.class < 0 {
		return
	}
	if l.prev != nil {
		l.prev.succ = l.succ
	} else {
		s.classes[l.class] = l.succ
	}
	if l.succ != nil {
		l.succ.prev = l.prev
	}
	l.prev, l.succ, l.class = nil, nil, -1
}

// drop forgets a log. l.mu is held.
func (s *sizes) drop(l *log) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum -= l.size
	s.unlink(l)
}

func (s *sizes) total() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sum
}

// largest returns a log of the highest class while the sum is above limit.
func (s *sizes) largest(limit int64) *log {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sum <= limit {
		return nil
	}
	for s.top > 0 && s.classes[s.top] == nil {
		s.top--
	}
	if s.top < len(s.classes) {
		return s.classes[s.top]
	}
	return nil
}
