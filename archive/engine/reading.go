package engine

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sluice/cluster/backoff"
)

// reading reads a JetStream stream in order, by one consumer after the other: each is on one
// server, and gone with it. Another one is made, behind the last message that came, when
// nothing is heard of it for two heartbeats, or a message is missing.
type reading struct {
	c      *Client
	stream string
	config jetstream.ConsumerConfig // of the next consumer
	yield  taker

	consumer jetstream.Consumer
	last     uint64 // sequence of the last message that is wanted
	had      uint64 // and of the last one that came
}

const (
	readingPull   = 1024                  // messages that are asked for at once
	readingExpiry = 10 * time.Second      // after which they are asked for anew
	readingBeat   = time.Second           // how often a server says that there is nothing
	readingWithin = 3 * time.Second       // how long the making of a consumer may take
	readingPause  = 10 * time.Millisecond // before the first attempt to make another one
)

// errBroken says that a consumer gives nothing any more, and another one may.
var errBroken = errors.New("the consumer is gone")

// goesOn reads until ctx ends. What goes wrong before the first consumer is there is yielded,
// and what never will be right.
func (r *reading) goesOn(ctx context.Context) {
	r.last = math.MaxUint64
	if err := r.open(ctx); err != nil {
		r.yield(Message{}, nil, err)
		return
	}
	if r.config.DeliverPolicy == jetstream.DeliverNewPolicy { // so does the next one, and not with what is new then
		r.config.DeliverPolicy, r.config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, r.consumer.CachedInfo().Delivered.Stream+1
	}
	r.read(ctx)
}

// ends reads to the last message that is there when it begins.
func (r *reading) ends(ctx context.Context) {
	err := r.open(ctx)
	if err == nil {
		if r.consumer.CachedInfo().NumPending == 0 {
			return
		}
		var s jetstream.Stream
		if s, err = r.c.stream(ctx, r.stream); err == nil { // after the consumer was made, which begins with what is there
			r.last = s.CachedInfo().State.LastSeq
		}
	}
	if err != nil {
		r.yield(Message{}, nil, err)
		return
	}
	r.read(ctx)
}

// open makes a consumer.
func (r *reading) open(ctx context.Context) error {
	if err := r.c.await(ctx); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, readingWithin)
	defer cancel()
	consumer, err := r.c.js.CreateConsumer(within, r.stream, r.config)
	if err == nil {
		r.consumer = consumer
	}
	return r.c.failed("read from", r.stream, err)
}

// read hands on what comes, by one consumer after the other.
func (r *reading) read(ctx context.Context) {
	for {
		err := r.drain(ctx)
		if err == nil {
			return
		}
		if !errors.Is(err, errBroken) {
			r.fail(ctx, err)
			return
		}
		if r.had > 0 {
			r.config.DeliverPolicy, r.config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, r.had+1
		}
		if err := r.reopen(ctx); err != nil {
			r.fail(ctx, err)
			return
		}
		if r.last != math.MaxUint64 && r.consumer.CachedInfo().NumPending == 0 {
			return // what was left is not held any more
		}
	}
}

// reopen makes another consumer, however long that takes.
func (r *reading) reopen(ctx context.Context) error {
	var wait backoff.Backoff
	for pause := readingPause; ; pause = wait.Next() {
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		if err := r.open(ctx); err == nil || !errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
			return err
		}
	}
}

// fail yields an error, unless a reading that does not end by itself was to end.
func (r *reading) fail(ctx context.Context, err error) {
	if ctx.Err() != nil && r.last == math.MaxUint64 {
		return
	}
	r.yield(Message{}, nil, err)
}

// drain hands on what a consumer gives. Its error is errBroken when another one is to be made.
func (r *reading) drain(ctx context.Context) error {
	messages, err := r.consumer.Messages(jetstream.PullMaxMessages(readingPull), jetstream.PullExpiry(readingExpiry), jetstream.PullHeartbeat(readingBeat))
	if err != nil {
		return r.c.failed("read from", r.stream, err)
	}
	defer messages.Stop()
	for came := uint64(1); ; came++ {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return r.broken(ctx, err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return r.c.failed("read from", r.stream, err)
		}
		if meta.Sequence.Consumer != came {
			return errBroken
		}
		at := meta.Sequence.Stream
		if at > r.last || !r.yield(Message{m.Subject(), at, m.Headers(), m.Data(), meta.Timestamp}, meta, nil) {
			return nil
		}
		r.had = at
		if at == r.last || r.last != math.MaxUint64 && meta.NumPending == 0 {
			return nil
		}
	}
}

// broken is what becomes of a reading whose consumer gave an error.
func (r *reading) broken(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, jetstream.ErrConnectionClosed), r.c.conn.IsClosed():
		return r.c.failed("read from", r.stream, err)
	}
	return errBroken
}
