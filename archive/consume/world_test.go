package consume_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sluice/archive/batch"
	"sluice/archive/consume"
	"sluice/archive/engine"
	"sluice/archive/subject"
)

// world is a JetStream server, and what writes batches to it.
type world struct {
	t      testing.TB
	engine *engine.Engine
	links  map[string]batch.Links
	next   map[string]uint64
}

func newWorld(t testing.TB) *world {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Store: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return worldOf(t, e)
}

func worldOf(t testing.TB, e *engine.Engine) *world {
	return &world{t: t, engine: e, links: map[string]batch.Links{}, next: map[string]uint64{}}
}

// write archives a batch of a stream's next records.
func (w *world) write(stream string, records ...string) {
	w.t.Helper()
	s := subject.Of("vm-1", stream)
	var b batch.Builder
	for _, r := range records {
		if err := b.Add([]byte(r), 0, time.Now().UnixMilli()); err != nil {
			w.t.Fatal(err)
		}
	}
	head := batch.Head{Consolidator: "vm-1", Stream: stream, Epoch: 7, First: w.next[s], Links: w.links[s]}
	m := b.Encode(&head)
	ack, err := w.engine.JetStream().PublishMsg(w.t.Context(), &nats.Msg{Subject: m.Subject, Header: m.Header, Data: m.Payload})
	if err != nil {
		w.t.Fatal(err)
	}
	w.links[s] = head.After(ack.Sequence)
	w.next[s] += uint64(len(records))
}

func lines(stream string, from, n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"name":%q,"n":%d}`, stream, from+i))
	}
	return all
}

// items are what a group has put aside.
func (w *world) items(d consume.Deferred) []consume.Item {
	w.t.Helper()
	if d.Archive == nil {
		d.Archive = w.engine.Client
	}
	var all []consume.Item
	if err := d.Each(w.t.Context(), func(i consume.Item) error { all = append(all, i); return nil }); err != nil && !errors.Is(err, consume.ErrConfig) { // no worker has begun
		w.t.Fatal(err)
	}
	return all
}

// damage archives a batch of three records of which a byte is not what it was.
func (w *world) damage(stream string) {
	w.t.Helper()
	s := subject.Of("vm-1", stream)
	var b batch.Builder
	for _, r := range lines("damaged", 0, 3) {
		if err := b.Add([]byte(r), 0, 1); err != nil {
			w.t.Fatal(err)
		}
	}
	head := batch.Head{Consolidator: "vm-1", Stream: stream, Epoch: 7, First: w.next[s], Links: w.links[s]}
	m := b.Encode(&head)
	m.Payload[len(m.Payload)/2] ^= 1
	ack, err := w.engine.JetStream().PublishMsg(w.t.Context(), &nats.Msg{Subject: m.Subject, Header: m.Header, Data: m.Payload})
	if err != nil {
		w.t.Fatal(err)
	}
	w.links[s] = head.After(ack.Sequence)
	w.next[s] += 3
}

// foreign publishes what is no batch.
func (w *world) foreign(stream string) {
	w.t.Helper()
	if _, err := w.engine.JetStream().Publish(w.t.Context(), subject.Of("vm-1", stream), []byte("hello")); err != nil {
		w.t.Fatal(err)
	}
}

// expire removes the first batches up to a sequence, as retention does.
func (w *world) expire(upTo uint64) {
	w.t.Helper()
	logs, err := w.engine.JetStream().Stream(w.t.Context(), engine.Logs)
	if err == nil {
		err = logs.Purge(w.t.Context(), jetstream.WithPurgeSequence(upTo+1))
	}
	if err != nil {
		w.t.Fatal(err)
	}
}
