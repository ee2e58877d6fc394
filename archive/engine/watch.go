package engine

import (
	"context"
	"errors"
	"iter"
	"math"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Watching is what a Watch begins with.
type Watching struct {
	Subjects []string // filters, of which none takes in what another does; none means all
	From     uint64   // the first sequence; 0 begins with what is appended from now on
	Heads    bool     // without payloads: to be read by batch.Peek
}

// Watch hands on batches in the order of their sequences, those that are held first, and
// then each that is appended, until ctx ends. What retention removed meanwhile is missing:
// sequences jump. It goes on by itself when the connection was lost. An error is the last
// thing that it yields.
func (c *Client) Watch(ctx context.Context, w Watching) iter.Seq2[Message, error] {
	config := jetstream.OrderedConsumerConfig{
		FilterSubjects: w.Subjects, DeliverPolicy: jetstream.DeliverNewPolicy, HeadersOnly: w.Heads, InactiveThreshold: time.Minute,
	}
	if w.From > 0 {
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, w.From
	}
	return func(yield func(Message, error) bool) { c.consume(ctx, Logs, config, false, plain(yield)) }
}

// All are the batches that a filter takes in and that are held now, in the order of their
// sequences; with heads without payloads, to be read by batch.Peek. They may be a little
// old, as those of Last. An error is the last thing that it yields.
func (c *Client) All(ctx context.Context, filter string, heads bool) iter.Seq2[Message, error] {
	config := jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverAllPolicy, HeadersOnly: heads, InactiveThreshold: time.Minute,
	}
	return func(yield func(Message, error) bool) { c.consume(ctx, Logs, config, true, plain(yield)) }
}

// plain is what takes messages without what else is known of them.
func plain(yield func(Message, error) bool) func(Message, *jetstream.MsgMetadata, error) bool {
	return func(m Message, _ *jetstream.MsgMetadata, err error) bool { return yield(m, err) }
}

// consume yields messages of a JetStream stream, for ever or, with ends, to the last that is
// there when it begins.
func (c *Client) consume(ctx context.Context, stream string, config jetstream.OrderedConsumerConfig, ends bool, yield func(Message, *jetstream.MsgMetadata, error) bool) {
	s, err := c.stream(ctx, stream)
	if err != nil {
		yield(Message{}, nil, err)
		return
	}
	failed := func(err error) { yield(Message{}, nil, c.failed("read from", stream, err)) }
	consumer, err := s.OrderedConsumer(ctx, config)
	if err != nil {
		failed(err)
		return
	}
	last := uint64(math.MaxUint64)
	if ends {
		info, err := consumer.Info(ctx)
		if err != nil {
			failed(err)
			return
		}
		if info.NumPending == 0 && info.Delivered.Consumer == 0 {
			return
		}
		state, err := s.Info(ctx) // after the consumer was made, which begins with what is there
		if err != nil {
			failed(err)
			return
		}
		last = state.State.LastSeq
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(1024))
	if err != nil {
		failed(err)
		return
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			if !errors.Is(err, context.Canceled) || ends {
				failed(err)
			}
			return
		}
		meta, err := m.Metadata()
		if err != nil {
			failed(err)
			return
		}
		at := meta.Sequence.Stream
		if at > last || !yield(Message{m.Subject(), at, m.Headers(), m.Data(), meta.Timestamp}, meta, nil) || at == last || ends && meta.NumPending == 0 {
			return
		}
	}
}
