package devenv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/go-zeromq/zmq4"
)

const (
	dialRetry  = 100 * time.Millisecond // between two tries, and between two looks at the connection
	greetWait  = time.Second            // from a dial to the consolidator's subscription, at most
	queueLimit = 4096                   // records that a socket holds, at most
)

// publisher publishes one stream from one machine, as a Go application does:
// with a PUB socket of go-zeromq, which it dials to its consolidator.
//
// What an application has to know of go-zeromq v0.17.0 stands here. Its
// WithAutomaticReconnect is not used: when a write finds the connection broken
// before a read does, the socket dials while it holds the lock that the new
// connection needs, and is stuck for ever. So the connection is watched from
// outside: a consolidator subscribes to everything, so a socket without topics
// is a socket without a connection. Nor does its handshake have a deadline;
// here that does no harm, since a consolidator that ends closes what it has.
type publisher struct {
	endpoint string // of the consolidator, to publish to
	stream   string
	records  *generator
	pace     *pace
}

// run publishes until ctx ends.
func (p *publisher) run(ctx context.Context) {
	for ctx.Err() == nil {
		p.socket(ctx)
	}
}

// socket makes one socket and publishes through it until ctx ends or the
// socket is of no use any more.
func (p *publisher) socket(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sock := zmq4.NewPub(
		ctx,
		zmq4.WithDialerMaxRetries(-1), // or it gives up after ten
		zmq4.WithDialerRetry(dialRetry),
		zmq4.WithDialerTimeout(time.Second),
		zmq4.WithLogger(log.New(io.Discard, "", 0)),
	)
	defer sock.Close()
	// Its queue has no bound of its own.
	if err := sock.SetOption(zmq4.OptionHWM, queueLimit); err != nil {
		panic(fmt.Sprintf("set high-water mark: %v", err)) // wrong use of the library, never input
	}

	watched := make(chan struct{})
	go func() {
		defer close(watched)
		defer cancel()
		watch(ctx, sock, p.endpoint)
	}()
	p.publish(ctx, sock)
	<-watched
}

// watch keeps sock connected until ctx ends. It returns early when the socket
// has to be replaced.
func watch(ctx context.Context, sock zmq4.Socket, endpoint string) {
	topics, ok := sock.(zmq4.Topics)
	if !ok {
		panic("PUB socket without topics") // wrong use of the library, never input
	}
	poll := time.NewTicker(dialRetry)
	defer poll.Stop()
	for ctx.Err() == nil {
		// Dial tries for ever when nothing listens, but gives up when a
		// handshake breaks, as it does when the consolidator ends meanwhile.
		if err := sock.Dial(endpoint); err != nil {
			if !tick(ctx, poll.C) {
				return
			}
			continue
		}
		dialled, greeted := time.Now(), false
		for {
			if !tick(ctx, poll.C) {
				return
			}
			if len(topics.Topics()) > 0 {
				greeted = true
				continue
			}
			if greeted {
				break // the connection is gone: dial again
			}
			if time.Since(dialled) > greetWait {
				return // the connection broke before it was any good, or this is no consolidator
			}
		}
	}
}

func tick(ctx context.Context, c <-chan time.Time) bool {
	select {
	case <-ctx.Done():
		return false
	case <-c:
		return true
	}
}

// publish sends the records when they are due. Without a connection they are
// gone, as PUB sockets have it.
func (p *publisher) publish(ctx context.Context, sock zmq4.Socket) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		for ctx.Err() == nil {
			now := time.Now()
			wait, ok := p.pace.next(now)
			if !ok {
				timer.Reset(wait)
				break
			}
			// A fresh slice each time: the socket queues it.
			record := p.records.next(nil, now)
			if err := sock.SendMulti(zmq4.NewMsgFrom([]byte(p.stream), record)); err != nil && !errors.Is(err, context.Canceled) {
				return
			}
		}
	}
}
