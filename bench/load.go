package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
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
}

func (s scenario) stream(i int) string { return fmt.Sprintf("tenant/%03d", i%s.streams) }

// size is what one record takes on the wire.
func (s scenario) size() int { return len(s.message(0)) }

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
		c, err := dial(sub, zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}, Foreign: true})
		if err != nil {
			return l, err
		}
		if _, err := c.Write(zmtp.AppendSubscription(nil, c.Peer.Version, s.stream(i), false)); err != nil {
			return l, err
		}
		r := &counter{conn: c}
		l.subs = append(l.subs, r)
		l.running.Go(r.read)
	}
	var prepared []byte
	for i := 0; len(prepared) < writeSize || i%s.streams != 0; i++ {
		prepared = append(prepared, s.message(i)...)
	}
	for range s.publishers {
		c, err := dial(pub, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true})
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

func (r *counter) read() {
	b := make([]byte, 256<<10)
	for {
		n, err := r.conn.Read(b)
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
