package e2e_test

import (
	"bytes"
	"fmt"
	"maps"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/zmtp"
	"sluice/internal/chromium"
	"sluice/internal/foreign"
	"sluice/internal/relay"
	"sluice/internal/testpeer"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// What others read events with has every record once, whatever breaks: the connection,
// the proxy, killed or ended, the way to it, which leads to another one from then on, and
// all that before the first record.
func TestForeignClientsLoseNothing(t *testing.T) {
	volume.Check(t)
	foreign.Need(t, "node-eventsource", "python3-requests", "curl")
	programs := buildClients(t)
	browser := chromium.Start(t)
	loads := []*load{
		newLoad(t, "1 position", "/api/logs/load/0", 1, 1),
		newLoad(t, "16 positions", "/api/logs?stream=load/*", 8, 2),
		newLoad(t, "18 positions", "/api/logs?stream=load/*", 9, 2),
	}
	for _, l := range loads {
		l.many = l.places() > httpapi.MaxPositions
		l.clients = l.startClients(t, browser, programs)
	}
	breakAll(t, loads)
	for _, l := range loads {
		for _, c := range l.clients {
			c.report(t)
		}
	}
}

// load is a cluster, and publishers that number their records, at 200 a second in all.
type load struct {
	name    string
	query   string // of the clients
	many    bool   // more positions than an id names
	clients []*client

	subscribe  []string // endpoints
	publishers []*testpeer.Peer
	streams    []string
	proxies    []*exec.Cmd // two
	listen     []string    // where they do
	relay      *relay.Relay

	mu     sync.Mutex
	next   int         // key of the next record
	counts map[key]int // of the records published
	total  int
}

// key is whose records are in order.
type key struct{ stream, machine string }

func newLoad(t *testing.T, name, query string, streams, consolidators int) *load {
	l := &load{name: name, query: query, counts: make(map[key]int), listen: freePorts(t, 2), proxies: make([]*exec.Cmd, 2)}
	for i := range streams {
		l.streams = append(l.streams, fmt.Sprintf("load/%d", i))
	}
	for i := range consolidators {
		ports := freePorts(t, 2)
		start(t, "consolidator", "--name", fmt.Sprintf("vm-%d", i), "--publish", "tcp://"+ports[0], "--subscribe", "tcp://"+ports[1])
		awaitListener(t, ports[0])
		awaitListener(t, ports[1])
		l.subscribe = append(l.subscribe, "tcp://"+ports[1])
		to := testpeer.Dial(t, "tcp://"+ports[0], testpeer.AsForeignPublisher)
		to.Drain()
		l.publishers = append(l.publishers, to)
	}
	if streams > 1 {
		l.publish(t, l.places()) // so that patterns match
	}
	l.startProxy(t, 0)
	l.startProxy(t, 1)
	l.relay = relay.New(t, l.listen[0])
	return l
}

// places are the streams at consolidators.
func (l *load) places() int { return len(l.streams) * len(l.publishers) }

// startProxy starts one of the proxies.
func (l *load) startProxy(t *testing.T, i int) {
	t.Helper()
	args := []string{"proxy", "--listen", l.listen[i]}
	for _, endpoint := range l.subscribe {
		args = append(args, "--consolidator", endpoint)
	}
	l.proxies[i] = start(t, args...)
	awaitListener(t, l.listen[i])
}

// publish publishes n records, one of each stream and machine in turn.
func (l *load) publish(t *testing.T, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		machine := l.next / len(l.streams) % len(l.publishers)
		k := key{l.streams[l.next%len(l.streams)], fmt.Sprintf("vm-%d", machine)}
		l.next++
		record := fmt.Sprintf(`{"v":0,"level":30,"time":%q,"msg":"","stream":%q,"machine":%q,"n":%d}`,
			time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), k.stream, k.machine, l.counts[k])
		if _, err := l.publishers[machine].Write(zmtp.AppendMessage(nil, k.stream, []byte(record))); err != nil {
			t.Errorf("publish: %v", err)
			return
		}
		l.counts[k]++
		l.total++
	}
}

// publishLargest publishes a record of the largest size.
func (l *load) publishLargest(t *testing.T) {
	const begin, end = `{"v":0,"level":30,"time":"2026-03-01T12:00:00Z","msg":"`, `"}`
	data := append(append([]byte(begin), bytes.Repeat([]byte{'x'}, zmtp.MaxRecord-len(begin)-len(end))...), end...)
	if _, err := l.publishers[0].Write(zmtp.AppendMessage(nil, l.streams[0], data)); err != nil {
		t.Fatal(err)
	}
}

// flow publishes 200 records a second until the function returned is called.
func (l *load) flow(t *testing.T) (stop func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				l.publish(t, 1)
			}
		}
	})
	return sync.OnceFunc(func() { close(done); running.Wait() })
}

// end ends a proxy with a signal.
func (l *load) end(i int, with syscall.Signal) {
	_ = l.proxies[i].Process.Signal(with)
	_ = l.proxies[i].Wait()
}

// breakAll breaks what can be broken, each time when all clients have what was published
// before, and ends when they have all.
func breakAll(t *testing.T, loads []*load) {
	await := func(what string, holds func(*client) bool) {
		t.Helper()
		for _, l := range loads {
			for _, c := range l.clients {
				c.await(t, what, func() bool { return holds(c) })
			}
		}
	}
	current := func(after string) {
		t.Helper()
		for _, l := range loads {
			had := l.published()
			for _, c := range l.clients {
				c.await(t, "all records, after "+after, func() bool { return c.all(had) })
			}
		}
	}
	await("to know where it stands", func(c *client) bool { return c.places() >= c.of.places() })
	for _, l := range loads {
		l.end(0, syscall.SIGKILL)
		l.publish(t, 3*l.places()) // their first ones
		l.startProxy(t, 0)
	}
	current("a break before the first record")
	var stops []func()
	stopAll := func() {
		for _, stop := range stops {
			stop()
		}
	}
	defer stopAll()
	for _, l := range loads {
		stops = append(stops, l.flow(t))
	}
	for _, fault := range []struct {
		name string
		does func(*load)
	}{
		{"a cut", func(l *load) { l.relay.Cut() }},
		{"another cut", func(l *load) { l.relay.Cut() }},
		{"a kill of the proxy", func(l *load) { l.end(0, syscall.SIGKILL); l.startProxy(t, 0) }},
		{"an end of the proxy", func(l *load) { l.end(0, syscall.SIGTERM); l.startProxy(t, 0) }},
		{"a change to another proxy", func(l *load) { l.relay.Lead(l.listen[1]); l.relay.Cut() }},
	} {
		for _, l := range loads {
			fault.does(l)
		}
		current(fault.name)
	}
	stopAll()
	current("the last record")
	for _, l := range loads {
		l.publishLargest(t)
	}
	await("the largest record", func(c *client) bool { return c.largests() > 0 })
}

// published is how many records there are.
func (l *load) published() map[key]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.counts)
}

// await waits for a condition of a client, unless it has got something wrong.
func (c *client) await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	if !wait.Until(func() bool { return holds() || c.isWrong() }) || c.isWrong() {
		c.report(t)
		t.Fatalf("%s of %s waits for %s", c.name, c.of.name, what)
	}
}
