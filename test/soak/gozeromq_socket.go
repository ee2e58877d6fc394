package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"time"

	"github.com/go-zeromq/zmq4"
)

// goSocket is a publisher's connection over go-zeromq. It is made again when it
// has no subscription any more, as its own reconnecting can be stuck for ever;
// see devenv/publisher.go.
type goSocket struct {
	endpoint string
	sock     zmq4.Socket
	cancel   context.CancelFunc
}

var errNoTopics = errors.New("nobody subscribes")

func (g *goSocket) connect(ctx context.Context) (bool, error) {
	if g.sock != nil {
		return false, nil
	}
	own, cancel := context.WithCancel(context.Background())
	sock := zmq4.NewPub(own, zmq4.WithDialerMaxRetries(0), zmq4.WithDialerTimeout(time.Second), zmq4.WithLogger(log.New(io.Discard, "", 0)))
	g.sock, g.cancel = sock, cancel
	if err := sock.Dial(g.endpoint); err != nil {
		g.leave(true)
		return false, err
	}
	for deadline := time.Now().Add(time.Second); g.why() != nil; pause(ctx, 2*time.Millisecond) {
		if ctx.Err() != nil || time.Now().After(deadline) {
			g.leave(true)
			return false, errNoTopics
		}
	}
	return true, nil
}

func (g *goSocket) send(batch []message) error {
	for _, m := range batch {
		// The socket keeps it.
		if err := g.sock.SendMulti(zmq4.NewMsgFrom([]byte(m.name), bytes.Clone(m.record))); err != nil {
			return err
		}
	}
	return nil
}

func (g *goSocket) acked() int { return 0 }

func (g *goSocket) why() error {
	if g.sock == nil || len(g.sock.(zmq4.Topics).Topics()) > 0 {
		return nil
	}
	return errNoTopics
}

func (g *goSocket) leave(bool) bool {
	if g.sock != nil {
		g.cancel()
		_ = g.sock.Close()
		g.sock = nil
	}
	return false
}
