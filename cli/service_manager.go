package cli

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// underManager tells systemd, where it runs this process (Type=notify), that a server
// lives, where the unit has a WatchdogSec, and that it is shutting down, when ctx ends.
// Call ready once it serves, and leave at last, which waits until all is told. Elsewhere
// nothing is told to anybody.
func underManager(ctx context.Context, log *slog.Logger) (ready, leave func()) {
	tell := func(state string) {
		if _, err := daemon.SdNotify(false, state); err != nil {
			log.Warn("the service manager cannot be told", "state", state, "error", err)
		}
	}
	patience, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the service manager's watchdog is not told that this process lives", "error", err)
	}
	told := make(chan struct{})
	go func() {
		defer close(told)
		if patience > 0 {
			beat(ctx, patience/3, func() { tell(daemon.SdNotifyWatchdog) })
		}
		<-ctx.Done()
		tell(daemon.SdNotifyStopping)
	}()
	leave = func() {
		if ctx.Err() != nil {
			<-told
		}
	}
	return func() { tell(daemon.SdNotifyReady) }, leave
}

// beat calls a function at once and each time that a time has passed, until ctx ends.
func beat(ctx context.Context, every time.Duration, do func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		do()
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
