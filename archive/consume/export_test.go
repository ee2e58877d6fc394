package consume

import "time"

// SetBehind sets how far the live cursor may be behind.
func SetBehind(t interface{ Cleanup(func()) }, d time.Duration) {
	was := behindAfter
	behindAfter = d
	t.Cleanup(func() { behindAfter = was })
}
