package consume

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sluice/cluster/backoff"
)

// The headers of what was put aside, besides the batch's own.
const (
	subjectHeader  = "Sluice-Subject"  // of the batch, which its checksum is about
	attemptsHeader = "Sluice-Attempts" // that failed
	dueHeader      = "Sluice-Due"      // when it is tried again, in RFC 3339
	errorHeader    = "Sluice-Error"    // why the last attempt failed
)

// delays are those after which something is tried again. Each has a subject and a
// consumer of its own, so that what is due first comes first.
var delays = [...]time.Duration{0, 1, 2, 4, 8, 16, 32, 60}

func deferSubject(group string, class int) string {
	return fmt.Sprintf("defer.%s.%d", group, delays[class])
}
func deadSubject(group string) string { return "dead." + group }

// class is which of the delays an attempt that failed is followed by.
func class(attempts int) int { return min(attempts, len(delays)-1) }

// putAside puts aside what could not be done: several records in halves, for now, a
// single one until it is due, or among the dead.
func (w *Worker) putAside(ctx context.Context, p *piece, cause error) error {
	w.news.deferred(p, cause)
	w.stats.add(func(s *Stats) { s.Deferred++ })
	if half := len(p.records) / 2; half > 0 {
		if err := w.putPart(ctx, p, 0, half, 0, cause); err != nil {
			return err
		}
		return w.putPart(ctx, p, half, len(p.records), 0, cause)
	}
	return w.putPart(ctx, p, 0, 1, p.attempts+1, cause)
}

// putPart puts some records of a piece aside that were tried so often. Who does not know
// whether it has come through may do it again: within two minutes they are there once, by
// what the message is called.
func (w *Worker) putPart(ctx context.Context, p *piece, from, to, attempts int, cause error) error {
	m, err := p.part(from, to)
	if err != nil {
		return err
	}
	m.Header.Set(subjectHeader, m.Subject)
	m.Header.Set(jetstream.MsgIDHeader, fmt.Sprintf("%s.%s.%s.%d+%d.%d", w.Group, w.group.Life, p.from, p.head.First+uint64(from), to-from, attempts))
	m.Header.Set(errorHeader, headerText(cause.Error()))
	m.Header.Set(attemptsHeader, strconv.Itoa(attempts))
	subject := deadSubject(w.Group)
	if attempts < w.Attempts {
		due := time.Now().Add(delays[class(attempts)] * time.Second)
		m.Header.Set(dueHeader, due.UTC().Format(time.RFC3339Nano))
		subject = deferSubject(w.Group, class(attempts))
	}
	if _, err := w.store.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Header: m.Header, Data: m.Payload}); err != nil {
		return fmt.Errorf("put records aside: %w", err)
	}
	if attempts >= w.Attempts {
		w.stats.add(func(s *Stats) { s.Dead++ })
		w.news.dead(p, cause)
	}
	return nil
}

// from is where a piece came from.
func from(stream string, sequence uint64) string { return fmt.Sprintf("%s.%d", stream, sequence) }

// maxCause is how much of an error is kept, in bytes.
const maxCause = 512

// headerText makes one line of a text that a header takes.
func headerText(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	for len(text) > maxCause {
		_, size := utf8.DecodeLastRuneInString(text[:maxCause+1])
		text = text[:maxCause+1-size]
	}
	return strings.TrimSpace(text)
}

// parked is what this worker has taken of the records that are tried again, one of each
// delay, until it is due.
type parked struct {
	*delivery
	due time.Time
}

// parkingLot is a worker's view of what was put aside.
type parkingLot struct {
	consumers [len(delays)]jetstream.Consumer
	parked    [len(delays)]*parked
	some      [len(delays)]bool // whether there is any, as far as is known
	asked     time.Time         // when that was asked
}

// askEvery is how often a worker without work asks whether something was put aside.
const askEvery = 250 * time.Millisecond

// retryOne tries one piece again that is due, and reports whether there was one.
func (w *Worker) retryOne(ctx context.Context) (bool, error) {
	lot := &w.lot
	if now := time.Now(); now.Sub(lot.asked) >= askEvery {
		if err := w.askDeferred(ctx); err != nil {
			return false, err
		}
		lot.asked = now
	}
	for i := range delays {
		if lot.parked[i] == nil && lot.some[i] {
			if err := w.park(ctx, i); err != nil {
				return false, err
			}
		}
		if d := lot.parked[i]; d != nil && !d.due.After(time.Now()) {
			lot.parked[i] = nil
			return true, w.retry(ctx, d)
		}
	}
	return false, nil
}

