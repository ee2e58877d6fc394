package wait

import (
	"context"
	"sync"
	"testing"
	"time"
)

// Run calls run beside the test, and ends it with the test or when stop is
// called. Both wait until it has returned; an error that it returns is the
// test's.
func Run(t testing.TB, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		t.Helper()
		cancel()
		late := time.NewTimer(Limit)
		defer late.Stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-late.C:
			t.Errorf("Run does not return within %v", Limit)
		}
	})
	t.Cleanup(stop)
	return stop
}
