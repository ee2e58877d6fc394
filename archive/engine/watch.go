package engine

import (
	"context"
	"errors"
	"iter"
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
	return func(yield func(Message, error) bool) { c.consume(ctx, Logs, config, false, yield) }
}

// Heads are the last batches of all subjects that a filter takes in, without payloads: to
// be read by batch.Peek. They may be a little old, as those of Last. A subject that is
// appended to meanwhile may come again, with a later batch. An error is the last thing that
// it yields.
func (c *Client) Heads(ctx context.Context, filter string) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		c.consume(ctx, Logs, lastOfEach(filter, true), true, yield)
	}
}

// All are the batches that a filter takes in and that are held now, in the order of their
// sequences; with heads without payloads, to be read by batch.Peek. They may be a little
// old, as those of Last. An error is the last thing that it yields.
func (c *Client) All(ctx context.Context, filter string, heads bool) iter.Seq2[Message, error] {
	config := jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverAllPolicy, HeadersOnly: heads, InactiveThreshold: time.Minute,
	}
	return func(yield func(Message, error) bool) { c.consume(ctx, Logs, config, true, yield) }
}

func lastOfEach(filter string, heads bool) jetstream.OrderedConsumerConfig {
	return jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, HeadersOnly: heads, InactiveThreshold: time.Minute,
	}
}

// consume yields messages of a JetStream stream, to the last that is there, or for ever.
func (c *Client) consume(ctx context.Context, stream string, config jetstream.OrderedConsumerConfig, ends bool, yield func(Message, error) bool) {
	s, err := c.stream(ctx, stream)
	if err != nil {
		yield(Message{}, err)
		return
	}
	consumer, err := s.OrderedConsumer(ctx, config)
	if err != nil {
		yield(Message{}, c.failed("read from", stream, err))
		return
	}
	if ends {
		if info, err := consumer.Info(ctx); err != nil {
			yield(Message{}, c.failed("read from", stream, err))
			return
		} else if info.NumPending == 0 && info.Delivered.Consumer == 0 {
			return
		}
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(1024))
	if err != nil {
		yield(Message{}, c.failed("read from", stream, err))
		return
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			if !errors.Is(err, context.Canceled) || ends {
				yield(Message{}, c.failed("read from", stream, err))
			}
			return
		}
		meta, err := m.Metadata()
		if err != nil {
			yield(Message{}, c.failed("read from", stream, err))
			return
		}
		if !yield(Message{m.Subject(), meta.Sequence.Stream, m.Headers(), m.Data(), meta.Timestamp}, nil) || ends && meta.NumPending == 0 {
			return
		}
	}
}
