package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/stream"
	"sluice/internal/relay"
)

// The kinds of reader.
const (
	kindOracle  = "oracle"  // a sluice peer of our own: fast, never cut
	kindDirect  = "direct"  // a stream.Source, from the consolidators
	kindProxied = "proxied" // a stream.Source, through the proxy
	kindForeign = "foreign" // a SUB socket that knows nothing of sluice
	kindLibzmq  = "libzmq"  // libzmq's SUB socket
	kindText    = "text"    // what curl gets
	kindEvents  = "events"  // what a browser's EventSource gets
	kindArchive = "archive" // what sluice archive keeps
)

// reader is one reader of the soak.
type reader interface {
	// run reads until ctx ends. It owns its goroutines.
	run(ctx context.Context) error
	// common is what all readers have.
	common() *tally
	// check compares, at a quiet point, what the reader got since the last one
	// with the truth, and starts over. Its tally's lock is held.
	check(q *quiet) error
}

// temper is how a reader reads.
type temper int32

const (
	prompt   temper = iota
	slow            // with short pauses all the time
	stalling        // with long ones now and then
)

// tally is what all readers have: who they are, what they saw last, how fast
// they read.
type tally struct {
	w       *world
	id      string
	kind    string
	machine int // that it reads; -1 for all
	relays  []*relay.Relay
	temper  atomic.Int32
	hurt    atomic.Bool // cut off, or not prompt, in this phase
	rnd     *rand.Rand  // of the goroutine that reads

	mu      sync.Mutex
	next    [][]lanes  // by publisher and stream
	closing [][]uint64 // by machine and stream: the next number of the publisher that closes a phase
	recent  history

	sum counts
}

// counts are what is told of a kind of reader at the end.
type counts struct {
	records, told, gaps, unknown, resumed uint64
}

func (c *counts) add(o counts) {
	c.records += o.records
	c.told += o.told
	c.gaps += o.gaps
	c.unknown += o.unknown
	c.resumed += o.resumed
}

func newTally(w *world, kind, id string, machine int) *tally {
	t := &tally{w: w, id: id, kind: kind, machine: machine, rnd: w.random()}
	for range w.publishers() {
		t.next = append(t.next, make([]lanes, len(w.streams)))
	}
	for range w.machines {
		t.closing = append(t.closing, make([]uint64, len(w.streams)))
	}
	return t
}

func (t *tally) common() *tally { return t }

// lanes are what may still come of one publisher and stream, by the publisher's
// connections since the last quiet point: the lowest number of each. There is
// order within a connection. One that a publisher breaks off and makes again may
// be read to its end after the new one has begun.
type lanes []lane

type lane struct {
	connection int
	next       uint64
	quiet      bool // it was the newest one at the last quiet point
}

// take notes a number.
func (l *lanes) take(id identity) error {
	for i := range *l {
		switch lane := &(*l)[i]; {
		case lane.connection != id.connection:
		case id.number < lane.next:
			return fmt.Errorf("number %d of publisher %d came after number %d of the same connection", id.number, id.publisher, lane.next-1)
		default:
			lane.next = id.number + 1
			return nil
		}
	}
	if len(*l) > 0 && (*l)[0].quiet && id.connection < (*l)[0].connection {
		return fmt.Errorf("number %d of publisher %d is of a connection from before the last quiet point", id.number, id.publisher)
	}
	*l = append(*l, lane{connection: id.connection, next: id.number + 1})
	return nil
}

// had reports whether a number is one of those that came.
func (l lanes) had(id identity) bool {
	for _, lane := range l {
		if lane.connection == id.connection {
			return id.number < lane.next
		}
	}
	return false
}

// add notes what had come by another's word, of the newest connections.
func (l *lanes) add(other lanes) {
	for _, o := range other {
		i := slices.IndexFunc(*l, func(lane lane) bool { return lane.connection == o.connection })
		if i < 0 {
			*l = append(*l, o)
		} else {
			(*l)[i].next = max((*l)[i].next, o.next)
		}
	}
	if over := len(*l) - 8; over > 0 {
		*l = slices.Delete(*l, 0, over)
	}
}

// quiet forgets the connections that are over.
func (l *lanes) quiet() {
	for i := range *l {
		if (*l)[i].connection > (*l)[0].connection {
			(*l)[0] = (*l)[i]
		}
	}
	*l = (*l)[:min(1, len(*l))]
	for i := range *l {
		(*l)[i].quiet = true
	}
}

