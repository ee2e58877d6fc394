package publish

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"sluice/cluster/backoff"
	"sluice/cluster/zmtp"
)

// steady is how long a connection has to last for the next attempt to come
// soon after it.
const steady = time.Second

// run connects, publishes, and connects again, until ctx ends.
func (c *Client) run(ctx context.Context) {
	defer close(c.ended)
	defer c.finish()
	c.become(Status{})
	var wait backoff.Backoff
	for ctx.Err() == nil {
		conn, err := zmtp.Dial(ctx, c.endpoint, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB, zmtp.SUB}, Mechanism: c.cfg.Mechanism})
		if err != nil {
			err = explain(c.endpoint, err)
		} else {
			began := time.Now()
			err = c.session(ctx, conn)
			if time.Since(began) >= steady {
				wait.Reset()
			}
		}
		if ctx.Err() != nil {
			return
		}
		c.become(Status{Err: err})
		if !wait.Wait(ctx) {
			return
		}
	}
}

// become notes how the Client is connected, and logs it if that is news.
func (c *Client) become(now Status) {
	c.mu.Lock()
	before := c.status
	now.Had = before.Had || now.Connected
	now.Moved = before.Moved
	now.Since = before.Since
	if now.Connected != before.Connected || now.Since.IsZero() {
		now.Since = time.Now()
	}
	c.status = now
	c.mu.Unlock()
	switch {
	case now.Connected:
		c.cfg.Logger.Info("publishing", "endpoint", c.endpoint.String(), "consolidator", now.Name, "acknowledges", now.Acknowledges)
	case now.Err != nil && (before.Connected || before.Err == nil):
		c.cfg.Logger.Warn("not publishing: connecting again", "endpoint", c.endpoint.String(), "error", now.Err)
	}
}

// finish counts what will not be sent any more.
func (c *Client) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, k := range c.q.chunks {
		if k.told == nil {
			tried := max(0, k.tried-k.done)
			c.stats.Uncertain += uint64(tried)
			c.stats.Unsent += uint64(k.n - k.done - tried)
		}
		k.free()
	}
	c.q = queue{}
	c.untold = shed{}
	c.status.Connected = false
	happen(&c.room)
	happen(&c.empty)
}

// session is one connection, from its handshake to its end.
func (c *Client) session(ctx context.Context, conn *zmtp.Conn) error {
	conn.LimitUnsent()
	s := &session{c: c, conn: conn, over: make(chan struct{})}
	s.heard.Store(time.Now().UnixNano())
	c.mu.Lock()
	c.idle = false
	c.mu.Unlock()
	c.become(Status{Connected: true, Acknowledges: conn.Peer.Sluice, Name: conn.Peer.Name})
	stop := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Now()) })
	defer stop()
	var beside sync.WaitGroup
	beside.Go(s.read)
	beside.Go(s.watch)
	err := s.write(ctx)
	s.leave(ctx)
	conn.Close()
	beside.Wait()
	if s.err != nil && !errors.Is(s.err, io.EOF) {
		err = silent(s.err) // the reader knows more
	}
	if err == nil {
		err = errEnded
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	s.settle()
	c.writing, c.idle = nil, false
	if ctx.Err() == nil {
		c.stats.Lost++
	}
	if c.cfg.Once {
		c.q.pop(c.q.flying, func(records, _ uint64) { c.stats.Uncertain += records })
	}
	c.q.rewind()
	c.untell()
	c.moved()
	return err
}

var errEnded = errors.New("consolidator closed the connection")
