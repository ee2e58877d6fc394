package testsource

import (
	"errors"
	"testing"
	"time"

	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/internal/wait"
)

// PanicEndsRun runs a source in one of whose goroutines a panic comes, once fall,
// which may be nil, has returned. The panic must be what Run returns, and what is
// asked of the source must still be answered.
func PanicEndsRun(t *testing.T, s *stream.Source, fall func()) {
	t.Helper()
	s.Tail("system", stream.Backfill{Last: 10})
	ran := make(chan error, 1)
	go func() { ran <- s.Run(t.Context()) }()
	if fall != nil {
		fall()
	}
	var err error
	select {
	case err = <-ran:
	case <-time.After(wait.Limit):
		t.Fatal("Run does not return")
	}
	if !rescue.Is(err) {
		t.Fatalf("Run returned %v, want the panic", err)
	}
	s.Status()
	s.Streams()
	s.Tail("tenant/acme", stream.Backfill{})
	s.Stop("system")
	for err == nil || rescue.Is(err) {
		_, err = s.Take(t.Context())
	}
	if !errors.Is(err, stream.ErrClosed) {
		t.Fatalf("Take returned %v at the end", err)
	}
}
