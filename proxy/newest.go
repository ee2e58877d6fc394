package proxy

import (
	"context"

	"sluice/cluster/fanout"
	"sluice/cluster/stream"
)

// counted is one stream whose newest records are counted beside those of others.
type counted struct {
	merged
	reader *fanout.Reader
	left   uint64 // records up to where the stream was asked for, the next one included
}

// shareLast has each stream of several begin with those of its records that are among
// the newest of all, as many as the request wants. What all logs together do not have comes
// out of history: what they have counts as newer than all that.
func (s *session) shareLast(ctx context.Context) error {
	want := s.request.want
	if want.Last == 0 || want.All || !s.request.wrapped || s.proxy.cfg.History != nil && s.request.earlier() {
		return nil
	}
	var all uint64
	streams := make([]*counted, 0, len(s.parts))
	defer func() {
		for _, c := range streams {
			c.close()
		}
	}()
	for _, p := range s.parts {
		c := s.countNewest(p, want.Last)
		all += c.left
		streams = append(streams, c)
	}
	if all > want.Last {
		if err := passOldest(ctx, streams, all-want.Last); err != nil {
			return err
		}
	}
	for _, c := range streams {
		c.part.want.Last = c.left
		s.wantsLast(c.part, all)
	}
	return nil
}

// countNewest puts a cursor before the newest records of a stream, so many at most.
func (s *session) countNewest(p *part, most uint64) *counted {
	p.ask()
	p.tail.mu.Lock()
	log := p.logAsAsked()
	p.tail.mu.Unlock()
	at, records := log.Newest(most)
	c := &counted{merged: merged{part: p}, reader: s.proxy.hub.Reader(), left: records}
	c.reader.Tail(p.name, fanout.From{Kind: fanout.FromPosition, Position: fanout.Position{Epoch: log.Epoch, Next: at}})
	return c
}

// passOldest passes over so many records, the oldest ones first.
func passOldest(ctx context.Context, streams []*counted, n uint64) error {
	open := streams[:0:0]
	for _, c := range streams {
		had := c.left
		if c.next() {
			open = append(open, c)
		}
		n -= min(n, had-c.left)
	}
	merge := stream.NewMerge(open, func(a, b *counted) bool { return a.time < b.time })
	for n > 0 {
		c, ok := merge.Next()
		if !ok {
			return nil
		}
		had := c.left
		c.left--
		if c.next() {
			merge.Moved()
		} else {
			merge.Ended()
		}
		n -= min(n, had-c.left)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// next moves to the next record, and reports whether there is one. What the log has
// lost meanwhile is passed.
func (c *counted) next() bool {
	for c.left > 0 {
		for c.used < len(c.piece.Bytes) {
			c.read()
			c.used += c.size
			if !c.entry.Lost || c.entry.Count == 0 {
				return true
			}
		}
		c.piece.Release()
		piece, ok := c.reader.Take(maxBatch)
		if !ok {
			c.piece = fanout.Piece{}
			return false
		}
		c.piece, c.used = piece, 0
		c.left -= min(c.left, piece.Lost)
	}
	return false
}

func (c *counted) close() {
	c.piece.Release()
	c.reader.Close()
}
