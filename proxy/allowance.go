package proxy

import "time"

// What a session's filter may take of the machine.
const (
	filterShare = 20                     // one in so many seconds of one core
	filterBurst = 100 * time.Millisecond // at once, and of one record
	filterRest  = filterBurst / 2        // once all is used, it rests until it has so much
)

// allowance is the time that a session's filter may take: it comes by itself, up to
// filterBurst, and each match takes what it took. A match may run into debt, but not
// begin with one.
type allowance struct {
	left    time.Duration
	at      time.Time // when left was right
	resting bool      // nothing may begin
}

// take lets what came since then be used, and reports whether a match may begin.
func (a *allowance) take(now time.Time) bool {
	if a.at.IsZero() {
		a.left = filterBurst
	} else {
		a.left = min(a.left+now.Sub(a.at)/filterShare, filterBurst)
	}
	a.at = now
	if a.resting && a.left >= filterRest {
		a.resting = false
	}
	return !a.resting
}

// charge takes what a match took.
func (a *allowance) charge(took time.Duration) {
	a.left -= took
	a.resting = a.left <= 0
}

// rest is how long nothing may begin, from a time on.
func (a *allowance) rest(now time.Time) time.Duration {
	if a.take(now) {
		return 0
	}
	return (filterRest-a.left)*filterShare + time.Millisecond
}
