package replay

// The speeds between which Faster and Slower change.
const (
	slowest = 1.0 / 16
	fastest = 4096.0
)

// Pause stops the replay where it is, or lets it go on. Like all that changes
// the replay it returns what Note does.
func (s *Source) Pause() string {
	s.pace.change(func() { s.pace.paused = !s.pace.paused })
	return s.changed()
}

// Faster doubles the speed; beyond the fastest there is as fast as possible.
func (s *Source) Faster() string {
	s.pace.change(func() {
		if s.pace.speed *= 2; s.pace.speed > fastest {
			s.pace.speed = 0
		}
	})
	return s.changed()
}

// Slower halves the speed.
func (s *Source) Slower() string {
	s.pace.change(func() {
		switch {
		case s.pace.speed == 0:
			s.pace.speed = fastest
		default:
			s.pace.speed = max(s.pace.speed/2, slowest)
		}
	})
	return s.changed()
}

// SkipPause ends the pause before the next record.
func (s *Source) SkipPause() string {
	s.pace.skip()
	return s.changed()
}

// changed describes the replay as it is now, and wakes its readers.
func (s *Source) changed() string {
	s.out.Wake()
	return s.Note()
}
