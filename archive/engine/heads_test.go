package engine_test

import (
	"context"
	"fmt"
	"testing"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/internal/relay"
)

// appendAll appends one batch to each stream of a crowd from one number to another.
func appendAll(t *testing.T, e *engine.Engine, links []batch.Links, from, to int, first uint64) {
	t.Helper()
	done := make(chan error, to-from)
	for i := from; i < to; i++ {
		h := batch.Head{Consolidator: "vm-1", Stream: fmt.Sprintf("s%d", i), Epoch: 7, First: first, Links: links[i]}
		var b batch.Builder
		if err := b.Add([]byte("x"), 1, 1); err != nil {
			t.Fatal(err)
		}
		m := b.Encode(&h)
		err := e.Append(m, h.Stream, h.Prev, func(sequence uint64, err error) { links[i] = h.After(sequence); done <- err })
		if err != nil {
			t.Fatal(err)
		}
	}
	for range to - from {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// heads reads the heads of a crowd, of which each is to come once; begun is called at the first.
func heads(ctx context.Context, t *testing.T, c *engine.Client, streams int, begun func()) {
	t.Helper()
	had := make(map[string]bool)
	for m, err := range c.Heads(ctx, subject.All) {
		if err != nil {
			t.Fatal(err)
		}
		h, err := batch.Peek(m.Subject, m.Header)
		if err != nil || had[h.Stream] || h.First == 0 {
			t.Fatalf("head of %q from %d, had before: %t, %v", h.Stream, h.First, had[h.Stream], err)
		}
		had[h.Stream] = true
		if len(had) == 1 {
			begun()
		}
	}
	if len(had) != streams {
		t.Errorf("heads of %d streams of %d", len(had), streams)
	}
}

// What is appended while the heads are read makes no subject come twice.
func TestHeadsComeOnceWhileMoreIsAppended(t *testing.T) {
	e := opened(t, engine.Config{})
	const streams = 1500 // more than come at a time
	links := make([]batch.Links, streams)
	for first := range uint64(2) {
		appendAll(t, e, links, 0, streams, first)
	}
	heads(within(t), t, e.Client, streams, func() { appendAll(t, e, links, 0, 200, 2) })
}

// After a break the servers send what comes behind the last message, whatever that is the last
// of: a batch in the middle of a stream is no head.
func TestHeadsComeOnceOverABreak(t *testing.T) {
	e := opened(t, engine.Config{})
	const streams = 1500
	links := make([]batch.Links, streams)
	for _, first := range []uint64{0, 1} {
		appendAll(t, e, links, 0, streams/2, first)
	}
	for _, first := range []uint64{0, 1} {
		appendAll(t, e, links, streams/2, streams, first)
	}
	r := relay.New(t, e.Addr())
	c := reader(t, engine.DialConfig{URLs: []string{"nats://" + r.Addr()}})
	if _, err := c.State(within(t)); err != nil {
		t.Fatal(err)
	}
	r.CutAfter(relay.ToClient, 100<<10)
	heads(within(t), t, c, streams, func() {})
}
