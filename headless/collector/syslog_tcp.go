package collector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"sluice/headless/collector/syslog"
	"sluice/headless/shipper"
)

const (
	maxSenders  = 512                    // connections to one source
	maxOfOne    = 64                     // of them, those of one address that is not this machine
	acceptPause = 100 * time.Millisecond // until it is tried again to accept
	messageTime = 30 * time.Second       // within which a message that has begun has to end
)

// senders are the connections to a source.
type senders struct {
	mu  sync.Mutex
	all map[net.Conn]string // by host
}

// add takes a connection, unless there are too many.
func (s *senders) add(conn net.Conn, host string, own bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := 0
	for _, other := range s.all {
		if other == host {
			of++
		}
	}
	if len(s.all) >= maxSenders || of >= maxOfOne && !own {
		return false
	}
	s.all[conn] = host
	return true
}

func (s *senders) remove(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, conn)
}

// each calls of with every connection.
func (s *senders) each(of func(net.Conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.all {
		of(conn)
	}
}

// connections accepts and reads connections until ctx ends.
func (s *syslogSource) connections(ctx context.Context, out *shipper.Feed) error {
	ln, err := net.Listen("tcp", s.Address)
	if err != nil {
		return err
	}
	s.bound.Store(ln.Addr().String())
	open := &senders{all: make(map[net.Conn]string)}
	var reading sync.WaitGroup
	defer reading.Wait()
	defer ln.Close()
	failed := make(chan error, 1) // the feed takes nothing any more
	defer context.AfterFunc(ctx, func() {
		ln.Close()
		open.each(func(conn net.Conn) { _ = conn.SetReadDeadline(time.Now().Add(drainFor)) })
	})()
	for said := false; ; {
		conn, err := ln.Accept()
		switch {
		case err == nil:
		case ctx.Err() != nil, errors.Is(err, net.ErrClosed):
			select {
			case err = <-failed:
			default:
			}
			return err
		default: // such as that no more files may be open: the connections that there are go on
			if !said {
				said = true
				out.Notify(fmt.Sprintf("syslog on %s: %v: trying again", s.label(), err))
			}
			select {
			case <-ctx.Done():
			case <-time.After(acceptPause):
			}
			continue
		}
		host := hostOf(conn.RemoteAddr())
		if !open.add(conn, host, s.isOwn(host)) {
			conn.Close()
			if n := s.refused.Add(1); n&(n-1) == 0 { // each time that it has doubled
				out.Notify(fmt.Sprintf("syslog on %s refused %d connections: %d are open, of one other machine at most %d", s.label(), n, maxSenders, maxOfOne))
			}
			continue
		}
		reading.Go(func() {
			defer conn.Close()
			defer open.remove(conn)
			err := s.connection(ctx, out, conn)
			var ended *publishError
			switch {
			case errors.As(err, &ended):
				select {
				case failed <- err:
				default:
				}
				ln.Close()
			case err != nil:
				s.dropped.Add(1)
				text := fmt.Sprintf("the connection of %s to %s ended within a message (%v): the rest of it is missing", host, s.label(), err)
				_ = out.Lost(s.streams.fallback, 1, text, "source", s.label())
			}
		})
	}
}

// connection reads the messages of a connection. Its error is of a message that did
// not come whole, or of the feed.
func (s *syslogSource) connection(ctx context.Context, out *shipper.Feed, conn net.Conn) error {
	pipe := out.Pipe("syslog", "")
	in := &timely{conn: conn, ending: ctx}
	frames := syslog.NewFrames(in)
	var buf []byte
	for {
		in.began = time.Time{}
		message, cut, err := frames.Next()
		if len(message) > 0 {
			var failed error
			if buf, failed = s.take(out, pipe, buf, message, cut, conn.RemoteAddr()); failed != nil {
				return failed
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF), len(message) == 0 && !errors.Is(err, syslog.ErrCount) && !errors.Is(err, io.ErrUnexpectedEOF):
			return nil // between messages, a connection may end as it likes
		case errors.Is(err, os.ErrDeadlineExceeded):
			return fmt.Errorf("nothing came for %v", messageTime)
		default:
			return err
		}
	}
}

// timely reads from a connection, and gives up when a message takes too long to come,
// or a while after the end.
type timely struct {
	conn     net.Conn
	began    time.Time // when the message's first bytes came; zero before
	ending   context.Context
	draining bool // the deadline is that of the end
}

func (t *timely) Read(p []byte) (int, error) {
	if !t.draining {
		deadline := time.Time{}
		if !t.began.IsZero() {
			deadline = t.began.Add(messageTime)
		}
		_ = t.conn.SetReadDeadline(deadline)
		if t.ending.Err() != nil { // whose deadline this may have replaced
			t.draining = true
			_ = t.conn.SetReadDeadline(time.Now().Add(drainFor))
		}
	}
	n, err := t.conn.Read(p)
	if n > 0 && t.began.IsZero() {
		t.began = time.Now()
	}
	return n, err
}
