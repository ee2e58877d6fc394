package main

import (
	"bytes"
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

// sessionStreams is how many streams each session reads: as many as a request may name.
const sessionStreams = 64

// machines are consolidators, each with a part of the streams, and a proxy of them all.
type machines struct {
	o       options
	streams int
	all     []*machine
	proxy   struct {
		pid     int
		address string
		end     func()
	}
	sessions []*recordCounter
	running  sync.WaitGroup
}

// machine is one consolidator, and the only publisher there.
type machine struct {
	pub, sub zmtp.Endpoint
	pid      int
	end      func()
	conn     *zmtp.Conn
	next     int // of its streams, the one that is published to next
}

func startMachines(o options, consolidators, streams int) (*machines, error) {
	m := &machines{o: o, streams: streams}
	for i := range consolidators {
		pub, sub, err := freeEndpoints()
		if err != nil {
			return m, err
		}
		m.all = append(m.all, &machine{pub: pub, sub: sub})
		if err := m.start(i); err != nil {
			return m, err
		}
	}
	address, err := freeAddress()
	if err != nil {
		return m, err
	}
	args := append([]string{o.sluice, "proxy", "--admin", "", "--listen", address, "--max-sessions", "0", "--max-tenant-sessions", "0", "--max-streams", "100000"}, o.proxyFlags...)
	for _, one := range m.all {
		args = append(args, "--consolidator", one.sub.String())
	}
	stop, pid, err := startCommand(args)
	if err != nil {
		return m, err
	}
	m.proxy.pid, m.proxy.address, m.proxy.end = pid, address, stop
	return m, m.ready()
}

// ready waits until the proxy has reached all consolidators.
func (m *machines) ready() error {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		nc, err := dialHTTP(m.proxy.address)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(nc, "GET /readyz HTTP/1.0\r\nHost: %s\r\n\r\n", m.proxy.address)
		var head [64]byte
		n, _ := nc.Read(head[:])
		_ = nc.Close()
		if bytes.Contains(head[:n], []byte(" 200 ")) {
			return nil
		}
	}
	return errors.New("the proxy does not become ready")
}

func (m *machines) stop() {
	if m.proxy.end != nil {
		m.proxy.end()
	}
	for _, s := range m.sessions {
		_ = s.conn.Close()
	}
	for _, one := range m.all {
		if one.conn != nil {
			one.conn.Close()
		}
		if one.end != nil {
			one.end()
		}
	}
	m.running.Wait()
}

// start starts a consolidator, at the endpoints that it has, and its publisher.
func (m *machines) start(i int) (err error) {
	one := m.all[i]
	one.end, one.pid, err = startCommand([]string{
		m.o.sluice, "consolidator", "--name", fmt.Sprintf("vm-%02d", i), "--publish", one.pub.String(), "--subscribe", one.sub.String(), "--admin", "",
	})
	if err != nil {
		return err
	}
	one.conn, err = dial(one.pub, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true})
	if err != nil {
		return err
	}
	conn := one.conn
	m.running.Go(func() { answer(conn) })
	return nil
}

// kill ends a consolidator as a crash does.
func (m *machines) kill(i int) error {
	one := m.all[i]
	if err := syscall.Kill(one.pid, syscall.SIGKILL); err != nil {
		return err
	}
	one.end()
	one.conn.Close()
	return nil
}

// part is how many streams a consolidator has.
func (m *machines) part(i int) int {
	return (i+1)*m.streams/len(m.all) - i*m.streams/len(m.all)
}

// each publishes a record on each stream of some consolidators.
func (m *machines) each(from, to int) error {
	for i := from; i < to; i++ {
		if err := m.send(i, m.part(i)); err != nil {
			return err
		}
	}
	return nil
}

// send publishes so many records at a consolidator, on its streams in turn.
func (m *machines) send(i, n int) error {
	one := m.all[i]
	var out []byte
	for range n {
		out = zmtp.AppendMessage(out, streamName(i*m.streams/len(m.all)+one.next%m.part(i)), stamped(time.Now()))
		one.next++
	}
	_, err := one.conn.Write(out)
	return err
}

