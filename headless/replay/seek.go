package replay

import (
	"time"

	"sluice/cluster/stream"
)

// Seek takes the replay to a time of the recordings: forward, what is before it comes at
// once; back, a notice of kind [stream.KindRestart] comes, and after it everything again from
// the beginning, at once up to that time. A replay that is paused stays so. It returns what
// Note does, or why it cannot be. It needs Config.Seekable.
func (s *Source) Seek(to time.Time) string {
	s.seeking.Lock()
	defer s.seeking.Unlock()
	return s.seek(to)
}

// Skip is Seek for a time that is so long after where the replay is, or before it.
func (s *Source) Skip(by time.Duration) string {
	s.seeking.Lock()
	defer s.seeking.Unlock()
	at := s.pace.position()
	if at == 0 {
		return s.changed()
	}
	return s.seek(time.UnixMilli(at).Add(by))
}

// seek is Seek; s.seeking is held.
func (s *Source) seek(to time.Time) string {
	switch target := to.UnixMilli(); {
	case target >= s.pace.position():
		s.pace.change(func() { s.pace.until = target })
	case s.once:
		return "there is no way back: what comes from a pipe can be read once"
	default:
		s.back = true
		s.pace.recall(target)
		if s.pass != nil {
			s.pass()
		}
		if b := s.out.TryTake(); b != nil {
			b.Release() // it comes again
		}
	}
	return s.changed()
}

// wentBack reports whether the recordings are to be read again.
func (s *Source) wentBack() bool {
	s.seeking.Lock()
	defer s.seeking.Unlock()
	return s.back
}

// begin makes ready for reading the recordings again.
func (s *Source) begin() error {
	if err := s.find(); err != nil {
		return err
	}
	clear(s.pastTo)
	clear(s.records)
	s.records, s.bytes, s.outside = s.records[:0], 0, 0
	s.notices = append(s.notices[:0], stream.Notice{Kind: stream.KindRestart, Time: s.config.Now()})
	s.mu.Lock()
	s.stats = Stats{Size: s.stats.Size}
	s.mu.Unlock()
	s.pace.begin()
	return nil
}
