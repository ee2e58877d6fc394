package replay

import "time"

// RecordTime is where the replay is in its recordings, by the times of their records:
// it goes at the replay's speed, stands still while that is paused, and is never
// before a record that was handed on, unless the recording's clock was set back.
// Before the first record it is zero.
func (s *Source) RecordTime() time.Time {
	if at := s.pace.recordTime(); at != 0 {
		return time.UnixMilli(at)
	}
	return s.Stats().Time
}

// recordTime is the time, in Unix milliseconds, that the replay has come to; 0 before
// a record with a time.
func (p *pace) recordTime() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at + p.passed()
}

// passed is how much of the pause before the record that is waited for has passed, in
// milliseconds of the recording. p.mu is held.
func (p *pace) passed() int64 {
	if !p.begun || p.paused || p.speed == 0 || p.waiting <= p.at {
		return 0
	}
	passed := float64(p.now().Sub(p.due)) * p.speed / float64(time.Millisecond)
	return int64(min(max(passed, 0), float64(p.waiting-p.at-1)))
}