// publish publishes for a time, at an even pace, and waits until all has arrived.
func (m *machines) publish(span time.Duration) error {
	had, sent := m.records(), 0
	for begun, all := time.Now(), int(span.Seconds()*manyRate); sent < all; {
		for i := range m.all {
			due := min(all, int(time.Since(begun).Seconds()*manyRate))
			if n := (due - sent) / (len(m.all) - i); n > 0 {
				if err := m.send(i, n); err != nil {
					return err
				}
				sent += n
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return m.await(had + int64(sent))
}

// open opens sessions of all streams, and begins to count their records.
func (m *machines) open() error {
	for at := 0; at < m.streams; at += sessionStreams {
		var query strings.Builder
		for i := at; i < min(at+sessionStreams, m.streams); i++ {
			fmt.Fprintf(&query, "stream=%s&", streamName(i))
		}
		nc, err := m.get("/api/logs?"+query.String()+"last=1000", "Accept: text/event-stream\r\n")
		if err != nil {
			return err
		}
		s := &recordCounter{conn: nc, mark: []byte(stampKey)}
		m.sessions = append(m.sessions, s)
		m.running.Go(s.read)
	}
	return nil
}

func (m *machines) get(path, headers string) (net.Conn, error) {
	nc, err := dialHTTP(m.proxy.address)
	if err == nil {
		_, err = fmt.Fprintf(nc, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, m.proxy.address, headers)
	}
	return nc, err
}

// watch has somebody watch the list of streams, and returns what counts their bytes.
func (m *machines) watch(form string, n int) (end func(), got func() (bytes int64), err error) {
	var all []*recordCounter
	end = func() {
		for _, w := range all {
			_ = w.conn.Close()
		}
	}
	for range n {
		nc, err := m.get("/api/streams?"+form, "")
		if err != nil {
			return end, nil, err
		}
		w := &recordCounter{conn: nc, mark: []byte("\n")}
		all = append(all, w)
		m.running.Go(w.read)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		late := false
		for _, w := range all {
			late = late || w.bytes.Load() < int64(m.streams) // at least a byte a stream
		}
		if !late {
			break
		}
		if time.Now().After(deadline) {
			return end, nil, errors.New("a watcher gets nothing")
		}
	}
	return end, func() (sum int64) {
		for _, w := range all {
			sum += w.bytes.Load()
		}
		return sum
	}, nil
}

func (m *machines) records() (sum int64) {
	for _, s := range m.sessions {
		sum += s.marks.Load()
	}
	return sum
}

// await waits until the sessions have so many records.
func (m *machines) await(n int64) error {
	for deadline := time.Now().Add(2 * time.Minute); m.records() < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d records have arrived", m.records(), n)
		}
	}
	return nil
}

// resident is the memory of a consolidator, in the mean.
func (m *machines) resident() (sum float64, err error) {
	for _, one := range m.all {
		n, err := statusBytes(one.pid, "VmRSS")
		if err != nil {
			return 0, err
		}
		sum += n / float64(len(m.all))
	}
	return sum, nil
}

// used is the CPU that was taken, and over which time.
type used struct {
	at                   time.Time
	took                 time.Duration
	proxy, consolidators time.Duration
}

// share is a part of a core, in percent.
func (u used) share(cpu time.Duration) float64 { return 100 * cpu.Seconds() / u.took.Seconds() }

// look is what was used until now.
func (m *machines) look() (u used, err error) {
	u.at = time.Now()
	if u.proxy, err = cpuTime(m.proxy.pid); err != nil {
		return u, err
	}
	for _, one := range m.all {
		t, err := cpuTime(one.pid)
		if err != nil {
			return u, err
		}
		u.consolidators += t
	}
	return u, nil
}

// since is what was used since then. A consolidator that was restarted counts for less.
func (m *machines) since(then used) (u used, err error) {
	if u, err = m.look(); err != nil {
		return u, err
	}
	u.took = u.at.Sub(then.at)
	u.proxy -= then.proxy
	u.consolidators -= then.consolidators
	return u, nil
}

// during is what is used while something is done.
func (m *machines) during(span time.Duration, do func(time.Duration) error) (used, error) {
	began, err := m.look()
	if err != nil {
		return began, err
	}
	if err := do(span); err != nil {
		return began, err
	}
	time.Sleep(span - time.Since(began.at))
	return m.since(began)
}

// recordCounter counts how often a mark comes in what a connection brings.
type recordCounter struct {
	conn         net.Conn
	mark         []byte
	marks, bytes atomic.Int64
}

func (c *recordCounter) read() {
	buf := make([]byte, 32<<10)
	kept := 0
	for {
		n, err := c.conn.Read(buf[kept:])
		if err != nil {
			return
		}
		c.bytes.Add(int64(n))
		all := buf[:kept+n]
		c.marks.Add(int64(bytes.Count(all, c.mark)))
		if last := bytes.LastIndex(all, c.mark); last >= 0 {
			all = all[last+len(c.mark):]
		}
		kept = copy(buf, all[max(0, len(all)-len(c.mark)+1):])
	}
}
