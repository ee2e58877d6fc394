package publish_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/cluster/publish"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// flood publishes to two streams, and fails when that takes as long as waiting
// for somebody would.
func flood(t *testing.T, p *publish.Client, records int) {
	t.Helper()
	fill := strings.Repeat("x", 2000)
	longest := time.Duration(0)
	for i := range records {
		before := time.Now()
		put(t, p, fmt.Sprintf("s%d", i%2), fmt.Sprintf(`{"n":%d,"fill":%q}`, i, fill))
		longest = max(longest, time.Since(before))
	}
	if longest > 30*time.Second {
		t.Errorf("Publish took %v", longest)
	}
}

// take reads what a stalled peer was sent until the last record, and checks that
// in each stream what is missing was told where it is missing.
func take(t *testing.T, next func() (string, error), records int) (told uint64) {
	t.Helper()
	expected := map[string]int{"s0": 0, "s1": 1}
	owed := map[string]int{}
	for {
		message, err := next()
		if err != nil {
			t.Fatalf("after %v: %v", expected, err)
		}
		stream, data, _ := strings.Cut(message, " ")
		var r struct {
			N    *int
			Shed int
			Name string
		}
		if err := json.Unmarshal([]byte(data), &r); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		if r.N == nil {
			if r.Name != "sluice" || r.Shed == 0 {
				t.Fatalf("what is %q?", data)
			}
			owed[stream] += r.Shed
			told += uint64(r.Shed)
			continue
		}
		if missing := (*r.N - expected[stream]) / 2; missing != owed[stream] {
			t.Fatalf("%s: %d follows where %d should, and %d were told to be missing", stream, *r.N, expected[stream], owed[stream])
		}
		expected[stream], owed[stream] = *r.N+2, 0
		if *r.N == records-1 {
			return told
		}
	}
}

// A consolidator that is not there when a service begins holds nothing up.
func TestShedsWithoutConsolidator(t *testing.T) {
	addr := testpeer.FreeEndpoint(t)
	p := open(t, publish.Config{Endpoint: addr, Shed: true, Buffer: publish.MinBuffer, Linger: wait.Limit})
	const records = 5_000
	flood(t, p, records)
	if s := whole(t, p.Stats()); s.Shed == 0 || s.Waiting == 0 {
		t.Fatalf("counts %+v", s)
	}
	c, _ := start(t, consolidator.Config{Publish: []string{addr}})
	s := finish(t, p)
	if s.Acknowledged+s.Shed != records {
		t.Errorf("counts %+v", s)
	}
	total := 0
	for _, stream := range []string{"s0", "s1"} {
		all := testpeer.Last(t, c.SubscribeAddrs()[0], stream, int(published(t, c, stream)))
		total += len(all)
		// The oldest were shed, and that is told first.
		if !strings.Contains(all[0], `"shed":`) || strings.Contains(all[1], `"shed":`) {
			t.Errorf("%s begins with %q, %q", stream, all[0], all[1])
		}
	}
	if uint64(total) != s.Acknowledged+2 {
		t.Errorf("%d records stand: %+v", total, s)
	}
}

// Nor does one that accepts and does not read, or reads again after a while.
func TestShedsWhileStalled(t *testing.T) {
	p := testpeer.Listen(t)
	c := open(t, publish.Config{Endpoint: p.Endpoint(), Shed: true, Buffer: publish.MinBuffer, Linger: wait.Limit})
	p.Accept(testpeer.AsConsolidator)
	wait.For(t, "the connection", func() bool { return c.Status().Connected })
	const records = 10_000
	flood(t, c, records)
	s := c.Stats()
	if s.Shed == 0 {
		t.Fatalf("counts %+v", s)
	}
	last := sync.WaitGroup{}
	last.Go(func() {
		// What was shed last is told before the next record.
		wait.For(t, "room", func() bool { return c.Stats().Waiting == 0 })
		put(t, c, "s0", number(records))
		put(t, c, "s1", number(records+1))
	})
	told := take(t, p.Acknowledged(), records+2)
	last.Wait()
	s = finish(t, c)
	if s.Shed != told || s.Acknowledged+told != records+2 {
		t.Errorf("%d were told to be shed: %+v", told, s)
	}
}

// Nor does one whose listener does not even accept, nor one that vanishes.
func TestShedsUnaccepted(t *testing.T) {
	p := testpeer.Listen(t)
	c := open(t, publish.Config{Endpoint: p.Endpoint(), Shed: true, Buffer: publish.MinBuffer})
	flood(t, c, 2_000)
	began := time.Now()
	if s := finish(t, c); s.Shed+s.Unsent != 2_000 {
		t.Errorf("counts %+v", s)
	}
	if took := time.Since(began); took > 40*time.Second {
		t.Errorf("Close took %v", took)
	}
}

// A notice that may not have arrived is told again, with what was shed since.
func TestToldAgain(t *testing.T) {
	p := testpeer.Listen(t)
	c := open(t, publish.Config{Endpoint: p.Endpoint(), Shed: true, Buffer: publish.MinBuffer, Linger: wait.Limit})
	const records = 2_000
	flood(t, c, records)
	p.Accept(testpeer.AsConsolidator)
	first, err := p.Message()
	if err != nil || !strings.Contains(first, `"shed":`) {
		t.Fatalf("the first message is %q, %v", first, err)
	}
	p.Close() // nothing was acknowledged
	p.Accept(testpeer.AsConsolidator)
	told := take(t, p.Acknowledged(), records)
	if s := finish(t, c); s.Shed != told || s.Acknowledged+told != records || s.Repeated == 0 {
		t.Errorf("%d were told to be shed: %+v", told, s)
	}
}

// Of several notices, those that were not acknowledged before a break are sent
// again, and no others.
func TestRestToldAgain(t *testing.T) {
	p := testpeer.Listen(t)
	c := open(t, publish.Config{Endpoint: p.Endpoint(), Shed: true, Buffer: publish.MinBuffer, Linger: wait.Limit})
	flood(t, c, 2_000)
	p.Accept(testpeer.AsConsolidator)
	var notices []string
	for range 2 {
		notice, err := p.Message()
		if err != nil || !strings.Contains(notice, `"shed":`) {
			t.Fatalf("got %q, %v", notice, err)
		}
		notices = append(notices, notice)
	}
	p.Send(zmtp.AppendAck(nil, 1))
	wait.For(t, "the acknowledgement", func() bool { return !c.Status().Moved.IsZero() })
	p.Close()
	p.Accept(testpeer.AsConsolidator)
	next := p.Acknowledged()
	again, err := next()
	if err != nil || !strings.HasPrefix(again, "s1 ") || !strings.Contains(again, `"shed":`) || !strings.HasPrefix(notices[0], "s0 ") {
		t.Fatalf("after %q comes %.200q, %v", notices, again, err)
	}
	if second, err := next(); err != nil || strings.Contains(second, `"shed":`) {
		t.Errorf("then %.200q, %v", second, err)
	}
}
