package publish

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sluice/cluster/names"
	"sluice/cluster/zmtp"
)

// What Publish returns for a record that it did not take.
var (
	ErrTooLarge = fmt.Errorf("record is larger than %d bytes", zmtp.MaxRecord)
	ErrClosed   = errors.New("client is closed")
)

// Client publishes to one consolidator. Its methods may be called from any
// goroutine.
type Client struct {
	cfg      Config
	endpoint zmtp.Endpoint
	wake     chan struct{} // there is something to do for the connection; capacity 1
	stop     context.CancelFunc
	byeFor   time.Duration
	ended    chan struct{} // closed when the Client's goroutines are gone

	mu         sync.Mutex
	q          queue
	stats      Stats
	status     Status
	unreported shed
	name       string        // the last stream's, which is sound
	idle       bool          // the connection waits for wake
	flushing   int           // how many wait for everything to be done with
	closed     bool          // Publish takes nothing any more
	room       chan struct{} // closed when there is room; nil while nobody waits
	empty      chan struct{} // closed when nothing waits; nil while nobody waits
	progress   chan struct{} // closed when something was settled; nil while nobody waits
	writing    *chunk        // of which a region is being written
}

// Open returns a Client that connects, and connects again, until it is closed.
// The consolidator need not be there. An error is one of the Config.
func Open(config Config) (*Client, error) { return open(config, byeFor) }

func open(config Config, byeFor time.Duration) (*Client, error) {
	endpoint, err := config.fill()
	if err != nil {
		return nil, fmt.Errorf("open publisher: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	c := &Client{
		cfg: config, endpoint: endpoint, stop: stop, byeFor: byeFor,
		wake:  make(chan struct{}, 1),
		ended: make(chan struct{}),
	}
	go c.run(ctx)
	return c, nil
}

// Publish takes a record for a stream: one JSON object, at most zmtp.MaxRecord
// bytes; whatever else it is, readers see it as the msg of a record. It copies
// what it is given.
//
// When the buffer is full, a Client that waits blocks until there is room or
// ctx ends, and then returns the context's error; one that sheds does not
// block, and returns nil. A record that cannot be published is an error:
// [ErrTooLarge], a name that is no stream's, [ErrClosed]. Nothing of it counts
// in Stats then but Invalid.
func (c *Client) Publish(ctx context.Context, stream string, record []byte) error {
	if len(record) > zmtp.MaxRecord {
		return c.invalid(fmt.Errorf("publish to %q: %w", stream, ErrTooLarge))
	}
	c.mu.Lock()
	if stream != c.name || stream == "" {
		if err := names.Check(stream); err != nil {
			c.mu.Unlock()
			return c.invalid(fmt.Errorf("publish to %q: %w", stream, err))
		}
		c.name = stream
	}
	size := messageSize(stream, record)
	for !c.closed && c.q.bytes+size > c.cfg.Buffer {
		if c.cfg.Shed {
			if !c.makeRoom(size) {
				c.stats.Published++
				c.stats.Bytes += uint64(len(record))
				c.shedNew(stream)
				c.mu.Unlock()
				return nil
			}
			break
		}
		if err := c.await(ctx, &c.room); err != nil {
			c.mu.Unlock()
			return err
		}
	}
	if c.closed {
		c.mu.Unlock()
		return ErrClosed
	}
	c.q.add(size, stream, record)
	c.stats.Published++
	c.stats.Bytes += uint64(len(record))
	c.poke()
	c.mu.Unlock()
	return nil
}

func (c *Client) invalid(err error) error {
	c.mu.Lock()
	c.stats.Invalid++
	c.mu.Unlock()
	return err
}

// messageSize is what zmtp.AppendMessage appends, in bytes.
func messageSize(stream string, record []byte) int {
	size := 4 + len(stream) + len(record)
	if len(record) > 255 {
		size += 7
	}
	return size
}

// poke wakes the connection if it waits. c.mu is held.
func (c *Client) poke() {
	if c.idle {
		c.idle = false
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// await waits until a channel is closed, which is made for it, or ctx ends. c.mu
// is held when it is called and when it returns.
func (c *Client) await(ctx context.Context, event *chan struct{}) error {
	if *event == nil {
		*event = make(chan struct{})
	}
	come := *event
	c.mu.Unlock()
	defer c.mu.Lock()
	select {
	case <-come:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// notify wakes whoever waits in await. c.mu is held.
func notify(event *chan struct{}) {
	if *event != nil {
		close(*event)
		*event = nil
	}
}

// moved looks what has become of the buffer. c.mu is held.
func (c *Client) moved() {
	notify(&c.progress)
	// Waiting until half of it is free, a writer does not wake for each record.
	if c.q.bytes <= c.cfg.Buffer/2 {
		notify(&c.room)
	}
	if c.q.records == 0 && c.q.flying == 0 && c.unreported.empty() && c.writing == nil {
		notify(&c.empty)
	}
}

// Settle waits until nothing is Waiting of what Publish has taken until now, or ctx
// ends, and then returns the context's error. Others may go on publishing.
func (c *Client) Settle(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for until := c.stats.Published; c.stats.Published-c.q.records < until; {
		if err := c.await(ctx, &c.progress); err != nil {
			return err
		}
	}
	return nil
}

// Flush waits until all that Publish has taken is acknowledged, or given up, or
// ctx ends, and then returns the context's error.
func (c *Client) Flush(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flush(ctx)
}

// flush is Flush. c.mu is held.
func (c *Client) flush(ctx context.Context) error {
	c.flushing++
	defer func() { c.flushing-- }()
	for c.q.records > 0 || c.q.flying > 0 || !c.unreported.empty() {
		c.poke()
		if err := c.await(ctx, &c.empty); err != nil {
			return err
		}
		select {
		case <-c.ended:
			return nil
		default:
		}
	}
	return nil
}

// Close takes no more records, waits as [Client.Flush] does, at most for
// Config.Linger, and ends the connection. It returns what became of all records.
// It may be called again, and returns the same then.
func (c *Client) Close(ctx context.Context) Stats {
	if c.cfg.Linger > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.cfg.Linger)
		defer cancel()
	}
	c.mu.Lock()
	c.closed = true
	notify(&c.room)
	_ = c.flush(ctx)
	c.mu.Unlock()
	c.stop()
	<-c.ended
	return c.Stats()
}
