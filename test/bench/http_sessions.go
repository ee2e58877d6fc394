package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// sessionBytes counts what one session gets, without looking at it.
type sessionBytes struct {
	conn  *net.TCPConn
	bytes atomic.Int64
}

// crowdOf is many sessions at one server.
type crowdOf struct {
	sessions []*sessionBytes
	running  sync.WaitGroup
}

// request is what a session sends.
func (s *httpServer) request(stream, query string, headers ...string) []byte {
	path := s.path(stream)
	if query != "" {
		path += "?" + query
	}
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n%s\r\n", path, s.address, strings.Join(append(slices.Concat(s.headers, headers), ""), "\r\n"))
}

// connect opens n sessions, and reads them: stream says what session i reads.
func (s *httpServer) connect(n int, stream func(i int) string, query string, headers ...string) (*crowdOf, error) {
	c := &crowdOf{}
	for i := range n {
		nc, tcp, err := s.dial()
		if err != nil {
			return c, err
		}
		one := &sessionBytes{conn: tcp}
		c.sessions = append(c.sessions, one)
		if _, err := nc.Write(s.request(stream(i), query, headers...)); err != nil {
			return c, err
		}
		c.running.Go(func() { one.read() })
	}
	return c, c.await(func(b *sessionBytes) bool { return b.bytes.Load() > 0 })
}

// await waits until all sessions are so far.
func (c *crowdOf) await(so func(*sessionBytes) bool) error {
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		late := slices.ContainsFunc(c.sessions, func(b *sessionBytes) bool { return !so(b) })
		if !late {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.New("a session gets nothing")
		}
	}
}

// read throws away what arrives, in the kernel.
func (b *sessionBytes) read() {
	raw, err := b.conn.SyscallConn()
	if err != nil {
		return
	}
	for ended := false; !ended; {
		err := raw.Read(func(fd uintptr) bool {
			n, _, errno := syscall.Syscall6(syscall.SYS_RECVFROM, fd, 0, 4<<20, syscall.MSG_TRUNC|syscall.MSG_DONTWAIT, 0, 0)
			switch errno {
			case syscall.EAGAIN:
				return false
			case syscall.EINTR:
				return true
			}
			ended = errno != 0 || n == 0
			if errno == 0 {
				b.bytes.Add(int64(n))
			}
			return true
		})
		if err != nil {
			return
		}
	}
}

func (c *crowdOf) total() (sum int64) {
	for _, s := range c.sessions {
		sum += s.bytes.Load()
	}
	return sum
}

func (c *crowdOf) close() {
	if c == nil {
		return
	}
	for _, s := range c.sessions {
		_ = s.conn.Close()
	}
	c.running.Wait()
}

// stampKey begins the time at which a record was published, in nanoseconds.
const stampKey = `"t":`

// stamped is a record of 240 bytes that has the time.
func stamped(now time.Time) []byte {
	const fill = 240 - 130
	return fmt.Appendf(nil, `{"name":"bench","hostname":"vm-1","pid":4242,"level":30,"time":"2026-03-01T12:00:00.000Z","v":0,%s%d,"msg":"%s"}`,
		stampKey, now.UnixNano(), strings.Repeat("x", fill))
}

// witness is a session that looks at what it gets.
type witness struct {
	conn    net.Conn
	socket  *countingConn
	mu      sync.Mutex
	delays  []time.Duration
	events  int
	since   int64 // bytes at the socket when it began to count
	running sync.WaitGroup
}

// countingConn counts the bytes that arrive at a socket: with TLS, as the sessions that
// nobody deciphers count them.
type countingConn struct {
	net.Conn
	arrived atomic.Int64
}

func (c *countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.arrived.Add(int64(n))
	return n, err
}

func (s *httpServer) witness(stream, query string) (*witness, error) {
	raw, err := dialHTTP(s.address)
	if err != nil {
		return nil, err
	}
	socket := &countingConn{Conn: raw}
	nc, err := s.secured(socket)
	if err != nil {
		return nil, err
	}
	w := &witness{conn: nc, socket: socket}
	if _, err := nc.Write(s.request(stream, query)); err != nil {
		return w, err
	}
	w.running.Go(w.read)
	return w, nil
}

func (w *witness) read() {
	buf := make([]byte, 0, 1<<20)
	for {
		n, err := w.conn.Read(buf[len(buf):cap(buf)])
		if err != nil {
			return
		}
		now := time.Now()
		buf = buf[:len(buf)+n]
		w.mu.Lock()
		rest := buf
		for {
			at := bytes.Index(rest, []byte(stampKey))
			if at < 0 || len(rest) < at+len(stampKey)+20 {
				break
			}
			rest = rest[at+len(stampKey):]
			end := bytes.IndexByte(rest, ',')
			if ns, err := strconv.ParseInt(string(rest[:max(end, 0)]), 10, 64); err == nil {
				w.events++
				w.delays = append(w.delays, now.Sub(time.Unix(0, ns)))
			}
		}
		w.mu.Unlock()
		keep := min(len(rest), len(stampKey)+24)
		if rest = rest[len(rest)-keep:]; bytes.Contains(rest, []byte(stampKey)) {
			rest = rest[bytes.LastIndex(rest, []byte(stampKey)):]
		}
		buf = buf[:copy(buf[:cap(buf)], rest)]
	}
}

// reset begins to count.
func (w *witness) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delays, w.events, w.since = nil, 0, w.socket.arrived.Load()
}

// counted is what came since reset: events, bytes an event, delays in order.
func (w *witness) counted() (events int, size float64, delays []time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delays = slices.Clone(w.delays)
	slices.Sort(delays)
	return w.events, float64(w.socket.arrived.Load()-w.since) / float64(max(w.events, 1)), delays
}

func (w *witness) close() {
	if w != nil {
		_ = w.conn.Close()
		w.running.Wait()
	}
}

// maxBatch is how many records are published in one go, at most.
const maxBatch = 100

// pace publishes at an even pace until it is stopped: rate records a second on each stream.
type pace struct {
	stop    chan struct{}
	done    chan error
	records atomic.Int64
}

func (s *httpServer) pace(streams []string, rate int) *pace {
	p := &pace{stop: make(chan struct{}), done: make(chan error, 1)}
	go func() {
		begun, sent := time.Now(), 0
		all := rate * len(streams)
		var batch []posted
		for {
			select {
			case <-p.stop:
				p.done <- nil
				return
			default:
			}
			due := int(time.Since(begun).Seconds() * float64(all))
			if sent >= due {
				ts := syscall.NsecToTimespec(int64(time.Second) / int64(min(all, 10_000)))
				_ = syscall.Nanosleep(&ts, nil)
				continue
			}
			batch = batch[:0]
			for ; sent < due && len(batch) < maxBatch; sent++ {
				batch = append(batch, posted{streams[sent%len(streams)], stamped(time.Now())})
			}
			if err := s.send(batch); err != nil {
				p.done <- err
				return
			}
			p.records.Add(int64(len(batch)))
		}
	}()
	return p
}

func (p *pace) end() error {
	close(p.stop)
	return <-p.done
}
