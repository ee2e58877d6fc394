package consume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sluice/archive/engine"
	"sluice/archive/subject"
)

// behindAfter is how far the live cursor may be behind, with no other one. Tests set it.
var behindAfter = 30 * time.Second

const (
	maxSpans  = 9               // the live one, and 8 parts of the backlog
	lineEvery = 5 * time.Second // how often a worker looks whether to move the line
	pauseFor  = 5 * time.Second // a consumer while the line is moved
)

// isBehind reports whether what the live cursor gives is old.
func (w *Worker) isBehind(got []*delivery) bool {
	for _, d := range got {
		if d.meta.NumDelivered == 1 && d.meta.NumPending > 0 && time.Since(d.meta.Timestamp) > behindAfter {
			return true
		}
	}
	return false
}

// moveLine makes backlog of all that stands before the newest, if the live cursor is
// really behind.
//
// The consumer is paused meanwhile: whatever it gave to whomever before, stands before the
// line; and who gets something of it later, reads before using it where the line is. So
// nothing is done for both cursors. A worker that dies or fails here leaves everything as
// it was: the pause ends by itself.
func (w *Worker) moveLine(ctx context.Context, c *cursor) error {
	if !c.open() || w.group.Ordered || len(w.group.Spans) >= maxSpans || time.Since(w.movedLine) < lineEvery {
		return nil
	}
	w.movedLine = time.Now()
	info, err := c.consumer.Info(ctx)
	if err != nil {
		return fmt.Errorf("look how far behind group %s is: %w", w.Group, err)
	}
	stream, err := w.store.stream(ctx, engine.Logs)
	if err != nil {
		return err
	}
	next, err := stream.GetMsg(ctx, max(info.Delivered.Stream, 1))
	late := behindAfter << (len(w.group.Spans) - 1)
	if err == nil && info.TimeStamp.Sub(next.Time) < late || info.NumPending == 0 {
		return nil
	}
	paused, err := stream.PauseConsumer(ctx, info.Name, info.TimeStamp.Add(pauseFor))
	if err != nil || !paused.Paused {
		w.Logger.Warn("the archive cannot pause a consumer, so what is new waits behind what is old: it needs NATS 2.11", "error", err)
		return nil
	}
	now, err := stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("look for the newest batch: %w", err)
	}
	if info, err = c.consumer.Info(ctx); err != nil {
		return fmt.Errorf("look how far behind group %s is: %w", w.Group, err)
	}
	g := w.group.clone()
	last := &g.Spans[len(g.Spans)-1]
	if last.Number != c.Number {
		return nil
	}
	last.To = max(now.State.LastSeq, info.Delivered.Stream)
	g.add(span{From: last.To + 1})
	sequence, err := w.store.save(ctx, w.Group, g, w.revision)
	if errors.Is(err, errMoved) {
		return w.refresh(ctx)
	}
	if err != nil {
		return err
	}
	w.Logger.Info("behind: what is new comes first, the rest when there is time",
		"batches", info.NumPending, "since", next.Time.UTC().Format(time.RFC3339))
	if _, err := stream.ResumeConsumer(ctx, info.Name); err != nil {
		w.Logger.Debug("a paused consumer goes on later", "error", err)
	}
	return w.take(ctx, g, sequence)
}

// finishSpan removes a span of which everything is done.
func (w *Worker) finishSpan(ctx context.Context, c *cursor) error {
	info, err := c.consumer.Info(ctx)
	if err != nil {
		return fmt.Errorf("look how far group %s is: %w", w.Group, err)
	}
	if info.NumAckPending > 0 {
		return nil
	}
	if info.Delivered.Stream < c.To {
		next, err := w.store.nextHeld(ctx, w.filters, max(info.Delivered.Stream+1, c.From))
		if err != nil || next != 0 && next <= c.To {
			return err
		}
	}
	if err := w.tellEnd(ctx, c.span); err != nil {
		return err
	}
	g := w.group.clone()
	g.Spans = slices.DeleteFunc(g.Spans, func(s span) bool { return s.Number == c.Number })
	sequence, err := w.store.save(ctx, w.Group, g, w.revision)
	if errors.Is(err, errMoved) {
		return w.refresh(ctx)
	}
	if err != nil {
		return err
	}
	if err := w.store.dropConsumer(ctx, c); err != nil {
		return err
	}
	if err := w.store.purge(ctx, groupsStream, seenSubject(w.Group, c.Number, subject.Root+".>")); err != nil {
		return err
	}
	return w.take(ctx, g, sequence)
}
