package consume

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/cluster/loss"
)

// seen is how far the batches of a subject were given to a group: what is missing between
// it and a later batch has expired unread.
type seen struct {
	Number   uint64       `json:"number"`   // of batches on the subject, up to it
	Sequence uint64       `json:"sequence"` // of the last of them
	Totals   batch.Totals `json:"totals"`   // of all of them
}

// seenAt is how far one gets with a batch.
func seenAt(sequence uint64, head *batch.Head) seen {
	return seen{Number: head.Number + 1, Sequence: sequence, Totals: head.Totals()}
}

// missing is what expired before the next batch that is held; ok is false if nothing did.
func (s seen) missing(head *batch.Head) (l loss.Loss, ok bool) {
	l = loss.Loss{Stream: head.Stream, Source: head.Consolidator, Hop: atArchive, Reason: "expired before the group read it"}
	if s.Number == 0 {
		l.Unknown = true
		return l, true
	}
	between := head.Before.Sub(s.Totals)
	l.Count, l.Unknown = between.Records+between.Lost, between.Unknown > 0
	return l, head.Number > s.Number && (l.Count > 0 || l.Unknown)
}

// seenSubject is where it stands for a span, in groupsStream.
func seenSubject(group string, span uint64, of string) string {
	return fmt.Sprintf("groups.%s.seen.%d.%s", group, span, strings.TrimPrefix(of, subject.Root+"."))
}

// seenKey is a subject in a span.
type seenKey struct {
	span    uint64
	subject string
}

// witness is what a worker itself has seen, by which it knows cheaply that nothing has
// expired unread, as is the rule.
type witness struct {
	own    map[seenKey]sighting
	told   time.Time // when that was written last
	asked  time.Time // when these were asked:
	first  uint64    // the first sequence that is held
	margin uint64    // how much later it may be meanwhile
	maxAge time.Duration
}

type sighting struct {
	seen
	at    time.Time
	fresh bool // the batch was young
	dirty bool // not written yet
}

const (
	tellEvery  = 10 * time.Second       // how often a worker writes what it has seen
	tellAtOnce = 16                     // writes
	askHeld    = time.Second            // how often it asks what is held
	maxSighted = 50_000                 // subjects that a worker remembers
	settleFor  = 200 * time.Millisecond // after which another worker has written what it was given before
)

// witness looks whether something expired unread before a batch that is given for the
// first time, and tells it.
//
// A batch that is missing was not given to anybody only if it expired before the cursor
// came there. So nothing needs to be asked while this worker sees batches of the subject
// that are young, again and again within half of the age at which they expire.
func (w *Worker) witness(ctx context.Context, c *cursor, d *delivery, p *piece) error {
	if p.damaged || p.head.Consolidator == "" || d.meta.NumDelivered > 1 {
		return nil
	}
	if err := w.askWhatIsHeld(ctx); err != nil {
		return err
	}
	key := seenKey{c.Number, p.subject}
	was := w.seen.own[key]
	age := w.seen.maxAge
	if ttl, err := time.ParseDuration(d.msg.Headers().Get("Nats-TTL")); err == nil && ttl > 0 {
		age = ttl
	}
	young := age == 0 || time.Since(d.meta.Timestamp) < age/2
	now := sighting{seen: seenAt(d.meta.Sequence.Stream, &p.head), at: time.Now(), fresh: young, dirty: true}
	steady := age == 0 || was.fresh && young && now.at.Sub(was.at) < age/2
	if prev := p.head.Prev; prev != 0 && prev >= max(c.From, w.group.Begins[p.subject].Sequence) && was.Number != p.head.Number &&
		(prev < w.seen.first+w.seen.margin || !steady) {
		now.dirty = false
		if err := w.checkBefore(ctx, key, &now.seen, p, d.came); err != nil {
			return err
		}
	}
	if now.Number > was.Number {
		w.seen.own[key] = now
	}
	return nil
}

// askWhatIsHeld asks from time to time what is held, and writes what was seen.
func (w *Worker) askWhatIsHeld(ctx context.Context) error {
	s := &w.seen
	if s.own == nil {
		s.own, s.told = map[seenKey]sighting{}, time.Now()
	}
	if time.Since(s.told) >= tellEvery || len(s.own) >= maxSighted {
		if err := w.tellSeen(ctx); err != nil {
			return err
		}
	}
	if time.Since(s.asked) < askHeld {
		return nil
	}
	logs, err := w.store.stream(ctx, engine.Logs)
	if err != nil {
		return err
	}
	info, err := logs.Info(ctx)
	if err != nil {
		return fmt.Errorf("look what is held: %w", err)
	}
	s.margin = 4 * (info.State.FirstSeq - min(s.first, info.State.FirstSeq))
	s.asked, s.first, s.maxAge = time.Now(), info.State.FirstSeq, info.Config.MaxAge
	return nil
}

// tellSeen writes what this worker has seen and not written yet.
func (w *Worker) tellSeen(ctx context.Context) error {
	writing, within := errgroup.WithContext(ctx)
	writing.SetLimit(tellAtOnce)
	for key, s := range w.seen.own {
		if s.dirty {
			writing.Go(func() error {
				_, _, err := w.store.advance(within, w.Group, key, s.seen)
				return err
			})
		}
	}
	if err := writing.Wait(); err != nil {
		return err
	}
	for key, s := range w.seen.own {
		s.dirty = false
		w.seen.own[key] = s
	}
	w.seen.told = time.Now()
	if len(w.seen.own) >= maxSighted {
		clear(w.seen.own)
	}
	return nil
}

