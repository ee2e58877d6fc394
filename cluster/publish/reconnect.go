package publish

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"sluice/cluster/backoff"
	"sluice/cluster/dial"
	"sluice/cluster/uptime"
	"sluice/cluster/zmtp"
)

// run connects, publishes, and connects again, until ctx ends.
func (c *Client) run(ctx context.Context) {
	defer close(c.ended)
	defer c.finish()
	c.become(Status{})
	var wait backoff.Backoff
	var dialer dial.Dialer
	for ctx.Err() == nil {
		tried := time.Now()
		conn, err := zmtp.Dial(ctx, c.endpoint, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB, zmtp.SUB}, Mechanism: c.cfg.Mechanism, Dialer: &dialer})
		switch {
		case err == nil:
			began := time.Now()
			c.publishOver(ctx, conn)
			wait.Lasted(time.Since(began))
		case ctx.Err() == nil:
			c.become(Status{Err: explain(c.endpoint, err)})
		}
		wait.Took(time.Since(tried))
		if !wait.Wait(ctx) {
			return
		}
	}
}

// become notes how the Client is connected, and logs it if that is news.
func (c *Client) become(now Status) {
	c.mu.Lock()
	before := c.change(now)
	c.mu.Unlock()
	c.report(before, now)
}

// change notes how the Client is connected, and returns how it was before. c.mu is
// held.
func (c *Client) change(now Status) (before Status) {
	before = c.status
	now.Had = before.Had || now.Connected
	now.Moved = before.Moved
	now.Since = before.Since
	if now.Connected != before.Connected || now.Since.IsZero() {
		now.Since = time.Now()
	}
	c.status = now
	return before
}

// report logs how the Client is connected now, if that is news.
func (c *Client) report(before, now Status) {
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
		if k.reports == nil {
			tried := max(0, k.tried-k.done)
			c.stats.Uncertain += uint64(tried)
			c.stats.Unsent += uint64(k.n - k.done - tried)
		}
		k.free()
	}
	c.q = queue{}
	c.unreported = shed{}
	c.status.Connected = false
	notify(&c.room)
	notify(&c.empty)
	notify(&c.progress)
}

// publishOver publishes over one connection until it ends.
func (c *Client) publishOver(ctx context.Context, conn *zmtp.Conn) {
	conn.LimitUnsent()
	l := &link{c: c, ctx: ctx, conn: conn, over: make(chan struct{})}
	l.heard.Store(int64(uptime.Now()))
	c.mu.Lock()
	c.idle = false
	c.mu.Unlock()
	c.become(Status{Connected: true, Acknowledges: conn.Peer.Sluice, Name: conn.Peer.Name})
	stop := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Now()) })
	defer stop()
	var beside sync.WaitGroup
	beside.Go(l.read)
	beside.Go(l.watch)
	err := l.write(ctx)
	l.leave(ctx)
	conn.Close()
	beside.Wait()
	switch { // the reader knows more
	case l.err != nil && !errors.Is(l.err, io.EOF):
		err = silent(l.err)
	case l.err != nil || err == nil:
		err = errEnded
	}
	c.disconnected(ctx, l, err)
}

// disconnected takes back what an ended connection leaves, and counts its loss unless
// the Client has ended it.
func (c *Client) disconnected(ctx context.Context, l *link, err error) {
	c.mu.Lock()
	l.settle()
	c.writing, c.idle = nil, false
	if c.cfg.Once {
		c.q.pop(c.q.flying, func(records, _ uint64) { c.stats.Uncertain += records })
	}
	c.q.rewind()
	c.takeNoticesBack()
	c.moved()
	lost := ctx.Err() == nil
	now := Status{Err: err}
	var before Status
	if lost {
		c.stats.Lost++
		before = c.change(now)
	}
	c.mu.Unlock()
	if lost {
		c.report(before, now)
	}
}

var errEnded = errors.New("consolidator closed the connection")
