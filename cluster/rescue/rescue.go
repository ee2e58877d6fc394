// Package rescue turns panics into errors, where something must be put in order
// before the process ends: on a terminal that is not restored, what went wrong
// cannot be read.
//
// # Contract
//
// Only a panic of the goroutine that calls [Call] is caught: a function that
// starts a goroutine calls it there. A panic of the runtime itself, such as running out
// of memory, ends the process as ever. After a panic nothing that the goroutine
// worked on can be trusted any more, so the error is a reason to end, not one
// to try again.
package rescue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// Error is a panic that was caught.
type Error struct {
	Doing string // what was done, as a verb phrase: "read from consolidators"
	Value any    // what panic was called with
	Stack []byte // of the goroutine that panicked, as debug.Stack writes it
}

func (e *Error) Error() string { return fmt.Sprintf("%s: internal error: %v", e.Doing, e.Value) }

// Unwrap returns the value, if it is an error.
func (e *Error) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Caught makes an error of what recover returned; nil of nil. It is called by
// the function that called recover. A panic with an *Error, which hands one on
// from another goroutine, is that Error.
func Caught(doing string, recovered any) error {
	switch r := recovered.(type) {
	case nil:
		return nil
	case *Error:
		return r
	}
	return &Error{Doing: doing, Value: recovered, Stack: debug.Stack()}
}

// Call returns what f returns, or an [*Error] if it panics.
func Call(doing string, f func() error) (err error) {
	defer func() {
		if caught := Caught(doing, recover()); caught != nil {
			err = caught
		}
	}()
	return f()
}

// Is reports whether an error is, or wraps, a panic that was caught.
func Is(err error) bool {
	var e *Error
	return errors.As(err, &e)
}

// Beside runs a source beside what uses it: run in a goroutine of its own, as
// long as use runs. If run panics, use is ended, too. When ctx ends, use is ended
// first, and run when use has returned: otherwise use could find its source closed
// and not know why. It returns when both have ended, with the errors of both.
func Beside(ctx context.Context, doing string, run, use func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	ran := make(chan error, 1)
	go func() {
		err := Call(doing, func() error { return run(running) })
		if Is(err) {
			cancel()
		}
		ran <- err
	}()
	err := use(ctx)
	end()
	return errors.Join(err, <-ran)
}
