package cli

import (
	"context"
	"os/signal"
	"syscall"
)

// handleSignals returns a context that SIGINT, SIGTERM and SIGHUP end; a second
// SIGINT or SIGTERM ends the process.
func handleSignals() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	// A reader that has had enough shows as an error of the write, and ends the
	// command quietly.
	signal.Ignore(syscall.SIGPIPE)
	if signal.Ignored(syscall.SIGHUP) { // as under nohup
		return ctx, stop
	}
	// When a terminal goes, a shell sends what the kernel has sent already: the
	// second one must not hit a recording that is being finished.
	ctx, hungUp := signal.NotifyContext(ctx, syscall.SIGHUP)
	return ctx, func() { hungUp(); stop() }
}
