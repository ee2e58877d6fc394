package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"sluice/cluster/zmtp"
)

// scenario is a load.
type scenario struct {
	name       string
	publishers int // each publishes to all streams in turn, record by record
	readers    int // reader i reads stream i modulo streams
	streams    int
	record     int // bytes

	copying   bool // the readers copy what arrives, as programs do that look at it
	encrypted bool
	keys      *encryption // of that
}

func (s scenario) stream(i int) string { return fmt.Sprintf("tenant/%03d", i%s.streams) }

// size is what one record takes on the wire.
func (s scenario) size() int {
	if s.encrypted {
		return sealedSize(s.message(0))
	}
	return len(s.message(0))
}

// mechanism is what protects the generator's connections.
func (s scenario) mechanism() zmtp.Mechanism {
	if s.encrypted {
		return s.keys.client
	}
	return zmtp.Null
}

func (s scenario) message(i int) []byte {
	return zmtp.AppendMessage(nil, s.stream(i), []byte(`{"m":"`+strings.Repeat("x", s.record-8)+`"}`))
}

// load is the generator at work.
type load struct {
	s       scenario
	pubs    []*zmtp.Conn
	subs    []*counter
	running sync.WaitGroup
}

// counter counts the bytes of one reader.
type counter struct {
	conn  *zmtp.Conn
	bytes atomic.Int64
}

// writeSize is about how much a publisher writes at once.
const writeSize = 128 << 10

func startLoad(s scenario, pub, sub zmtp.Endpoint) (*load, error) {
	l := &load{s: s}
	for i := range s.readers {
		c, err := dial(sub, zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}, Foreign: true, Mechanism: s.mechanism()})
		if err != nil {
			return l, err
		}
		if _, err := c.Write(zmtp.AppendSubscription(nil, c.Peer.Version, s.stream(i), false)); err != nil {
			return l, err
		}
		r := &counter{conn: c}
		l.subs = append(l.subs, r)
		if s.copying {
			l.running.Go(r.copy)
		} else {
			l.running.Go(r.read)
		}
	}
	var prepared []byte
	for i := 0; len(prepared) < writeSize || i%s.streams != 0; i++ {
		prepared = append(prepared, s.message(i)...)
	}
	for range s.publishers {
		c, err := dial(pub, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true, Mechanism: s.mechanism()})
		if err != nil {
			return l, err
		}
		l.pubs = append(l.pubs, c)
		l.running.Go(func() {
			for {
				if _, err := c.Write(prepared); err != nil {
					return
				}
			}
		})
	}
	return l, nil
}

// read throws away what arrives, in the kernel: for TCP, MSG_TRUNC counts bytes
// without copying them, so that counting costs next to nothing.
func (r *counter) read() {
	raw, err := r.conn.NetConn().(*net.TCPConn).SyscallConn()
	if err != nil {
		return
	}
	ended := false
	for !ended {
		err := raw.Read(func(fd uintptr) bool {
			n, _, errno := syscall.Syscall6(syscall.SYS_RECVFROM, fd, 0, 4<<20, syscall.MSG_TRUNC|syscall.MSG_DONTWAIT, 0, 0)
			switch {
			case errno == syscall.EAGAIN:
				return false
			case errno == syscall.EINTR:
				return true
			}
			ended = errno != 0 || n == 0
			if errno == 0 {
				r.bytes.Add(int64(n))
			}
			return true
		})
		if err != nil {
			return
		}
	}
}

// copy reads what arrives into memory of this process, where nobody looks at it.
func (r *counter) copy() {
	buf := make([]byte, 64<<10)
	for {
		n, err := r.conn.NetConn().Read(buf)
		r.bytes.Add(int64(n))
		if err != nil {
			return
		}
	}
}

// delivered is the number of records that have reached readers.
func (l *load) delivered() float64 {
	var sum int64
	for _, r := range l.subs {
		sum += r.bytes.Load()
	}
	return float64(sum) / float64(l.s.size())
}

// warmUp waits until every reader has something, and then a little.
func (l *load) warmUp() error {
	deadline := time.Now().Add(10 * time.Second)
	for _, r := range l.subs {
		for r.bytes.Load() < int64(10*l.s.size()) {
			if time.Now().After(deadline) {
				return errors.New("a reader gets nothing")
			}
			time.Sleep(time.Millisecond)
		}
	}
	time.Sleep(500 * time.Millisecond)
	return nil
}

func (l *load) stop() {
	for _, c := range l.pubs {
		c.Close()
	}
	for _, r := range l.subs {
		r.conn.Close()
	}
	l.running.Wait()
}