// record notes a record: whether it is whole, of that stream, and after those
// of the same publisher that came before. t.mu is held.
func (t *tally) record(stream int, data []byte) (identity, error) {
	id, err := parseRecord(data)
	switch {
	case err != nil:
		return id, fmt.Errorf("%w: %d bytes, %.300q", err, len(data), data)
	case id.stream != stream:
		return id, fmt.Errorf("a record of stream %q came as one of %q", t.w.streams[id.stream], t.w.streams[stream])
	case id.publisher >= len(t.next):
		return id, fmt.Errorf("there is no publisher %d", id.publisher)
	}
	t.sum.records++
	if err := t.next[id.publisher][stream].take(id); err != nil {
		return id, err
	}
	if m := t.w.closer(id.publisher); m >= 0 {
		t.closing[m][stream] = id.number + 1
	}
	return id, nil
}

// lost notes a loss that the reader was told. t.mu is held.
func (t *tally) lost(count uint64, unknown bool) {
	t.sum.gaps++
	t.sum.told += count
	if unknown {
		t.sum.unknown++
	}
}

// missing says which closing record the reader has not got; nothing when it
// has got all of them.
func (t *tally) missing(want [][]uint64) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for m := range want {
		if t.machine >= 0 && m != t.machine {
			continue
		}
		for s, n := range want[m] {
			if t.closing[m][s] < n {
				return fmt.Sprintf("%s has not got the closing record %d of %q at %s", t.id, n-1, t.w.streams[s], t.w.machines[m].name)
			}
		}
	}
	return ""
}

// readAll runs a source, and passes each of its batches to each, which t.mu guards,
// until there is an error, each wants no more, or the context ends.
func (t *tally) readAll(ctx context.Context, source *stream.Source, rnd *rand.Rand, each func(*stream.Batch) (more bool, err error)) error {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- source.Run(ctx) }()
	defer func() {
		cancel()
		<-ended
	}()
	for {
		b, err := source.Take(ctx)
		if err != nil {
			return nil //nolint:nilerr // the context has ended
		}
		t.mu.Lock()
		more, err := each(b)
		t.mu.Unlock()
		b.Release()
		if err != nil || !more {
			return err
		}
		t.pause(ctx, rnd)
	}
}

// pause is called by a reader between two pieces of what it reads: one that is
// not prompt waits.
func (t *tally) pause(ctx context.Context, rnd *rand.Rand) {
	var d time.Duration
	switch temper(t.temper.Load()) {
	case slow:
		d = time.Duration(rnd.IntN(20)) * time.Millisecond
	case stalling:
		if rnd.IntN(20) > 0 {
			return
		}
		d = t.w.o.phase / 8 * time.Duration(1+rnd.IntN(4))
	case prompt:
		return
	}
	// Long pauses end with the phase.
	calm := t.w.calm()
	select {
	case <-ctx.Done():
	case <-calm:
	case <-time.After(d):
	}
}

// history is what happened to a reader last: the records, and all else.
type history struct{ records, others ring }

func (h *history) add(e event) {
	e.at = time.Now()
	if e.text == "" {
		h.records.add(e)
	} else {
		h.others.add(e)
	}
}

func (h *history) String() string {
	events := append(h.records.list(), h.others.list()...)
	slices.SortStableFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "    %s  ", e.at.Format("15:04:05.000000"))
		if e.text != "" {
			fmt.Fprintln(&b, e.text)
			continue
		}
		fmt.Fprintf(&b, "record %d of publisher %d/%d, stream %d", e.id.number, e.id.publisher, e.id.connection, e.stream)
		if e.machine >= 0 {
			fmt.Fprintf(&b, ", machine %d", e.machine)
		}
		if e.place.epoch != 0 {
			fmt.Fprintf(&b, ", at %v", e.place)
		}
		fmt.Fprintln(&b)
	}
	return b.String()
}

// event is one thing that happened to a reader: a text, or else a record.
type event struct {
	at      time.Time
	text    string
	stream  int
	machine int // -1 when it is not known
	place   position
	id      identity
}

// ring keeps the last events.
type ring struct {
	events [40]event
	n      int
}

func (r *ring) add(e event) {
	r.events[r.n%len(r.events)] = e
	r.n++
}

func (r *ring) list() []event {
	return append([]event(nil), r.events[:min(r.n, len(r.events))]...)
}

// notef adds a text to what happened last.
func (t *tally) notef(format string, args ...any) {
	t.recent.add(event{text: fmt.Sprintf(format, args...)})
}
