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
		if got := linger(want); got > want/20 || got > 0 != (sessions >= 200) {
			t.Errorf("with %d sessions the source may wait %v", sessions, got)
		}
	}
}

// Sessions that wrote at different times write again at the same ticks, never later than
// their own gathering allows, nor before half of it.
func TestGatheringSessionsWriteTogether(t *testing.T) {
	for _, wait := range []time.Duration{minGather, 5 * time.Millisecond, maxGather} {
		at := map[time.Time]int{}
		for i := range 1000 {
			wrote := ticks.Add(time.Hour + time.Duration(i)*wait/1000)
			due := together(wrote, wait)
			if waits := due.Sub(wrote); waits > wait || waits < wait/2 {
				t.Fatalf("gathering for %v, it waits for %v", wait, waits)
			}
			at[due]++
		}
		if len(at) > 9 {
			t.Errorf("gathering for %v, 1,000 sessions write at %d times", wait, len(at))
		}
	}
}
