package stream_test

import (
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/stream"
)

// However late it is asked, what a source waits for ends at the same times, also while the
// first of them is yet to come.
func TestLingeringEndsAtSharedTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := stream.NewHandover(0)
		source := stream.NewSource(in, nil)
		if d := in.Linger(); d != 0 {
			t.Errorf("before anybody asked for it, it waits %v", d)
		}
		const every = 10 * time.Millisecond
		at := time.Now().Add(3 * every / 2)
		source.Linger(every, at)
		for range 100 {
			d := in.Linger()
			if d <= 0 || d > every {
				t.Fatalf("it waits %v", d)
			}
			if off := time.Now().Add(d).Sub(at) % every; off != 0 {
				t.Fatalf("it waits until %v off", off)
			}
			time.Sleep(1300 * time.Microsecond)
		}
		source.Linger(0, at)
		if d := in.Linger(); d != 0 {
			t.Errorf("after it is over, it waits %v", d)
		}
	})
}
