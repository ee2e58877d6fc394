package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
)

// archiveReader reads what sluice archive keeps, batch by batch, in the order in which it
// was kept. What is kept of a stream at a consolidator has to be what a direct reader gets
// that never ends: so it is checked as one.
type archiveReader struct {
	*directReader
	server *server
}

// newArchive makes the archive of a world, and what reads it.
func newArchive(w *world) (*archiveReader, error) {
	listen, err := freePort()
	if err != nil {
		return nil, err
	}
	args := []string{"archive", "--store", filepath.Join(w.dir, "store"), "--listen", listen, "--admin", "", "--publish", ""}
	if w.registry != nil {
		args = append(args, "--etcd", urls(w.registry.readers), "--discovery-cache", filepath.Join(w.dir, "archive-kept"))
	} else {
		for _, m := range w.machines {
			args = append(args, "--consolidator", m.subscribe[0].String())
		}
	}
	d := &directReader{tally: newTally(w, kindArchive, "archive", -1), reborn: make(chan struct{}, 1)}
	for range w.machines {
		d.at = append(d.at, make([]cursor, len(w.streams)))
	}
	return &archiveReader{d, newServer(w.o, w.dir, "archive", listen, args...)}, nil
}

func (a *archiveReader) run(ctx context.Context) error {
	client, err := engine.Dial(engine.DialConfig{URLs: []string{"nats://" + a.server.listen}})
	if err != nil {
		return err
	}
	defer client.Close()
	from := uint64(1)
	for ctx.Err() == nil {
		for m, err := range client.Watch(ctx, engine.Watching{From: from}) {
			if err != nil {
				break // it is down, or beginning
			}
			if m.Sequence < from {
				continue
			}
			a.mu.Lock()
			err := a.message(&m)
			a.mu.Unlock()
			if err != nil {
				return a.w.violation(a, err)
			}
			from = m.Sequence + 1
			a.pause(ctx, a.rnd)
		}
		pause(ctx, 20*time.Millisecond)
	}
	return nil
}

// message takes a batch for what a source would have handed on.
func (a *archiveReader) message(m *engine.Message) error {
	h, err := m.Head()
	if err != nil {
		return err
	}
	machine, s := a.w.machine(h.Consolidator), a.w.stream([]byte(h.Stream))
	if machine < 0 || s < 0 {
		return nil // it keeps what the consolidators say of themselves, too
	}
	var b stream.Batch
	at := loss.Position{Epoch: h.Epoch, Seq: h.First}
	begin := func(at loss.Position) {
		b.Notices = append(b.Notices, stream.Notice{Kind: stream.KindPosition, Stream: h.Stream, Source: h.Consolidator, Position: at})
	}
	if c := &a.at[machine][s]; !c.known || c.epoch != h.Epoch {
		begin(at)
	}
	if h.Gap != nil {
		if n := stream.GapNotice(*h.Gap, time.Now()); n.Source == "" {
			return fmt.Errorf("a gap in %q at %q does not say where: %+v", h.Stream, h.Consolidator, *h.Gap)
		} else {
			n.Stream, n.Position = h.Stream, h.Gap.After
			b.Notices = append(b.Notices, n)
		}
		if h.Gap.After != (loss.Position{}) {
			begin(h.Gap.After)
		}
		return a.batch(&b)
	}
	return a.records(&b, &h, m.Payload)
}

// records are those of a batch.
func (a *archiveReader) records(b *stream.Batch, h *batch.Head, payload []byte) error {
	records, _, err := h.Open(payload, nil)
	if err != nil {
		return err
	}
	for seq, data := range records.All() {
		b.Records = append(b.Records, stream.Record{
			Stream: h.Stream, Source: h.Consolidator, Position: stream.Position{Epoch: h.Epoch, Seq: seq}, Data: data,
		})
	}
	return a.batch(b)
}

// restart ends the archive, by force or as one asks it to, and starts it again.
func (a *archiveReader) restart(ctx context.Context, force bool, down time.Duration) error {
	a.hurt.Store(true) // an X-BYE may be told meanwhile
	return a.w.restart(ctx, a.server, force, down, func() {})
}
