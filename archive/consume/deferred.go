package consume

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sluice/archive/batch"
	"sluice/archive/engine"
)

// Deferred is what a group has put aside: records that are tried again, or dead ones.
type Deferred struct {
	Archive *engine.Client
	Group   string
	Dead    bool // the dead ones
}

// Item is some records that were put aside together.
type Item struct {
	ID                   uint64 // it gets another one whenever it is put aside again
	Stream, Consolidator string
	Epoch, First         uint64
	Attempts             int       // that failed
	Since                time.Time // when it was put aside
	Due                  time.Time // when it is tried again; zero of the dead
	Error                string    // why the last attempt failed
	Records              [][]byte
	Damaged              error // why the records cannot be read
}

// ErrNoItem says that an item is not there, or not any more.
var ErrNoItem = errors.New("nothing deferred has this id now: list them again")

// kind is where the items are.
func (d Deferred) kind() (stream, filter string) {
	if d.Dead {
		return deadStream, deadSubject(d.Group)
	}
	return deferStream, "defer." + d.Group + ".*"
}

// stream finds the JetStream stream, if there is such a group.
func (d Deferred) stream(ctx context.Context) (jetstream.Stream, error) {
	if err := checkGroup(d.Group); err != nil {
		return nil, err
	}
	s := newStore(d.Archive)
	_, sequence, err := s.kept(ctx, groupSubject(d.Group))
	if errors.Is(err, jetstream.ErrStreamNotFound) || err == nil && sequence == 0 {
		return nil, wrongf("there is no group %s", d.Group)
	}
	if err != nil {
		return nil, err
	}
	name, _ := d.kind()
	return s.stream(ctx, name)
}

// Each calls f with each item, in the order in which they were put aside, until it
// returns an error. What is put aside meanwhile is not among them.
func (d Deferred) Each(ctx context.Context, f func(Item) error) error {
	stream, err := d.stream(ctx)
	if err != nil {
		return err
	}
	_, filter := d.kind()
	last := stream.CachedInfo().State.LastSeq
	for next := uint64(1); next <= last; {
		m, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(filter))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read what group %s has put aside: %w", d.Group, err)
		}
		if m.Sequence > last {
			return nil
		}
		if err := f(itemOf(m)); err != nil {
			return err
		}
		next = m.Sequence + 1
	}
	return nil
}

// Get finds an item; the error for one that is not there wraps ErrNoItem.
func (d Deferred) Get(ctx context.Context, id uint64) (Item, error) {
	m, err := d.message(ctx, id)
	if err != nil {
		return Item{}, err
	}
	return itemOf(m), nil
}

func (d Deferred) message(ctx context.Context, id uint64) (*jetstream.RawStreamMsg, error) {
	stream, err := d.stream(ctx)
	if err != nil {
		return nil, err
	}
	_, filter := d.kind()
	m, err := stream.GetMsg(ctx, max(id, 1), jetstream.WithGetMsgSubject(filter))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound), err == nil && m.Sequence != id:
		return nil, ErrNoItem
	case err != nil:
		return nil, fmt.Errorf("read what group %s has put aside: %w", d.Group, err)
	}
	return m, nil
}

// Retry has an item tried at once when there is nothing new; one of the dead with all its
// attempts again.
func (d Deferred) Retry(ctx context.Context, id uint64) error {
	m, err := d.message(ctx, id)
	if err != nil {
		return err
	}
	again := nats.NewMsg(deferSubject(d.Group, 0))
	again.Header, again.Data = m.Header, m.Data
	name, _ := d.kind()
	again.Header.Set(jetstream.MsgIDHeader, d.Group+"."+from(name, id)+".again")
	again.Header.Set(dueHeader, time.Now().UTC().Format(time.RFC3339Nano))
	if d.Dead {
		again.Header.Set(attemptsHeader, "0")
	}
	if _, err := d.Archive.JetStream().PublishMsg(ctx, again); err != nil {
		return fmt.Errorf("have item %d tried again: %w", id, err)
	}
	return d.Drop(ctx, id)
}

// Drop removes an item for ever.
func (d Deferred) Drop(ctx context.Context, id uint64) error {
	if _, err := d.message(ctx, id); err != nil {
		return err
	}
	stream, err := d.stream(ctx)
	if err != nil {
		return err
	}
	if err := stream.DeleteMsg(ctx, id); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return fmt.Errorf("remove item %d: %w", id, err)
	}
	return nil
}

func itemOf(m *jetstream.RawStreamMsg) Item {
	item := Item{ID: m.Sequence, Since: m.Time, Error: m.Header.Get(errorHeader)}
	item.Attempts, _ = strconv.Atoi(m.Header.Get(attemptsHeader))
	item.Due, _ = time.Parse(time.RFC3339Nano, m.Header.Get(dueHeader))
	head, err := batch.Decode(m.Header.Get(subjectHeader), m.Header, m.Data)
	if err != nil {
		item.Damaged = err
		return item
	}
	item.Stream, item.Consolidator, item.Epoch, item.First = head.Stream, head.Consolidator, head.Epoch, head.First
	records, _, err := head.Open(m.Data, nil)
	if err != nil {
		item.Damaged = err
		return item
	}
	for _, r := range records.All() {
		item.Records = append(item.Records, r)
	}
	return item
}