// nextDue is when the first of what is parked is due, or a time that is far.
func (lot *parkingLot) nextDue(far time.Time) time.Time {
	for _, p := range lot.parked {
		if p != nil && p.due.Before(far) {
			far = p.due
		}
	}
	return far
}

// askDeferred finds out which delays something waits for.
func (w *Worker) askDeferred(ctx context.Context) error {
	stream, err := w.store.stream(ctx, deferStream)
	if err != nil {
		return err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter("defer."+w.Group+".*"))
	if err != nil {
		return fmt.Errorf("look for deferred records: %w", err)
	}
	for i := range delays {
		w.lot.some[i] = info.State.Subjects[deferSubject(w.Group, i)] > 0
	}
	return nil
}

// park takes the first piece that waits for a delay.
func (w *Worker) park(ctx context.Context, class int) (err error) {
	lot := &w.lot
	if lot.consumers[class] == nil {
		lot.consumers[class], _, err = w.store.consumer(ctx, deferStream, jetstream.ConsumerConfig{
			Durable: consumerName(w.Group, fmt.Sprint(int(delays[class]))), FilterSubject: deferSubject(w.Group, class),
		})
		if err != nil {
			return err
		}
	}
	got, err := w.fetch(lot.consumers[class], 1, 0)
	if len(got) == 0 {
		lot.some[class] = false
		if err != nil {
			lot.consumers[class] = nil // it may have been removed
		}
		return err
	}
	d := got[0]
	due, _ := time.Parse(time.RFC3339Nano, d.msg.Headers().Get(dueHeader)) // else at once
	lot.parked[class] = &parked{delivery: d, due: due}
	return nil
}

// retry tries a piece again.
func (w *Worker) retry(ctx context.Context, d *parked) error {
	header := d.msg.Headers()
	p, err := w.open(header.Get(subjectHeader), header, d.msg.Data())
	if err != nil {
		return err
	}
	p.attempts, _ = strconv.Atoi(header.Get(attemptsHeader))
	p.from, p.redelivered = from(deferStream, d.meta.Sequence.Stream), d.meta.NumDelivered > 1
	trying := tryingSubject(w.Group, d.meta.Sequence.Stream)
	if p.redelivered {
		_, tried, err := w.store.kept(ctx, trying)
		if err != nil {
			return err
		}
		if tried != 0 { // and the worker did not come back from it
			w.cameAgain(&p)
			if err := w.finish(ctx, d.delivery, &p, errDied); err != nil {
				return err
			}
			return w.store.purge(ctx, groupsStream, trying)
		}
	}
	if _, err := w.store.js.Publish(ctx, trying, nil); err != nil {
		return fmt.Errorf("note that records are tried: %w", err)
	}
	if p.head.Gap == nil && len(p.records) == 0 || !w.wants(p.head.Stream) {
		return errors.Join(w.tried(ctx, trying), w.do(ctx, d.delivery, &p))
	}
	w.cameAgain(&p)
	ended, failed := w.call(ctx, p.batch(w.Group))
	if err := w.tried(ctx, trying); err != nil || ended {
		return errors.Join(err, ctx.Err())
	}
	return w.finish(ctx, d.delivery, &p, failed)
}

// tried takes back that a piece is being tried. It is kept until that is done, or the worker
// ends: what comes again with the note is taken for what killed its worker.
func (w *Worker) tried(ctx context.Context, trying string) error {
	var wait backoff.Backoff
	for {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
		err := w.store.purge(within, groupsStream, trying)
		cancel()
		if err == nil || !wait.Wait(ctx) {
			return err
		}
		w.store.Heard(err)
	}
}

// tryingSubject is where it stands that a piece is being tried, by its sequence in
// deferStream: one that comes again, and was not, only got lost on its way to a worker.
func tryingSubject(group string, sequence uint64) string {
	return fmt.Sprintf("groups.%s.trying.%d", group, sequence)
}

// unpark puts back what is parked, so that other workers get it when it is due.
func (w *Worker) unpark(ctx context.Context) {
	for i, d := range w.lot.parked {
		if d == nil {
			continue
		}
		m := &nats.Msg{Subject: deferSubject(w.Group, i), Header: d.msg.Headers(), Data: d.msg.Data()}
		m.Header.Set(jetstream.MsgIDHeader, w.Group+"."+from(deferStream, d.meta.Sequence.Stream)+".back")
		if _, err := w.store.js.PublishMsg(ctx, m); err == nil {
			w.keeper.release(d.delivery)
			_ = d.msg.Ack() // or it is tried twice
		}
		w.lot.parked[i] = nil
	}
}
