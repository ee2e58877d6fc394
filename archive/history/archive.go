package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/cluster/names"
	"sluice/cluster/stream"
)

const (
	// A request is given up after this time.
	answerWait = 5 * time.Second
	// While the archive is not connected, nobody waits for it longer than so after it was
	// dialled: live goes on at once.
	connectWait = 2 * time.Second
)

// Archive reads an archive back. Its methods may be called from any goroutine.
type Archive struct {
	store shelves
	to    *engine.Client
	began time.Time

	mu    sync.Mutex
	state stream.State
	since time.Time
}

// shelves are the chains that an archive holds.
type shelves interface {
	// newest returns the newest batch of a stream at each consolidator that has any.
	newest(ctx context.Context, stream string) ([]tip, error)
}

// New returns what reads through a client, which stays its owner's.
func New(c *engine.Client) *Archive {
	a := &Archive{to: c, began: time.Now(), since: time.Now()}
	a.store = connection{a}
	return a
}

// Status is how the archive stands.
func (a *Archive) Status() stream.Status {
	s := stream.Status{Name: "archive", Address: a.to.Where(), Archive: true, State: stream.StateLive}
	if err := a.to.Err(); err != nil {
		s.State, s.Err = stream.StateLost, err.Error()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state != s.State {
		a.state, a.since = s.State, time.Now()
	}
	s.Since = a.since
	return s
}

// Streams are the names of all streams of which something is held, each once.
func (a *Archive) Streams(ctx context.Context) ([]string, error) {
	ctx, cancel, err := a.within(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	subjects, err := a.to.Subjects(ctx, subject.All)
	if err != nil {
		return nil, err
	}
	had := make(map[string]bool)
	var all []string
	for s := range subjects {
		_, name, err := subject.Parse(s)
		if err != nil || had[name] {
			continue // somebody else's
		}
		had[name] = true
		all = append(all, name)
	}
	return all, nil
}

// within bounds the time of a request.
func (a *Archive) within(ctx context.Context) (context.Context, context.CancelFunc, error) {
	wait := answerWait
	if err := a.to.Err(); err != nil {
		if wait = time.Until(a.began.Add(connectWait)); wait <= 0 {
			return nil, nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	return ctx, cancel, nil
}

// connection is the shelves of an archive.
type connection struct{ *Archive }

func (c connection) newest(ctx context.Context, stream string) ([]tip, error) {
	ctx, cancel, err := c.within(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	found, err := c.to.Newest(ctx, everywhere(stream), 0)
	if err != nil {
		return nil, err
	}
	var tips []tip
	for i := range found {
		consolidator, name, err := subject.Parse(found[i].Subject)
		if err != nil || name != stream || names.Check(consolidator) != nil {
			continue
		}
		l := linkOf(&found[i])
		tips = append(tips, tip{chain: &chain{store: subjectStore{c.Archive, found[i].Subject}, consolidator: consolidator, stream: stream}, newest: l})
	}
	return tips, nil
}

// everywhere are the subjects of a stream at all consolidators.
func everywhere(stream string) string {
	return subject.Root + ".*" + strings.TrimPrefix(subject.Of("x", stream), subject.Root+".x")
}

// linkOf makes a link of a message.
func linkOf(m *engine.Message) *link {
	l := &link{seq: m.Sequence}
	l.Head, l.fault = m.Head()
	switch {
	case l.fault != nil:
	case l.Prev >= l.seq: // one would go round in circles
		l.fault = fmt.Errorf("read batch %d of subject %.100q: it names batch %d as the one before it: %w", l.seq, m.Subject, l.Prev, batch.ErrDamaged)
		l.Head = batch.Head{}
	default:
		l.payload = m.Payload
	}
	return l
}

// subjectStore is the messages of one subject.
type subjectStore struct {
	*Archive
	subject string
}

func (s subjectStore) get(ctx context.Context, at uint64) (*link, error) {
	ctx, cancel, err := s.within(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	m, err := s.to.Get(ctx, at)
	switch {
	case errors.Is(err, engine.ErrNone):
		return nil, errGone
	case err != nil:
		return nil, err
	case m.Subject != s.subject: // its place has been taken: the store was made anew
		return nil, errGone
	}
	return linkOf(&m), nil
}

func (s subjectStore) before(ctx context.Context, at uint64) (*link, error) {
	ctx, cancel, err := s.within(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	if at <= 1 {
		return nil, errGone
	}
	found, err := s.to.Newest(ctx, s.subject, at-1)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errGone
	}
	return linkOf(&found[0]), nil
}

func (s subjectStore) first(ctx context.Context) (*link, error) {
	ctx, cancel, err := s.within(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	m, err := s.to.From(ctx, s.subject, 1)
	switch {
	case errors.Is(err, engine.ErrNone):
		return nil, errGone
	case err != nil:
		return nil, err
	}
	return linkOf(&m), nil
}
