package importer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/cluster/loss"
	"sluice/cluster/record"
)

// Consolidator is the name under which imported records stand.
const Consolidator = "import"

// Import is one recording on its way into an archive. Its methods are for one goroutine.
type Import struct {
	engine *engine.Engine
	stream string
	epoch  uint64

	links  batch.Links   // of the next batch
	at     uint64        // sequence number of what comes next
	held   uint64        // that of what is to be archived next: what comes before it is held
	gaps   uint64        // and so many gaps of no known record stand at that place already
	parts  batch.Builder // from first on
	first  uint64
	counts Counts
}

// Counts are what became of a recording.
type Counts struct {
	Records uint64 // archived now
	Held    uint64 // that were archived before
	Batches uint64
	Lost    uint64 // records in gaps that were archived now
	Unknown uint64 // gaps of unknown size among them
}

// Begin looks what is held of a recording: its epoch stands for what is in it.
func Begin(ctx context.Context, e *engine.Engine, stream string, epoch uint64) (*Import, error) {
	i := &Import{engine: e, stream: stream, epoch: epoch}
	for m, err := range e.All(ctx, subject.Of(Consolidator, stream), true) {
		if err != nil {
			return nil, err
		}
		h, err := batch.Peek(m.Subject, m.Header)
		if err != nil {
			return nil, fmt.Errorf("import into stream %q: what is there at %d: %w", stream, m.Sequence, err)
		}
		i.links = h.After(m.Sequence)
		if h.Epoch == epoch {
			if h.Gap == nil || h.Count > 0 {
				i.gaps = 0
			} else {
				i.gaps++
			}
			i.held = h.Next().Seq
		}
	}
	return i, nil
}

// Add adds the next record. It keeps nothing of it.
func (i *Import) Add(ctx context.Context, data []byte) error {
	if i.at < i.held {
		i.at++
		i.counts.Held++
		return nil
	}
	if i.parts.Count() == 0 {
		i.first = i.at
	}
	if err := i.parts.Add(data, record.PeekTime(data), time.Now().UnixMilli()); err != nil {
		return i.Gap(ctx, loss.Loss{Source: Consolidator, Hop: loss.AtRecording, Reason: err.Error(), Count: 1})
	}
	i.at++
	if i.parts.Full() {
		return i.flush(ctx)
	}
	return nil
}

// Gap adds a loss that stands in the recording here.
func (i *Import) Gap(ctx context.Context, l loss.Loss) error {
	switch {
	case i.at < i.held:
		i.at += l.Count
		return nil
	case i.at == i.held && l.Count == 0 && i.gaps > 0:
		i.gaps--
		return nil
	}
	if err := i.flush(ctx); err != nil {
		return err
	}
	l.After = loss.Position{} // of the consolidator that it was lost at
	h := i.head()
	h.First, h.Gap = i.at, &l
	if err := i.append(ctx, &h, batch.EncodeGap(&h, time.Now())); err != nil {
		return err
	}
	i.at += l.Count
	i.counts.Lost += l.Count
	if l.Unknown {
		i.counts.Unknown++
	}
	return nil
}

// End appends what is left. The recording is archived then.
func (i *Import) End(ctx context.Context) (Counts, error) {
	err := i.flush(ctx)
	return i.counts, err
}

func (i *Import) head() batch.Head {
	return batch.Head{Consolidator: Consolidator, Stream: i.stream, Epoch: i.epoch, First: i.first, Links: i.links}
}

func (i *Import) flush(ctx context.Context) error {
	if i.parts.Count() == 0 {
		return nil
	}
	h := i.head()
	n := i.parts.Count()
	if err := i.append(ctx, &h, i.parts.Encode(&h)); err != nil {
		return err
	}
	i.parts.Reset()
	i.counts.Records += n
	return nil
}

// append appends a batch, and waits for it.
func (i *Import) append(ctx context.Context, h *batch.Head, m batch.Message) error {
	type outcome struct {
		sequence uint64
		err      error
	}
	done := make(chan outcome, 1)
	if err := i.engine.Append(m, i.stream, i.links.Prev, func(sequence uint64, err error) { done <- outcome{sequence, err} }); err != nil {
		return err
	}
	var o outcome
	select {
	case o = <-done:
	case <-ctx.Done():
		return ctx.Err()
	}
	switch {
	case errors.Is(o.err, engine.ErrWrongSequence):
		return fmt.Errorf("import into stream %q: another import is at it: run this one again when that has ended: %w", i.stream, o.err)
	case o.err != nil:
		return o.err
	}
	i.links = h.After(o.sequence)
	i.counts.Batches++
	return nil
}
