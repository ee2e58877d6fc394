package terminal

import (
	"testing"
	"time"
)

// How long a frame rests: a key is answered at once, a calm screen does not fill a line, and
// one behind a slow line leaves most of it free.
func TestRestAfterAFrame(t *testing.T) {
	for _, tt := range []struct {
		name   string
		screen Terminal
		took   time.Duration
		want   time.Duration
	}{
		{"usual", Terminal{}, 0, shortest},
		{"usual, a busy machine", Terminal{}, slowFrame, shortest},
		{"calm, little written", Terminal{calm: true, spent: calmBurst}, 0, shortest},
		{"calm, much written", Terminal{calm: true, spent: calmBurst + 4000}, 0, 100 * time.Millisecond},
		{"calm, very much written", Terminal{calm: true, spent: 10 * calmBurst}, 0, longestRest},
		{"slow", Terminal{}, 100 * time.Millisecond, 400 * time.Millisecond},
		{"very slow", Terminal{}, 2 * time.Second, 2*time.Second + longestSlowRest},
		{"slow, calm", Terminal{calm: true, spent: calmBurst + 4000}, 60 * time.Millisecond, 240 * time.Millisecond},
		{"slow, a key was pressed", Terminal{calm: true, urgent: true, spent: 10 * calmBurst}, 2 * time.Second, shortestUrgent},
	} {
		if got := tt.screen.rest(tt.took); got != tt.want {
			t.Errorf("%s: it rests for %v, want %v", tt.name, got, tt.want)
		}
	}
}
