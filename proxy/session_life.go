package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"

	"sluice/cluster/auth"
	"sluice/cluster/rescue"
)

// start serves the session. With HTTP/1 it goes on in goroutines of its own after
// start has returned, so that all that net/http holds for a request is given back.
func (s *session) start(w http.ResponseWriter, r *http.Request) {
	s.peer, s.grant = r.RemoteAddr, auth.FromContext(r.Context())
	if r.ProtoMajor != 1 {
		err := s.flush()
		if err == nil {
			err = s.serve(r.Context())
		}
		s.end(err)
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
	<-watched
	s.end(err)
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
	log, stream := s.proxy.cfg.Logger, s.request.name
	var fault *rescue.Error
	switch {
	case errors.As(err, &fault):
		log.Error("session ended by a defect of this program: please report it", "stream", stream, "peer", s.peer, "err", err, "stack", string(fault.Stack))
	case errors.Is(err, os.ErrDeadlineExceeded):
		log.Warn("session closed: it took nothing for too long", "stream", stream, "peer", s.peer, "after", s.timeout, "lost", s.lost)
	case err != nil && !errors.Is(err, errDraining):
		log.Debug("session ended", "stream", stream, "peer", s.peer, "lost", s.lost, "err", err)
	}
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
		_ = nc.Close()
	}
}
