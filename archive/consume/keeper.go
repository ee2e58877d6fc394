package consume

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// delivery is a message that JetStream has given to this worker, until it is acknowledged
// or given back.
type delivery struct {
	msg  jetstream.Msg
	meta *jetstream.MsgMetadata
	came time.Time

	kept   time.Time // when JetStream was told last that it is at work; the keeper's
	lapsed bool      // it was silent for so long that another worker has it; the keeper's
}

// keeper tells JetStream of all deliveries that a worker holds that it is at work.
type keeper struct {
	mu   sync.Mutex
	held map[*delivery]struct{}
}

func (k *keeper) add(d *delivery) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held == nil {
		k.held = map[*delivery]struct{}{}
	}
	d.came = time.Now()
	d.kept = d.came
	k.held[d] = struct{}{}
}

// has reports whether a delivery is still this worker's.
func (k *keeper) has(d *delivery) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !d.lapsed && time.Since(d.kept) < ackWait
}

// release ends the keeping of a delivery.
func (k *keeper) release(d *delivery) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.held, d)
}

// run keeps until ctx ends.
func (k *keeper) run(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			k.keep()
		}
	}
}

func (k *keeper) keep() {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	for d := range k.held {
		if now.Sub(d.kept) >= ackWait {
			d.lapsed = true // a stopped and woken worker
		}
		if d.lapsed {
			continue
		}
		if d.msg.InProgress() == nil {
			d.kept = now
		}
	}
}

// giveBack gives what is held to other workers, at once.
func (k *keeper) giveBack() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for d := range k.held {
		_ = d.msg.Nak() // or it lapses
	}
	clear(k.held)
}
