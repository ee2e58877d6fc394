package proxy

import (
	"testing"
	"time"
)

// All sessions together write 20,000 times a second at most, as long as none waits for
// more than 50 ms, and a few hardly wait.
func TestGatheringTakesLongerTheMoreSessionsThereAre(t *testing.T) {
	for sessions, want := range map[int64]time.Duration{
		0: time.Millisecond, 1: time.Millisecond, 20: time.Millisecond, 100: 5 * time.Millisecond,
		1000: 50 * time.Millisecond, 100_000: 50 * time.Millisecond,
	} {
		if got := gather(sessions); got != want {
			t.Errorf("%d sessions gather for %v, want %v", sessions, got, want)
		}
	}
}
