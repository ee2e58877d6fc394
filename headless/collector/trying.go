package collector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/cluster/backoff"
	"sluice/headless/shipper"
)

// publishError is of a feed that takes nothing any more.
type publishError struct{ error }

// keepTrying runs what a source does again and again until ctx ends, or the feed takes
// nothing any more, and says why it failed, once for each reason. failed begins a
// sentence.
func keepTrying(ctx context.Context, out *shipper.Feed, failed string, run func() error) error {
	var wait backoff.Backoff
	said := ""
	for {
		began := time.Now()
		err := run()
		var ended *publishError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &ended):
			return ended
		case err != nil && err.Error() != said:
			said = err.Error()
			out.Notify(fmt.Sprintf("%s: %v: trying again", failed, err))
		}
		wait.Lasted(time.Since(began))
		if !wait.Wait(ctx) {
			return nil
		}
	}
}
