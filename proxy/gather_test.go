package proxy

import (
	"testing"
	"time"
)

// All sessions together write 20,000 times a second at most, as long as none waits for
// more than 50 ms, and a few hardly wait.
func TestGatheringTakesLongerTheMoreSessionsThereAre(t *testing.T) {
	before := time.Duration(0)
	for sessions := range int64(2000) {
		got := gather(sessions)
		if got < before || got > maxGather || got < maxGather && got*20_000 < time.Duration(sessions)*time.Second {
			t.Fatalf("%d sessions gather for %v, one less for %v", sessions, got, before)
		}
		if got > max(time.Duration(sessions)*gatherEach*3/2, time.Millisecond) {
			t.Fatalf("%d sessions gather for %v", sessions, got)
		}
		if far := linger(got); far > got/2 || far > 0 != (got >= crowded) {
			t.Fatalf("with %d sessions the source is read every %v", sessions, far)
		}
		before = got
	}
	if before != maxGather {
		t.Errorf("2,000 sessions gather for %v", before)
	}
}

// Sessions that wrote at different times write again at the same few ticks, never later
// than their own gathering allows, nor before half of it; and having written at
// a tick, one writes again after exactly so long.
func TestGatheringSessionsWriteTogether(t *testing.T) {
	for _, sessions := range []int64{1, 100, 200, 640, 1000} {
		wait := gather(sessions)
		at := map[time.Time]int{}
		for i := range 1000 {
			wrote := ticks.Add(time.Hour + time.Duration(i)*wait/1000)
			due := together(wrote, wait)
			if waits := due.Sub(wrote); waits > wait || waits < wait/2 {
				t.Fatalf("gathering for %v, it waits for %v", wait, waits)
			}
			at[due]++
			if again := together(due, wait); again.Sub(due) != wait {
				t.Fatalf("gathering for %v, it writes again after %v", wait, again.Sub(due))
			}
		}
		if len(at) > 9 {
			t.Errorf("gathering for %v, 1,000 sessions write at %d times", wait, len(at))
		}
	}
}

// The ticks of a crowd are beats, and among the times at which the source is read.
func TestTicksOfACrowdAreBeats(t *testing.T) {
	for sessions := crowdFrom; sessions < 2000; sessions++ {
		wait := gather(sessions)
		if tick := tickOf(wait); tick%beat != 0 || wait%tick != 0 || linger(wait) != tick {
			t.Fatalf("%d sessions gather for %v, by ticks of %v", sessions, wait, tick)
		}
	}
}
