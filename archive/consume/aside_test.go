package consume_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"sluice/archive/consume"
	"sluice/internal/wait"
)

// What is put aside is there once however often that is tried, and each time that it is
// put aside anew: by another attempt, a retry, a worker that leaves, or a group that begins again.
func TestWhatIsPutAsideAgainIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("system/a", "poison")
	for _, ordered := range []bool{false, true, false} {
		var d done
		c := consume.Config{
			Archive: w.engine.Client, Group: "g", Streams: []string{"system/*"}, Handle: d.handle, Attempts: 1, Ordered: ordered,
			Start: consume.Start{Last: 1}, Drain: true,
		}
		dead := consume.Deferred{Archive: w.engine.Client, Group: "g", Dead: true}
		for range 3 {
			if err := worker(t, c).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			items := w.items(dead)
			if len(items) != 1 || items[0].Attempts != 1 {
				t.Fatalf("ordered %v: dead are %+v, want one", ordered, items)
			}
			if err := dead.Retry(t.Context(), items[0].ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := consume.Forget(t.Context(), w.engine.Client, "g"); err != nil {
			t.Fatal(err)
		}
	}
}

// Workers leave while they hold a record until it is due, and it is tried all the same.
func TestWhatIsHeldUntilItIsDueStaysWhenItsWorkersLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("system/a", "a record")
	var failed, did atomic.Int32
	c := consume.Config{
		Archive: w.engine.Client, Group: "g", Streams: []string{"system/*"}, Attempts: 3,
		Handle: func(context.Context, *consume.Batch) error {
			if failed.Add(1) == 1 {
				return errors.New("not yet")
			}
			did.Add(1)
			return nil
		},
	}
	aside := consume.Deferred{Archive: w.engine.Client, Group: "g"}
	for range 3 {
		ctx, leave := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- worker(t, c).Run(ctx) }()
		wait.For(t, "it to be put aside, or done", func() bool { return len(w.items(aside)) == 1 || did.Load() > 0 })
		leave()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	c.Drain = true
	if err := worker(t, c).Run(t.Context()); err != nil || did.Load() != 1 || len(w.items(aside)) != 0 {
		t.Errorf("it was done %d times, %d are left, %v", did.Load(), len(w.items(aside)), err)
	}
}
