package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/names"
	"sluice/cluster/zmtp"
)

// socket is a publisher's connection over cluster/zmtp: of a sluice peer, which
// gets X-ACK, or of a foreign one.
type socket struct {
	endpoints []zmtp.Endpoint
	foreign   bool
	rnd       *rand.Rand

	conn    *zmtp.Conn
	buf     []byte
	sound   int           // messages sent that are to be accepted
	reading chan struct{} // closed when the connection was read to its end
	last    atomic.Int64  // what the last X-ACK said

	mu      sync.Mutex
	writing sync.Mutex
	err     error // why it is over
	eof     bool  // it was read to its end, in order
}

func (s *socket) connect(ctx context.Context) (bool, error) {
	if s.conn != nil {
		return false, nil
	}
	conn, err := zmtp.Dial(ctx, s.endpoints[s.rnd.IntN(len(s.endpoints))], zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: s.foreign})
	if err != nil {
		return false, err
	}
	s.conn, s.sound, s.err, s.eof = conn, 0, nil, false
	s.last.Store(0)
	s.reading = make(chan struct{})
	go s.read(conn)
	return true, nil
}

// read takes what the consolidator says, until it is over.
func (s *socket) read(conn *zmtp.Conn) {
	defer close(s.reading)
	in := zmtp.NewReceiver(conn)
	defer in.Close()
	err := s.tokens(conn, in)
	s.mu.Lock()
	s.eof = errors.Is(err, io.EOF)
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
}

func (s *socket) tokens(conn *zmtp.Conn, in *zmtp.Receiver) error {
	for {
		for {
			t, err := in.Next()
			if err != nil {
				return err
			}
			if t.Kind == zmtp.TokenNone {
				break
			}
			if t.Kind != zmtp.TokenCommand {
				continue // a subscription
			}
			name, data, err := zmtp.SplitCommand(t.Body)
			if err != nil {
				return err
			}
			switch name {
			case zmtp.CmdPing:
				err = pong(conn, &s.writing, data)
			case zmtp.CmdAck:
				var n uint64
				if n, err = zmtp.ParseAck(data); err == nil {
					s.last.Store(int64(n))
				}
			case zmtp.CmdBye:
				s.mu.Lock()
				s.err = errors.New("the consolidator said X-BYE")
				s.mu.Unlock()
			}
			if err != nil {
				return err
			}
		}
		if err := in.Fill(); err != nil {
			return err
		}
	}
}

func (s *socket) send(batch []message) error {
	s.buf = s.buf[:0]
	for _, m := range batch {
		if m.fate == accepted {
			s.sound++
		}
		s.buf = appendMessage(s.buf, m)
		if len(s.buf) > 256<<10 {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return s.flush()
}

func (s *socket) flush() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	_ = s.conn.SetWriteDeadline(time.Now().Add(patience))
	_, err := s.conn.Write(s.buf)
	s.buf = s.buf[:0]
	if err != nil {
		s.mu.Lock()
		s.err = fmt.Errorf("write: %w", err)
		s.mu.Unlock()
	}
	return err
}

// appendMessage appends a message, or what only looks like one.
func appendMessage(dst []byte, m message) []byte {
	switch {
	case m.single && len(m.record) < 256:
		dst = append(dst, 0, byte(len(m.record)))
		return append(dst, m.record...)
	case m.single:
		dst = append(dst, 0, 1, 'x')
		return dst
	case len(m.name) > names.Max:
		dst = append(dst, 3, 0, 0, 0, 0, 0, 0, byte(len(m.name)>>8), byte(len(m.name)))
		dst = append(dst, m.name...)
		return append(dst, 0, 1, 'x')
	}
	return zmtp.AppendMessage(dst, m.name, m.record)
}

func (s *socket) acked() int { return int(s.last.Load()) }

func (s *socket) why() error {
	if s.conn == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *socket) leave(force bool) bool {
	if s.conn == nil {
		return false
	}
	defer func() { s.conn = nil }()
	if force {
		if tc, ok := s.conn.NetConn().(*net.TCPConn); ok {
			_ = tc.SetLinger(0)
		}
		s.conn.Close()
		<-s.reading
		return false
	}
	broken := s.why() != nil
	s.writing.Lock()
	_ = s.conn.CloseWrite()
	s.writing.Unlock()
	late := time.AfterFunc(patience, func() { s.conn.Close() })
	<-s.reading
	late.Stop()
	s.conn.Close()
	return s.eof && !broken
}

// pipe is a publisher's connection over libzmq, which makes its connections by
// itself.
type pipe struct {
	peer *peer
	once bool
	buf  []byte
	err  error
}

func (p *pipe) connect(context.Context) (bool, error) {
	fresh := !p.once
	p.once = true
	return fresh, nil
}

func (p *pipe) send(batch []message) error {
	p.buf = p.buf[:0]
	for _, m := range batch {
		p.buf = append(p.buf, m.name...)
		p.buf = append(p.buf, '\t')
		p.buf = append(p.buf, m.record...)
		p.buf = append(p.buf, '\n')
	}
	_, p.err = p.peer.in.Write(p.buf)
	return p.err
}

func (p *pipe) acked() int      { return 0 }
func (p *pipe) why() error      { return p.err }
func (p *pipe) leave(bool) bool { return false }
