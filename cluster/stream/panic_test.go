package stream_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sluice/cluster/rescue"
	"sluice/cluster/stream"
)

// fallingFinder panics.
type fallingFinder struct{}

func (fallingFinder) Find(context.Context, func([]string)) error { panic("boom") }

// A panic in any goroutine of a source is what Run returns, so that whoever has
// the terminal can restore it. What is asked of the source is still answered.
func TestAPanicEndsRun(t *testing.T) {
	nowhere := "127.0.0.1:1"
	for name, config := range map[string]stream.Config{
		"finder": {Finder: fallingFinder{}},
		"link":   {Consolidators: []string{"tcp://" + nowhere}},
		"tail":   {Proxy: "http://" + nowhere},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := stream.New(config)
			if err != nil {
				t.Fatal(err)
			}
			s.Tail("system", stream.Backfill{Last: 10})
			if name == "tail" {
				s.Break()
			}
			ran := make(chan error, 1)
			go func() { ran <- s.Run(t.Context()) }()
			if name == "link" {
				for len(s.Status()) == 0 {
					time.Sleep(time.Millisecond)
				}
				s.Break()
			}
			select {
			case err = <-ran:
			case <-time.After(time.Minute):
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
		})
	}
}
