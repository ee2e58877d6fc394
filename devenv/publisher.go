package devenv

import (
	"context"
	"time"

	"sluice/cluster/publish"
)

const (
	keep   = publish.MinBuffer      // bytes of records that a publisher keeps until they are acknowledged
	linger = 100 * time.Millisecond // how long it waits at its end for those
)

// publisher publishes one stream from one machine, as a service does that logs
// through package publish: what its consolidator does not acknowledge it keeps and
// sends again, and what it has no room for it sheds, and says so in the stream.
type publisher struct {
	endpoint string // of the consolidator, to publish to
	stream   string
	records  *generator
	pace     *pace
}

// run publishes until ctx ends.
func (p *publisher) run(ctx context.Context) error {
	client, err := publish.Open(publish.Config{Endpoint: p.endpoint, Buffer: keep, Shed: true, Linger: linger})
	if err != nil {
		return err
	}
	defer client.Close(context.Background())
	timer := time.NewTimer(0)
	defer timer.Stop()
	var record []byte
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		for ctx.Err() == nil {
			now := time.Now()
			wait, ok := p.pace.next(now)
			if !ok {
				timer.Reset(wait)
				break
			}
			record = p.records.next(record[:0], now)
			if err := client.Publish(ctx, p.stream, record); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}
