package rescue_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"sluice/cluster/rescue"
)

// fall panics, under a name that a stack shows.
func fall(value any) { panic(value) }

func TestCall(t *testing.T) {
	if err := rescue.Call("do nothing", func() error { return io.EOF }); err != io.EOF || rescue.Is(err) {
		t.Fatalf("without a panic the error is %v", err)
	}
	err := rescue.Call("read", func() error { fall("boom"); return nil })
	var e *rescue.Error
	if !errors.As(err, &e) || err.Error() != "read: internal error: boom" || !strings.Contains(string(e.Stack), "rescue_test.fall") {
		t.Fatalf("the error is %v, with %+v", err, e)
	}
	// One that is handed on keeps what it was and where.
	if again := rescue.Call("draw", func() error { fall(e); return nil }); again != err {
		t.Fatalf("handed on, it is %v", again)
	}
	if err := rescue.Call("read", func() error { fall(io.EOF); return nil }); !errors.Is(err, io.EOF) {
		t.Fatalf("the panic's own error is not in %v", err)
	}
}

func TestBeside(t *testing.T) {
	until := func(ctx context.Context) error { <-ctx.Done(); return nil }
	if err := rescue.Beside(t.Context(), "read", until, func(context.Context) error { return io.EOF }); !errors.Is(err, io.EOF) {
		t.Fatalf("what use returned is not in %v", err)
	}
	if err := rescue.Beside(t.Context(), "read", func(context.Context) error { fall("boom"); return nil }, until); !rescue.Is(err) {
		t.Fatalf("a panic is no fault, but %v", err)
	}
	// Of a source that ends by itself, what was read is still to be used.
	ended := make(chan struct{})
	err := rescue.Beside(t.Context(), "read", func(context.Context) error { defer close(ended); return io.EOF }, func(ctx context.Context) error {
		<-ended
		return ctx.Err()
	})
	if !errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
}

// What uses a source hears first that all is to end: a source that has ended by
// then would look as if it had by itself.
func TestBesideEndsTheUserFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		closed := false
		err := rescue.Beside(ctx, "read", func(ctx context.Context) error { <-ctx.Done(); closed = true; return nil }, func(ctx context.Context) error {
			cancel()
			synctest.Wait()
			if closed {
				t.Error("the source has ended before its user")
			}
			return ctx.Err()
		})
		if !closed || !errors.Is(err, context.Canceled) {
			t.Errorf("the source has ended: %v; %v", closed, err)
		}
	})
}

func TestGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		well := rescue.NewGroup(t.Context())
		well.Go("wait", func() { <-well.Context().Done() })
		well.End()
		if err := well.Wait(); err != nil {
			t.Fatalf("without a panic Wait returns %v", err)
		}

		falls := rescue.NewGroup(t.Context())
		stuck := make(chan struct{})
		falls.Go("wait", func() { <-falls.Context().Done() })
		falls.Go("hold a lock", func() { <-stuck })
		falls.Go("read", func() { fall("boom") })
		err := falls.Wait() // although one never ends
		if err == nil || err.Error() != "read: internal error: boom" || falls.Context().Err() == nil {
			t.Fatalf("after a panic Wait returns %v, and the context's error is %v", err, falls.Context().Err())
		}
		close(stuck)

		timed := rescue.NewGroup(t.Context())
		timed.Do("merge", func() { fall("boom") })
		if err := timed.Wait(); !rescue.Is(err) {
			t.Fatalf("after a panic of a timer Wait returns %v", err)
		}
	})
}
