package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/cluster/backoff"
	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	"sluice/internal/relay"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// How many sessions a proxy has that is killed.
const (
	fewSessions  = 200
	manySessions = 1000
)

// A proxy is killed under sessions: half are sluice's, half do what a browser does. They
// come back to the same address, where it starts again, or where another one is, as behind
// a load balancer. Each has every record once.
func TestProxyKilledUnderSessions(t *testing.T) {
	volume.Check(t)
	sessions := fewSessions
	switch {
	case volume.IsLong():
		sessions = manySessions
	case wait.Race:
		sessions /= 4
	}
	w, err := newWorld(options{sluice: binary(t), seed: 1, race: wait.Race}, 1, t.TempDir(), newSummary(io.Discard, wait.Race))
	if err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	args := slices.Clone(w.proxy.args)
	args[slices.Index(args, "--listen")+1] = port
	other := newServer(w.o, w.dir, "other proxy", port, args...)
	for _, s := range append(w.servers(), other) {
		t.Cleanup(func() { _ = s.stop(true) })
		if err := s.start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	way := relay.New(t, w.proxy.listen)
	s := &steady{w: w, every: 100 * time.Millisecond, ended: make(chan struct{}), sent: make([]uint64, len(w.machines))}
	var all []*client
	for i := range sessions {
		c := &client{w: w, id: i, next: make([]atomic.Uint64, len(w.machines))}
		all = append(all, c)
		read := c.events
		if i%2 == 0 {
			read = c.proxied
		}
		wait.Run(t, func(ctx context.Context) error { return read(ctx, "http://"+way.Addr()) })
	}
	var publishing sync.WaitGroup
	for m := range w.machines {
		publishing.Add(1)
		wait.Run(t, func(ctx context.Context) error {
			defer publishing.Done()
			return s.publish(ctx, m)
		})
	}
	s.reached(t, all, []uint64{1, 1}, "their first records")
	comeBack := func(how string, healed time.Time) {
		next := s.numbers()
		for m := range next {
			next[m]++ // one that is published after this
		}
		s.reached(t, all, next, how)
		t.Logf("%d sessions, %s: all had new records after %v", sessions, how, time.Since(healed).Round(time.Millisecond))
	}
	for range 2 {
		if err := w.proxy.stop(true); err != nil {
			t.Fatal(err)
		}
		pause(t.Context(), 200*time.Millisecond)
		if err := w.proxy.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		comeBack("at the same address", w.proxy.since)
	}
	way.Lead(other.listen)
	if err := w.proxy.stop(true); err != nil {
		t.Fatal(err)
	}
	comeBack("at another proxy", time.Now())
	close(s.ended)
	publishing.Wait()
	s.reached(t, all, s.numbers(), "all that was published")
	var received, told uint64
	for _, c := range all {
		if err := c.check(s.numbers()); err != nil {
			t.Errorf("session %d: %v", c.id, err)
		}
		received, told = received+c.received, told+c.told
	}
	t.Logf("%d records were received, and %d told as lost", received, told)
}

// numbers are those that were published by machine, or are about to be.
func (s *steady) numbers() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// reached waits until every client has got, or was told that it lost, so many of each
// machine at least.
func (s *steady) reached(t *testing.T, all []*client, numbers []uint64, what string) {
	t.Helper()
	var late *client
	if !wait.Until(func() bool {
		late = nil
		for _, c := range all {
			for m, n := range numbers {
				if c.next[m].Load() < n {
					late = c
					return false
				}
			}
		}
		return true
	}) {
		late.mu.Lock()
		defer late.mu.Unlock()
		t.Fatalf("%s: session %d has got %d and %d, want %v; it had %d responses, the last ended with %v", what, late.id, late.next[0].Load(), late.next[1].Load(), numbers, late.responses, late.last)
	}
}

// client is one of many sessions.
type client struct {
	w    *world
	id   int
	next []atomic.Uint64 // by machine: the number that comes next; 0 before the first record

	mu             sync.Mutex
	recent         history
	began          [2]uint64 // by machine
	received, told uint64
	responses      int
	last           error // why the last one ended
	wrong          error // the first that is
}

// take takes a record.
func (c *client) take(data []byte) {
	var r steadyRecord
	err := json.Unmarshal(data, &r)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || r.Machine >= len(c.next) {
		c.fault(fmt.Errorf("record %q: %w", data, err))
		return
	}
	next := c.next[r.Machine].Load()
	switch {
	case next == 0:
		c.began[r.Machine] = r.Number
	case r.Number < next:
		c.fault(fmt.Errorf("number %d of machine %d came after number %d", r.Number, r.Machine, next-1))
		return
	}
	if next != r.Number {
		c.notef("machine %d goes on with number %d, after %d", r.Machine, r.Number, int64(next)-1)
	}
	c.received++
	c.next[r.Machine].Store(r.Number + 1)
}

// lose takes a loss.
func (c *client) lose(n uint64, unknown bool, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told += n
	c.notef("told that %d are lost, unknown %t: %s", n, unknown, why)
	if unknown {
		c.fault(fmt.Errorf("a loss of unknown number was told: %s", why))
	}
}

// fault notes what is wrong. c.mu is held.
func (c *client) fault(err error) {
	if c.wrong == nil {
		c.wrong = err
	}
}

// check compares what it got and was told with what was published.
func (c *client) check(published []uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var want uint64
	for m, n := range published {
		want += n - c.began[m]
	}
	if c.wrong == nil && c.received+c.told != want {
		c.wrong = fmt.Errorf("received %d + told %d is not %d", c.received, c.told, want)
	}
	if c.wrong != nil {
		return fmt.Errorf("%w\n%s", c.wrong, &c.recent)
	}
	return nil
}

// notef notes what happened. c.mu is held.
func (c *client) notef(format string, args ...any) {
	c.recent.add(event{text: fmt.Sprintf(format, args...)})
}

func (c *client) note(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notef("%s", text)
}

// proxied reads as sluice's own clients do.
func (c *client) proxied(ctx context.Context, url string) error {
	source, err := proxied.New(proxied.Config{URL: url})
	if err != nil {
		return err
	}
	source.Tail(steadyStream, stream.Backfill{})
	var running sync.WaitGroup
	running.Go(func() { _ = source.Run(ctx) })
	defer running.Wait()
	for {
		b, err := source.Take(ctx)
		if err != nil {
			return nil //nolint:nilerr // the context has ended
		}
		for i := range b.Notices {
			switch n := &b.Notices[i]; n.Kind {
			case stream.KindGap:
				c.lose(n.Count, n.Unknown, n.Reason)
			case stream.KindState:
				c.note(fmt.Sprintf("%s is %v %s", n.Source, n.State, n.Err))
			case stream.KindAway, stream.KindBackfill, stream.KindPosition:
			}
		}
		for i := range b.Records {
			c.take(b.Records[i].Data)
		}
		b.Release()
	}
}

// events reads as a browser's EventSource does.
func (c *client) events(ctx context.Context, url string) error {
	transport := &http.Transport{DisableKeepAlives: true}
	var again backoff.Backoff
	after := ""
	for ctx.Err() == nil {
		began := time.Now()
		err := c.response(ctx, transport, url, &after)
		c.mu.Lock()
		c.responses++
		c.last = err
		c.notef("response over: %v; the last id is %s", err, after)
		c.mu.Unlock()
		again.Lasted(time.Since(began))
		again.Wait(ctx)
	}
	return nil
}

// response reads one response, after an event whose id it keeps.
func (c *client) response(ctx context.Context, transport *http.Transport, url string, after *string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/logs/"+steadyStream, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/event-stream")
	if *after != "" {
		req.Header.Set("Last-Event-ID", *after)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", resp.Status)
	}
	in := bufio.NewReader(resp.Body)
	var kind, id, data string
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		line = strings.TrimSuffix(line, "\n")
		switch name, value, _ := strings.Cut(line, ": "); name {
		case "event":
			kind = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			c.event(kind, data)
			if id != "" {
				*after = id
			}
			kind, id, data = "", "", ""
		}
	}
}

func (c *client) event(kind, data string) {
	switch kind {
	case "":
		c.take([]byte(data))
	case "dropped":
		var loss struct {
			Count   uint64
			Unknown bool
		}
		err := json.Unmarshal([]byte(data), &loss)
		c.lose(loss.Count, loss.Unknown || err != nil, data)
	}
}
