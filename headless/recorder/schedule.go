package recorder

import "time"

// tickEvery is how long lines may be gathered, and the time between two syncs.
const tickEvery = time.Second

// maxWait is the longest time between two checks of what is due: the wall clock
// may be set.
const maxWait = time.Second

// Due does what is due at a time, and returns how long there is nothing to do but
// to take batches. See [headless.Scheduled].
func (r *Recorder) Due(now time.Time) (idle time.Duration, err error) {
	if err := r.files.sync.error(); err != nil {
		return 0, err
	}
	search := r.selection.Due(now)
	if err := r.files.rotate(now); err != nil {
		return 0, err
	}
	if now.Sub(r.flushed) >= tickEvery {
		r.flushed = now
		if err := r.files.tick(); err != nil {
			return 0, err
		}
	}
	if r.console.Draws() && now.Sub(r.measured) >= drawEvery/4 {
		r.measured = now
		r.measure()
	}
	idle = r.idle(now)
	if search >= 0 {
		idle = min(idle, search)
	}
	return idle, nil
}

// idle is how long nothing is due.
func (r *Recorder) idle(now time.Time) time.Duration {
	idle := maxWait
	sooner := func(at time.Time) { idle = min(idle, max(0, at.Sub(now))) }
	if r.files.waiting() {
		sooner(r.flushed.Add(tickEvery))
	}
	if !r.files.boundary.IsZero() {
		sooner(r.files.boundary)
	}
	return idle
}
