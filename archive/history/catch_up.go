package history

import (
	"context"
	"maps"
	"slices"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
)

const (
	// What was archived meanwhile is read until that takes no longer than this: so much
	// each consolidator holds.
	soonRead = 200 * time.Millisecond
	// What was lost to a reader that was away may be on its way into the archive.
	tries    = 5
	betweens = 300 * time.Millisecond
	// After it had nothing, it is not asked for what a consolidator had for so long.
	barrenFor = 30 * time.Second

	maxMerged = 32 << 20 // bytes of history that are merged with what is held
)

// read has a tail read history beside whoever takes. s.mu is held.
func (s *Source) read(t *tail) {
	if s.running == nil {
		return // Run begins it
	}
	s.running.Go("read the archive", func() {
		ctx, cancel := context.WithCancel(s.running.Context())
		defer cancel()
		stop := context.AfterFunc(t.ctx, cancel)
		defer stop()
		c := &catchUp{s: s, t: t}
		c.run(ctx)
		if ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		s.joining = append(s.joining, t)
		s.mu.Unlock()
		s.wake()
	})
}

// catchUp reads what a tail wants of the archive. The tail is its own meanwhile, but for its
// phase.
type catchUp struct {
	s *Source
	t *tail

	merging *held // what is to be merged with what is held; nil when it goes out at once
}

// run hands on all that the tail wants before what is live. What cannot be had is told.
func (c *catchUp) run(ctx context.Context) {
	t := c.t
	if t.lost != nil {
		_ = c.fill(ctx) // what is lost is told then
		return
	}
	var err error
	switch {
	case c.s.cfg.Archive == nil:
	case len(t.held.notices) > 0:
		err = c.prepend(ctx)
	default:
		_, err = c.read(ctx, *t.query)
	}
	if err == nil && ctx.Err() == nil && t.query != nil && c.s.cfg.Archive != nil {
		err = c.approach(ctx)
	}
	if err != nil && ctx.Err() == nil {
		_ = c.put(ctx, nil, []stream.Notice{stream.GapNotice(loss.Loss{
			Stream: t.name, Hop: loss.AtArchive, Unknown: true, Reason: "history unavailable: " + err.Error(),
		}, time.Now())})
	}
	if len(t.held.notices) > 0 {
		ends := t.held.ends()
		_ = c.put(ctx, t.held.records, t.held.notices)
		t.filled, t.held = true, held{}
		maps.Copy(t.at, ends)
	}
}

// put hands records on.
func (c *catchUp) put(ctx context.Context, records []stream.Record, notices []stream.Notice) error {
	return c.s.out.Put(ctx, records, notices)
}

// read reads the archive once, and moves the tail.
func (c *catchUp) read(ctx context.Context, q Query) (Ends, error) {
	ends, err := c.s.cfg.Archive.Read(ctx, q, func(records []stream.Record, notices []stream.Notice) error {
		if c.merging != nil {
			c.merging.add(records, notices)
			if c.merging.bytes < maxMerged {
				return nil
			}
			records, notices = c.merging.records, c.merging.notices
			c.merging = nil
		}
		notices = c.firsts(records, notices)
		if err := c.put(ctx, records, notices); err != nil {
			return err
		}
		part := held{records: records, notices: notices}
		part.each(c.t.pass, c.t.passRecord)
		return nil
	})
	maps.Copy(c.t.at, ends)
	return ends, err
}

// firsts adds what is to be told before the first records of consolidators, of which live
// there was only a position.
func (c *catchUp) firsts(records []stream.Record, notices []stream.Notice) []stream.Notice {
	for i := range records {
		n := c.s.first(c.t, &records[i])
		if n == nil {
			continue
		}
		n.At = i
		before := slices.IndexFunc(notices, func(o stream.Notice) bool { return o.At > i })
		if before < 0 {
			before = len(notices)
		}
		notices = slices.Insert(slices.Clone(notices), before, *n)
	}
	return notices
}

// passRecord moves behind a record.
func (t *tail) passRecord(r *stream.Record) {
	t.at[r.Source] = loss.Position{Epoch: r.Position.Epoch, Seq: r.Position.Seq + 1}
}

// prepend puts the newest records before those that are held.
func (c *catchUp) prepend(ctx context.Context) error {
	c.merging = new(held)
	_, err := c.read(ctx, *c.t.query)
	c.t.query = nil // what comes then is live
	if c.merging != nil {
		c.t.held.before(*c.merging)
		c.merging = nil
	}
	return err
}

// approach reads what was archived while the archive was read, until little is.
func (c *catchUp) approach(ctx context.Context) error {
	for {
		began, was := time.Now(), maps.Clone(c.t.at)
		q := Query{Stream: c.t.name, From: c.t.query.From, To: c.t.query.To, Late: c.t.query.Late, After: maps.Clone(c.t.at), Named: c.t.query.From.IsZero()}
		if _, err := c.read(ctx, q); err != nil {
			return err
		}
		if maps.Equal(was, c.t.at) || time.Since(began) < soonRead {
			return nil
		}
	}
}

// fill reads what a gap has lost, and tells what is still lost then.
func (c *catchUp) fill(ctx context.Context) error {
	t := c.t
	source, from := t.lost.Source, t.at[t.lost.Source]
	var err error
	for try := range tries {
		var ends Ends
		ends, err = c.read(ctx, Query{Stream: t.name, After: maps.Clone(t.at), Named: true})
		_, held := ends[source]
		if err != nil || !held || t.lost.left(from, t.at[source]) == nil || try == tries-1 {
			break
		}
		select {
		case <-time.After(betweens):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if t.at[source] == from {
		t.barren[source] = time.Now().Add(barrenFor)
	}
	if left := t.lost.left(from, t.at[source]); left != nil {
		if err := c.put(ctx, nil, []stream.Notice{*left}); err != nil {
			return err
		}
		t.pass(left)
	}
	t.lost = nil
	return nil
}

// gap is a gap of what is live, for which the archive is read.
type gap stream.Notice

// left is what of the gap, which began at a position, is still lost when another one was
// reached; nil if that is nothing.
func (g *gap) left(from, at loss.Position) *stream.Notice {
	n := stream.Notice(*g)
	after := g.Position
	if after.Epoch == 0 {
		after = loss.Position{Epoch: from.Epoch, Seq: from.Seq + g.Count}
	}
	switch {
	case at.Epoch == after.Epoch && at.Seq >= after.Seq:
		return nil
	case at.Epoch == after.Epoch: // the archive has told what was lost before
		n.Count, n.Unknown = after.Seq-at.Seq, false
	case at.Epoch == from.Epoch && !n.Unknown:
		n.Count -= min(n.Count, at.Seq-from.Seq)
	}
	n.At = 0
	return &n
}
