package consume

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sluice/archive/engine"
)

// What JetStream is told of a cursor.
const (
	ackWait    = 10 * time.Second // after which a batch whose worker is silent comes to another one
	keepEvery  = 3 * time.Second  // how often a worker says that it is at work
	maxPending = 20_000           // batches at work in a group, a cursor
	maxWaiting = 4096             // workers that wait for one, a cursor
)

// cursor is the place of a group in a span: a durable consumer of JetStream, which knows
// what was given to whom and what was acknowledged.
type cursor struct {
	span
	consumer jetstream.Consumer
}

// consumerName is the name of a group's consumer. Group names have no such ending in
// common, so no two consumers of two groups have the same one.
func consumerName(group, what string) string { return "group-" + group + "-" + what }

func (c *cursor) live() bool { return c.open() }

// consumer finds a durable consumer, or makes it. made tells which.
func (s *store) consumer(ctx context.Context, stream string, config jetstream.ConsumerConfig) (c jetstream.Consumer, made bool, err error) {
	c, err = s.js.Consumer(ctx, stream, config.Durable)
	if err == nil {
		return c, false, nil
	}
	if !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil, false, fmt.Errorf("look for consumer %s of stream %s: %w", config.Durable, stream, err)
	}
	config.AckPolicy, config.AckWait, config.MaxDeliver = jetstream.AckExplicitPolicy, ackWait, -1
	config.MaxAckPending, config.MaxWaiting = maxPending, maxWaiting
	if c, err = s.js.CreateConsumer(ctx, stream, config); err != nil {
		return nil, false, fmt.Errorf("make consumer %s of stream %s: %w", config.Durable, stream, err)
	}
	return c, true, nil
}

// openCursors makes the cursors of the group's spans that the worker does not have yet,
// and forgets those that are not the group's any more.
func (w *Worker) openCursors(ctx context.Context) error {
	had := map[uint64]*cursor{}
	for _, c := range w.cursors {
		had[c.Number] = c
	}
	w.cursors = nil
	made := false
	for _, s := range w.group.Spans {
		c := had[s.Number]
		if c == nil {
			consumer, isNew, err := w.store.consumer(ctx, engine.Logs, jetstream.ConsumerConfig{
				Durable:       consumerName(w.Group, fmt.Sprint(s.Number)),
				DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: s.From,
				FilterSubjects: w.filters,
			})
			if err != nil {
				return err
			}
			made = made || isNew
			c = &cursor{consumer: consumer}
		}
		c.span = s
		w.cursors = append(w.cursors, c)
	}
	if made {
		return w.dropFinished(ctx)
	}
	return nil
}

// dropFinished removes the cursors that were made for a span which another worker has
// meanwhile finished: they would begin it again.
func (w *Worker) dropFinished(ctx context.Context) error {
	g, sequence, err := w.join(ctx)
	if err != nil {
		return err
	}
	there := map[uint64]bool{}
	for _, s := range g.Spans {
		there[s.Number] = true
	}
	for _, c := range w.cursors {
		if !there[c.Number] {
			if err := w.store.dropConsumer(ctx, c); err != nil {
				return err
			}
		}
	}
	w.group, w.revision = g, sequence
	return nil
}

func (s *store) dropConsumer(ctx context.Context, c *cursor) error {
	name := c.consumer.CachedInfo().Name
	if err := s.js.DeleteConsumer(ctx, engine.Logs, name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("remove consumer %s: %w", name, err)
	}
	return nil
}

// fetch asks a consumer for messages: those that are there, or with a wait the first that
// comes meanwhile. Each is kept from the moment it came.
func (w *Worker) fetch(consumer jetstream.Consumer, n int, wait time.Duration) ([]*delivery, error) {
	var got jetstream.MessageBatch
	var err error
	if wait > 0 {
		got, err = consumer.Fetch(n, jetstream.FetchMaxWait(wait))
	} else {
		got, err = consumer.FetchNoWait(n)
	}
	if err != nil {
		return nil, err
	}
	var all []*delivery
	for m := range got.Messages() {
		meta, err := m.Metadata()
		if err != nil {
			return all, err
		}
		d := &delivery{msg: m, meta: meta}
		w.keeper.add(d)
		all = append(all, d)
	}
	if err := got.Error(); err != nil && !errors.Is(err, nats.ErrTimeout) && !errors.Is(err, jetstream.ErrNoMessages) {
		return all, err
	}
	return all, nil
}
