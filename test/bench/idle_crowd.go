package main

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"sluice/cluster/zmtp"
)

// idleReaders are connected while somebody publishes to a stream that none of
// them reads.
const idleReaders = 10_000

// idleName is what the scenario goes by.
const idleName = "idle readers"

// crowd is a running pump, some idle readers of it, and its only publisher.
type crowd struct {
	pid     int
	stop    func()
	idle    []*zmtp.Conn
	pub     *zmtp.Conn
	acked   atomic.Uint64
	failed  chan error
	running sync.WaitGroup
}

func newCrowd(t target, readers int) (c *crowd, err error) {
	pub, sub, err := freeEndpoints()
	if err != nil {
		return nil, err
	}
	c = &crowd{failed: make(chan error, 1)}
	if c.stop, c.pid, err = t.start(pub, sub); err != nil {
		return nil, err
	}
	for i := range readers {
		r, err := dial(sub, zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}, Foreign: true})
		if err != nil {
			return c, err
		}
		c.idle = append(c.idle, r)
		if _, err := r.Write(zmtp.AppendSubscription(nil, r.Peer.Version, "idle/"+strconv.Itoa(i), false)); err != nil {
			return c, err
		}
		c.running.Go(func() { answer(r) })
	}
	if c.pub, err = dial(pub, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}}); err != nil {
		return c, err
	}
	c.running.Go(c.acknowledged)
	return c, nil
}

// answer answers heartbeats, which are all that an idle reader gets.
func answer(c *zmtp.Conn) {
	pong, _ := zmtp.AppendPong(nil, []byte{0, 0})
	var b [64]byte
	for {
		if _, err := c.NetConn().Read(b[:]); err != nil {
			return
		}
		if _, err := c.Write(pong); err != nil {
			return
		}
	}
}

// acknowledged reads what the publisher is told.
func (c *crowd) acknowledged() {
	in := zmtp.NewReceiver(c.pub)
	defer in.Close()
	for {
		t, err := in.Next()
		if err == nil && t.Kind == zmtp.TokenNone {
			err = in.Fill()
		}
		if err != nil {
			c.failed <- fmt.Errorf("the publisher: %w", err)
			return
		}
		if t.Kind != zmtp.TokenCommand {
			continue
		}
		if name, data, _ := zmtp.SplitCommand(t.Body); name == zmtp.CmdAck {
			if n, err := zmtp.ParseAck(data); err == nil {
				c.acked.Store(n)
			}
		}
	}
}

// publish floods for a time, and waits until all is accepted. It returns the
// rate, and the pump's CPU for each record.
func (c *crowd) publish(s scenario, span time.Duration) (r result, err error) {
	var prepared []byte
	records := uint64(0)
	for ; len(prepared) < writeSize; records++ {
		prepared = append(prepared, s.message(0)...)
	}
	cpu, err := cpuTime(c.pid)
	if err != nil {
		return r, err
	}
	begun, before := time.Now(), c.acked.Load()
	sent := before
	for time.Since(begun) < span {
		if _, err := c.pub.Write(prepared); err != nil {
			return r, err
		}
		sent += records
	}
	for deadline := time.Now().Add(30 * time.Second); c.acked.Load() < sent; time.Sleep(time.Millisecond) {
		select {
		case err := <-c.failed:
			return r, err
		default:
		}
		if time.Now().After(deadline) {
			return r, errors.New("records are not acknowledged")
		}
	}
	took := time.Since(begun)
	after, err := cpuTime(c.pid)
	if err != nil {
		return r, err
	}
	r.rate = float64(sent-before) / took.Seconds()
	r.cpu = (after - cpu).Seconds() / float64(sent-before)
	return r, nil
}

// rest is the CPU that the pump takes while nothing is published: the
// heartbeats. It returns seconds of CPU a second.
func (c *crowd) rest(span time.Duration) (float64, error) {
	cpu, err := cpuTime(c.pid)
	if err != nil {
		return 0, err
	}
	time.Sleep(span)
	after, err := cpuTime(c.pid)
	return (after - cpu).Seconds() / span.Seconds(), err
}

func (c *crowd) close() {
	if c == nil {
		return
	}
	if c.pub != nil {
		c.pub.Close()
	}
	for _, r := range c.idle {
		r.Close()
	}
	c.running.Wait()
	c.stop()
}

// idle measures what publishing costs with idle readers of other streams, and
// without.
func (o options) idle(t target) error {
	n := idleReaders
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return err
	}
	if most := int(files.Cur) - 200; most < n {
		n = most
	}
	alone, err := newCrowd(t, 0)
	defer alone.close()
	if err != nil {
		return err
	}
	crowded, err := newCrowd(t, n)
	defer crowded.close()
	if err != nil {
		return err
	}
	resident, err := statusBytes(crowded.pid, "VmRSS")
	if err != nil {
		return err
	}
	base, err := statusBytes(alone.pid, "VmRSS")
	if err != nil {
		return err
	}
	s := scenario{streams: 1, record: 240}
	var results [2][]result
	for range o.rounds {
		for i, c := range []*crowd{alone, crowded} {
			r, err := c.publish(s, o.time)
			if err != nil {
				return err
			}
			results[i] = append(results[i], r)
		}
	}
	heartbeats, err := crowded.rest(2 * pingEvery)
	if err != nil {
		return err
	}
	without, with := median(results[0]), median(results[1])
	fmt.Printf("\nidle readers of other streams: medians of %d rounds of %v of publishing records of %d bytes that nobody reads\n", o.rounds, o.time, s.record)
	fmt.Printf("%-28s %8.2f M/s %8.4f µs\n", "none", without.rate/1e6, without.cpu*1e6)
	fmt.Printf("%-28s %8.2f M/s %8.4f µs   rate × none %.2f   CPU × none %.2f\n", strconv.Itoa(n), with.rate/1e6, with.cpu*1e6, with.rate/without.rate, with.cpu/without.cpu)
	beating := heartbeats / with.rate
	fmt.Printf("of that, heartbeats take %.1f %% of a core, which is %.4f µs a record; without them CPU × none is %.2f\n", heartbeats*100, beating*1e6, (with.cpu-beating)/without.cpu)
	fmt.Printf("an idle reader takes %.1f KiB\n", (resident-base)/float64(n)/1024)
	return nil
}

// pingEvery is how often an idle reader is sent a heartbeat.
const pingEvery = 5 * time.Second
