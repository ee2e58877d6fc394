package proxy

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"sluice/cluster/auth"
	"sluice/cluster/rescue"
)

// start serves the session. With HTTP/1 it goes on in goroutines of its own after
// start has returned, so that all that net/http holds for a request is given back.
func (s *session) start(w http.ResponseWriter, r *http.Request) {
	s.origin, s.began = originOf(r), time.Now()
	s.grant = auth.FromContext(r.Context())
	s.proxy.begun.Add(1)
	if r.ProtoMajor != 1 {
		ctx, cancel := s.grant.Until(r.Context())
		defer cancel()
		s.end(rescue.Call("serve a session", func() error {
			if err := s.flush(); err != nil {
				return err
			}
			return s.serve(ctx)
		}))
		return
	}
	w.Header().Set("Connection", "close")
	nc, err := s.takeOver()
	if err != nil {
		s.end(err)
		return
	}
	go s.run(nc)
}

// run serves a session that has taken its connection over.
func (s *session) run(nc net.Conn) {
	ctx, cancel := s.grant.Until(context.Background())
	watched := make(chan struct{})
	s.proxy.taken.add(nc)
	go func() {
		defer close(watched)
		defer cancel()
		untilClosed(nc)
	}()
	err := rescue.Call("serve a session", func() error { return s.serve(ctx) })
	if err == nil {
		s.finish()
	}
	s.proxy.taken.close(nc)
	s.proxy.places.leave(nc)
	<-watched
	s.end(err)
}

// aside returns what f returns, which is done by a goroutine that ends then: so that
// the one that lives as long as a session keeps a small stack.
func aside(doing string, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- rescue.Call(doing, f) }()
	return <-done
}

// untilClosed waits until the other side has gone. What it sends meanwhile is for
// nobody.
func untilClosed(nc net.Conn) {
	b := make([]byte, 64)
	for {
		if _, err := nc.Read(b); err != nil {
			return
		}
	}
}

// atEnd has f called when the session has ended, before what was given earlier.
func (s *session) atEnd(f func()) { s.ends = append(s.ends, f) }

// end is called when nothing more is done for the session.
func (s *session) end(err error) {
	s.logEnd(err)
	s.endAll()
}

// endAll calls what was given to atEnd.
func (s *session) endAll() {
	for i := len(s.ends) - 1; i >= 0; i-- {
		s.ends[i]()
	}
}

// connections are those that sessions have taken over.
type connections struct {
	mu    sync.Mutex
	open  map[net.Conn]struct{}
	ended bool // what is added now is closed
}

func (c *connections) add(nc net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		_ = nc.Close()
	}
	if c.open == nil {
		c.open = make(map[net.Conn]struct{})
	}
	c.open[nc] = struct{}{}
}

// close closes one.
func (c *connections) close(nc net.Conn) {
	c.mu.Lock()
	delete(c.open, nc)
	c.mu.Unlock()
	_ = nc.Close()
}

// closeAll closes all that there are, and will be.
func (c *connections) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for nc := range c.open {
		cutOff(nc)
	}
}
