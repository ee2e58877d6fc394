package consume

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"sluice/archive/batch"
	"sluice/archive/subject"
)

// place is where an ordered group is in the batches of a subject, and which worker is at
// it. It stands in groupsStream and is changed as a group is: so of two workers that take
// each other for dead only one goes on, and what the other one says is not taken.
type place struct {
	seen         // up to the last batch that is done
	Owner string `json:"owner,omitempty"`

	// Of the batch that is at work, if something failed.
	Batch    uint64    `json:"batch,omitempty"`    // its sequence
	Done     int       `json:"done,omitempty"`     // records of it that are done, or dead
	Size     int       `json:"size,omitempty"`     // how many of them to handle at once
	Attempts int       `json:"attempts,omitempty"` // that failed, of a single one
	Due      time.Time `json:"due,omitzero"`
	Deaths   int       `json:"deaths,omitempty"` // workers that did not come back
	Tried    bool      `json:"tried,omitempty"`  // a handler had what comes next, and it is not noted what became of that
}

// done is the place after a batch.
func (p place) done(sequence uint64, head *batch.Head) place {
	return place{seen: seenAt(sequence, head), Owner: p.Owner}
}

// placeSubject is where a place stands; places takes in all of a group.
func placeSubject(group, of string) string {
	return places(group, strings.TrimPrefix(of, subject.Root+"."))
}

func places(group, rest string) string { return "groups." + group + ".at." + rest }

// claim is a subject that a worker has taken. It is renewed until it is let go, or lost.
type claim struct {
	store   *store
	subject string // of the place
	ended   context.CancelFunc

	place place // its worker's; the mutex is held to change it

	mu       sync.Mutex
	revision uint64
	lost     bool
}

// claim takes a place for a worker. Its error is errMoved if another one was faster. What
// is done with it ends when the context that it returns does: it is lost then.
func (s *store) claim(ctx context.Context, group, of, owner string, p place, revision uint64) (*claim, context.Context, error) {
	p.Owner = owner
	within, cancel := context.WithCancel(ctx)
	c := &claim{store: s, subject: placeSubject(group, of), revision: revision, ended: cancel}
	if err := c.put(ctx, p); err != nil {
		cancel()
		return nil, nil, err
	}
	go c.renew(within)
	return c, within, nil
}

// put changes the place. If that fails, the claim is lost: it may have been written, or
// another worker has it.
func (c *claim) put(ctx context.Context, p place) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.place = p
	return c.write(ctx)
}

// trying notes that a handler is given what comes next: who has the place then is told, unless
// it is noted before what became of it. Of parts of a batch it is written at once: one whose
// worker does not come back has failed.
func (c *claim) trying(ctx context.Context, p place) error {
	p.Tried = true
	if p.Size > 0 {
		return c.put(ctx, p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.place = p
	return nil
}

func (c *claim) write(ctx context.Context) error {
	if c.lost {
		return errMoved
	}
	value, err := json.Marshal(c.place)
	if err == nil {
		c.revision, err = c.store.keep(ctx, c.subject, value, c.revision)
	}
	if err != nil {
		c.lost = true
		c.ended()
	}
	return err
}

// renew shows the other workers that this one lives, until ctx ends.
func (c *claim) renew(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		c.mu.Lock()
		err := c.write(ctx)
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// release lets the place go, for whichever worker comes next. It stands under the sequence
// that is returned.
func (c *claim) release(ctx context.Context) (uint64, error) {
	defer c.ended()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.place.Owner = ""
	err := c.write(ctx)
	return c.revision, err
}
