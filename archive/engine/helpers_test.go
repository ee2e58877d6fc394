package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/subject"
)

// opened is an engine with a store, for a test.
func opened(t testing.TB, c engine.Config) *engine.Engine {
	t.Helper()
	if c.Store == "" {
		c.Store = t.TempDir()
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	e, err := engine.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// reader is a client of an engine, over the network.
func reader(t testing.TB, c engine.DialConfig) *engine.Client {
	t.Helper()
	client, err := engine.Dial(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

type result struct {
	sequence uint64
	err      error
}

// append1 appends a batch of one record, waits for it, and returns the links of the next.
func append1(t testing.TB, e *engine.Engine, stream, record string, first uint64, links batch.Links) (batch.Links, error) {
	t.Helper()
	var b batch.Builder
	if err := b.Add([]byte(record), 1_789_000_000_000, time.Now().UnixMilli()); err != nil {
		t.Fatal(err)
	}
	h := batch.Head{Consolidator: "vm-1", Stream: stream, Epoch: 7, First: first, Links: links}
	m := b.Encode(&h)
	done := make(chan result, 1)
	if err := e.Append(m, stream, links.Prev, func(sequence uint64, err error) { done <- result{sequence, err} }); err != nil {
		t.Fatal(err)
	}
	r := <-done
	return h.After(r.sequence), r.err
}

// filled appends n batches of one record each to a stream.
func filled(t testing.TB, e *engine.Engine, stream string, n int) batch.Links {
	t.Helper()
	var links batch.Links
	for i := range n {
		var err error
		if links, err = append1(t, e, stream, fmt.Sprintf("%s %d", stream, i), uint64(i), links); err != nil {
			t.Fatal(err)
		}
	}
	return links
}

// record is the one record of a message.
func record(t testing.TB, m engine.Message) string {
	t.Helper()
	h, err := m.Head()
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := h.Open(m.Payload, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, _ := r.Next()
	return string(data)
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func of(stream string) string { return subject.Of("vm-1", stream) }

// contextWithin is a context for what is expected to be waited for in vain.
func contextWithin(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 300*time.Millisecond)
}
