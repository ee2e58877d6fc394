package consume

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Handlers that do not return when their time is over.
const (
	grace        = time.Second // that a handler has to return after its context has ended
	maxAbandoned = 8           // calls that a worker leaves alone, before it ends
)

// errTimeout is why a batch was put aside whose handler took too long.
type timeoutError struct{ after time.Duration }

func (e timeoutError) Error() string { return fmt.Sprintf("it took longer than %s", e.after) }

// call calls the handler. Its error is why the batch is to be put aside; ended reports
// that it was rather the worker that was told to end.
func (w *Worker) call(ctx context.Context, b *Batch) (ended bool, err error) {
	began := time.Now()
	defer func() { w.pace.took(time.Since(began)) }()
	within, cancel := context.WithTimeout(ctx, w.Timeout)
	done := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- fmt.Errorf("the handler panicked: %v", r)
			}
		}()
		done <- w.Handle(within, b)
	}()
	select {
	case err = <-done:
	case <-within.Done():
		after := time.NewTimer(grace)
		defer after.Stop()
		select {
		case err = <-done:
		case <-after.C:
			w.abandoned.Add(1)
			go func() {
				<-done
				w.abandoned.Add(-1)
			}()
			w.batchLost = true
			err = context.DeadlineExceeded
		}
	}
	late := within.Err()
	cancel()
	switch {
	case err == nil:
		return false, nil // although it may be late
	case ctx.Err() != nil:
		return true, err
	case late != nil && errors.Is(err, context.DeadlineExceeded):
		return false, timeoutError{w.Timeout}
	}
	return false, err
}
