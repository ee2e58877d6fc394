package wait

import (
	"os"
	"testing"
	"time"
)

// Limit is the longest time that anything may take which a test waits for: a
// minute, twice that with the race detector and twice again in CI. It only has
// to be too long for a machine that is busy.
var Limit = limit()

func limit() time.Duration {
	d := time.Minute
	if Race {
		d *= 2
	}
	if os.Getenv("SLUICE_CI") != "" {
		d *= 2
	}
	return d
}

// For waits until the condition holds, and ends the test if it does not within
// the Limit. It belongs to the test's own goroutine.
func For(t testing.TB, what string, holds func() bool) {
	t.Helper()
	if !Until(holds) {
		t.Fatalf("waited %v for %s", Limit, what)
	}
}

// Until waits until the condition holds, and reports whether it does.
func Until(holds func() bool) bool {
	pause := time.Millisecond
	for deadline := time.Now().Add(Limit); !holds(); time.Sleep(pause) {
		if time.Now().After(deadline) {
			return false
		}
		pause = min(pause+time.Millisecond, 20*time.Millisecond)
	}
	return true
}
