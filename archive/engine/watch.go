package engine

import (
	"context"
	"iter"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Watching is what a Watch begins with.
type Watching struct {
	Stream   string   // the JetStream stream; empty is LOGS
	Subjects []string // filters, of which none takes in what another does; none means all
	From     uint64   // the first sequence; 0 begins with what is appended from now on
	Latest   bool     // begin with the last message of each subject instead
	Heads    bool     // without payloads: to be read by batch.Peek
}

// Watch hands on messages in the order of their sequences, those that are held first, and
// then each that is appended, until ctx ends. What retention removed meanwhile is missing:
// sequences jump. It goes on by itself when the connection was lost, or the server that
// answered. An error is the last thing that it yields.
func (c *Client) Watch(ctx context.Context, w Watching) iter.Seq2[Message, error] {
	config := jetstream.ConsumerConfig{FilterSubjects: w.Subjects, DeliverPolicy: jetstream.DeliverNewPolicy, HeadersOnly: w.Heads}
	switch {
	case w.Latest:
		config.DeliverPolicy = jetstream.DeliverLastPerSubjectPolicy
	case w.From > 0:
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, w.From
	}
	if w.Stream == "" {
		w.Stream = Logs
	}
	return func(yield func(Message, error) bool) { c.consume(ctx, w.Stream, config, false, plain(yield)) }
}

// All are the batches that a filter takes in and that are held now, in the order of their
// sequences; with heads without payloads, to be read by batch.Peek. They may be a little
// old, as those of Last. An error is the last thing that it yields.
func (c *Client) All(ctx context.Context, filter string, heads bool) iter.Seq2[Message, error] {
	config := jetstream.ConsumerConfig{FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverAllPolicy, HeadersOnly: heads}
	return func(yield func(Message, error) bool) { c.consume(ctx, Logs, config, true, plain(yield)) }
}

// plain is what takes messages without what else is known of them.
func plain(yield func(Message, error) bool) taker {
	return func(m Message, _ *jetstream.MsgMetadata, err error) bool { return yield(m, err) }
}

// taker takes messages, and reports whether it wants more.
type taker func(Message, *jetstream.MsgMetadata, error) bool

// consume yields messages of a JetStream stream, for ever or, with ends, to the last that is
// there when it begins.
func (c *Client) consume(ctx context.Context, stream string, config jetstream.ConsumerConfig, ends bool, yield taker) {
	config.AckPolicy, config.MemoryStorage, config.Replicas, config.InactiveThreshold = jetstream.AckNonePolicy, true, 1, time.Minute
	r := reading{c: c, stream: stream, config: config, yield: yield}
	if ends {
		r.ends(ctx)
	} else {
		r.goesOn(ctx)
	}
}
