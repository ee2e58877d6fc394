package consume

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"sluice/archive/engine"
	"sluice/archive/subject"
)

// board is what a worker of an ordered group knows of its subjects: what is the newest of
// each, and how far the group is.
type board struct {
	from uint64 // the first sequence that is the group's

	mu      sync.Mutex
	newest  map[string]uint64  // sequences, by subject
	waiting map[string]waiting // subjects that have something to do
	places  map[string]standing
	changed chan struct{} // has room for one
	listed  bool          // whether what was held is on it
}

// nothing reports whether no subject has anything to do.
func (b *board) nothing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.listed && len(b.waiting) == 0
}

func (b *board) hasAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listed = true
}

// standing is a place, as it was read.
type standing struct {
	place
	revision uint64
	since    time.Time // when this worker saw it; clocks of others are not asked
}

// waiting is a subject with something to do.
type waiting struct{ after time.Time }

func newBoard(from uint64) *board {
	return &board{
		from: from, newest: map[string]uint64{}, waiting: map[string]waiting{},
		places: map[string]standing{}, changed: make(chan struct{}, 1),
	}
}

// follow keeps the board until ctx ends, or the archive cannot be read.
func (b *board) follow(ctx context.Context, s *store, group string, filters []string) error {
	state, err := s.State(ctx)
	if err != nil {
		return err
	}
	watching, ctx := errgroup.WithContext(ctx)
	watching.Go(func() error { // what follows would find out by itself, and later
		lost := s.js.Conn().StatusChanged(nats.RECONNECTING, nats.CLOSED)
		defer s.js.Conn().RemoveStatusListener(lost)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-lost:
			return engine.ErrUnavailable
		}
	})
	watching.Go(func() error { return b.followPlaces(ctx, s, group) })
	watching.Go(func() error {
		for _, f := range filters {
			for m, err := range s.Heads(ctx, f) {
				if err != nil {
					return err
				}
				b.came(m.Subject, m.Sequence)
			}
		}
		b.hasAll()
		for m, err := range s.Watch(ctx, engine.Watching{Subjects: filters, From: state.Last.Sequence + 1, Heads: true}) {
			if err != nil {
				return err
			}
			b.came(m.Subject, m.Sequence)
		}
		return nil
	})
	return watching.Wait()
}

func (b *board) followPlaces(ctx context.Context, s *store, group string) error {
	prefix := len(places(group, ""))
	for m, err := range s.Watch(ctx, engine.Watching{Stream: groupsStream, Subjects: []string{places(group, ">")}, Latest: true}) {
		if err != nil {
			return err
		}
		var p place
		if json.Unmarshal(m.Payload, &p) == nil && len(m.Subject) > prefix {
			b.stands(subject.Root+"."+m.Subject[prefix:], p, m.Sequence)
		}
	}
	return ctx.Err()
}

func (b *board) came(subject string, sequence uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.newest[subject] = max(b.newest[subject], sequence)
	b.look(subject)
}

func (b *board) stands(subject string, p place, revision uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if revision <= b.places[subject].revision {
		return
	}
	b.places[subject] = standing{p, revision, time.Now()}
	b.look(subject)
}

// look notes whether a subject has something to do.
func (b *board) look(subject string) {
	if b.newest[subject] <= b.place(subject).Sequence {
		delete(b.waiting, subject)
		return
	}
	if _, ok := b.waiting[subject]; !ok {
		b.waiting[subject] = waiting{}
	}
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

func (b *board) place(subject string) standing {
	p := b.places[subject]
	p.Sequence = max(p.Sequence, b.from-1)
	return p
}

// next is a subject that has something to do and nobody at it.
func (b *board) next() (subject string, p standing, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for subject, w := range b.waiting { // in any order: so workers meet rarely
		p := b.place(subject)
		dead := p.Owner != "" && now.Sub(p.since) >= ackWait
		if (p.Owner == "" || dead) && !p.Due.After(now) && !w.after.After(now) {
			if dead {
				p.Deaths++
			}
			return subject, p, true
		}
	}
	return "", p, false
}

// later has a subject looked at again after a while, or, if nothing is held of it, when
// something comes.
func (b *board) later(subject string, held bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !held {
		delete(b.waiting, subject)
		delete(b.newest, subject)
		return
	}
	b.waiting[subject] = waiting{after: time.Now().Add(time.Second)}
}

func (b *board) newestOf(subject string) uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.newest[subject]
}
