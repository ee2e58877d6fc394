package engine

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sluice/archive/batch"
)

const (
	keyExpected = "Nats-Expected-Last-Subject-Sequence"
	keyTTL      = "Nats-TTL"
)

// Append adds a batch to LOGS, behind the batch of its subject at a sequence (0: it is the
// subject's first that is held). It waits for nothing; done is called once, with the
// sequence of the batch or an error, from another goroutine, which it must not hold up. The
// message belongs to the engine until then. When Append returns an error, done is not called.
//
// The error is ErrWrongSequence, ErrFull, ErrTooLarge or ErrUnavailable: see package engine.
func (e *Engine) Append(m batch.Message, stream string, after uint64, done func(sequence uint64, err error)) error {
	if err := e.room(len(m.Payload) + len(m.Subject) + 512); err != nil {
		return fmt.Errorf("append to %s: %w", m.Subject, err)
	}
	m.Header[keyExpected] = []string{strconv.FormatUint(after, 10)}
	if ttl := e.ttl(stream); ttl != "" {
		m.Header[keyTTL] = []string{ttl}
	}
	return e.publish(&nats.Msg{Subject: m.Subject, Header: m.Header, Data: m.Payload}, done)
}

// room is why nothing can be stored; nil when so many bytes can.
func (e *Engine) room(bytes int) error {
	switch {
	case e.server == nil:
		return nil
	case e.server.says.broken.Load():
		return fmt.Errorf("%w: the NATS server in this process could not write %q: %s", ErrFull, e.config.Store, e.server.says.last())
	}
	return e.server.disk.take(bytes)
}

func (c *Client) publish(m *nats.Msg, done func(uint64, error)) error {
	c.mu.Lock()
	c.appended[m] = done
	c.mu.Unlock()
	_, err := c.js.PublishMsgAsync(m)
	if err == nil {
		return nil
	}
	c.mu.Lock()
	_, waiting := c.appended[m]
	delete(c.appended, m)
	c.mu.Unlock()
	if !waiting {
		return nil // done was told
	}
	return c.failed("append to", m.Subject, err)
}

// settle tells whoever appended a message what became of it.
func (c *Client) settle(m *nats.Msg, sequence uint64, err error) {
	c.mu.Lock()
	done := c.appended[m]
	delete(c.appended, m)
	c.mu.Unlock()
	if done == nil {
		return
	}
	if errors.Is(err, jetstream.ErrAsyncPublishTimeout) {
		err = errors.New("no answer in " + appendTimeout.String())
	}
	done(sequence, c.failed("append to", m.Subject, err))
}