// advance writes how far batches of a subject were given, unless it stands further on, and
// returns what stood there before.
func (s *store) advance(ctx context.Context, group string, key seenKey, to seen) (was seen, advanced bool, err error) {
	at := seenSubject(group, key.span, key.subject)
	for {
		value, revision, err := s.kept(ctx, at)
		if err != nil {
			return was, false, err
		}
		was = seen{}
		_ = json.Unmarshal(value, &was) // what cannot be read is not known
		if was.Number >= to.Number {
			return was, false, nil
		}
		if value, err = json.Marshal(to); err != nil {
			return was, false, err
		}
		if _, err = s.keep(ctx, at, value, revision); !errors.Is(err, errMoved) {
			return was, err == nil, err
		}
	}
}

// checkBefore tells what expired between what was given and a batch.
func (w *Worker) checkBefore(ctx context.Context, key seenKey, now *seen, p *piece, came time.Time) error {
	_, err := w.store.Get(ctx, p.head.Prev)
	if err == nil { // it was given to some worker, since it comes first
		_, _, err = w.store.advance(ctx, w.Group, key, *now)
		return err
	}
	if !errors.Is(err, engine.ErrNone) {
		return err
	}
	value, _, err := w.store.kept(ctx, seenSubject(w.Group, key.span, key.subject))
	if err != nil {
		return err
	}
	var was seen
	if json.Unmarshal(value, &was) != nil || was.Number < p.head.Number {
		pause(ctx, time.Until(came.Add(settleFor)))
	}
	was, advanced, err := w.store.advance(ctx, w.Group, key, *now)
	if err != nil || !advanced {
		return err
	}
	if l, ok := was.missing(&p.head); ok && was.Number < p.head.Number {
		return w.tell(ctx, p, l)
	}
	return nil
}

// tell gives the handler a loss in place of what is missing before a piece.
func (w *Worker) tell(ctx context.Context, p *piece, l loss.Loss) error {
	gap := piece{subject: p.subject, head: p.head}
	gap.head.Gap, gap.head.Count = &l, l.Count
	gap.head.First -= min(l.Count, gap.head.First)
	ended, err := w.call(ctx, gap.batch(w.Group))
	if ended {
		return ctx.Err()
	}
	w.count(&gap, err)
	return nil
}

// tellEnd tells what expired unread at the end of a span: no batch of the span comes any
// more by which that would be found. What was seen is known to the span behind it, then.
func (w *Worker) tellEnd(ctx context.Context, s span) error {
	after := w.group.Spans[len(w.group.Spans)-1].Number
	for _, other := range w.group.Spans {
		if other.From > s.To {
			after = other.Number
			break
		}
	}
	if err := w.tellSeen(ctx); err != nil {
		return err
	}
	for _, filter := range w.filters {
		for last, err := range w.store.Heads(ctx, filter) {
			if err != nil {
				return err
			}
			was, err := w.tellEndOf(ctx, s, &last)
			if err == nil && was.Number > 0 {
				_, _, err = w.store.advance(ctx, w.Group, seenKey{after, last.Subject}, was)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// tellEndOf does so for a subject, of which it takes the last batch, and returns what was
// seen of it.
func (w *Worker) tellEndOf(ctx context.Context, s span, last *engine.Message) (was seen, err error) {
	key := seenKey{s.Number, last.Subject}
	value, _, err := w.store.kept(ctx, seenSubject(w.Group, key.span, key.subject))
	if err != nil {
		return was, err
	}
	_ = json.Unmarshal(value, &was) // what cannot be read is not known
	p := piece{subject: last.Subject}
	if p.head, err = batch.Peek(last.Subject, last.Header); err != nil || !w.wants(p.head.Stream) || was.Number > p.head.Number {
		return was, nil // no batch, or nothing behind what was seen
	}
	next, err := w.store.From(ctx, last.Subject, max(was.Sequence+1, s.From))
	if errors.Is(err, engine.ErrNone) {
		return was, nil
	}
	if err != nil {
		return was, err
	}
	if p.head, err = batch.Peek(next.Subject, next.Header); err != nil {
		return was, nil // no batch
	}
	if prev := p.head.Prev; next.Sequence <= s.To || prev < s.From || prev > s.To || prev <= was.Sequence {
		return was, nil
	}
	end := seen{p.head.Number, p.head.Prev, p.head.Before}
	was, advanced, err := w.store.advance(ctx, w.Group, key, end)
	if l, ok := was.missing(&p.head); ok && advanced && err == nil {
		err = w.tell(ctx, &p, l)
	}
	return end, err
}

// purge removes what stands under some subjects of a stream.
func (s *store) purge(ctx context.Context, name, subjects string) error {
	stream, err := s.stream(ctx, name)
	if err != nil {
		return err
	}
	if err := stream.Purge(ctx, jetstream.WithPurgeSubject(subjects)); err != nil {
		return fmt.Errorf("forget %s: %w", subjects, err)
	}
	return nil
}
