package proxy_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/testpeer"
	"sluice/internal/volume"
	"sluice/proxy"
)

// machines are consolidators, and publishers that number their records.
type machines struct {
	t          *testing.T
	addresses  []string
	publishers []*testpeer.Peer
	next       map[string]int // by stream and machine
}

func newMachines(t *testing.T, n int) *machines {
	m := &machines{t: t, next: make(map[string]int)}
	for i := range n {
		c, _ := testcluster.Consolidator(t, consolidator.Config{Name: fmt.Sprintf("vm-%d", i+1)})
		m.addresses = append(m.addresses, c.SubscribeAddrs()...)
		to := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		to.Drain()
		m.publishers = append(m.publishers, to)
	}
	return m
}

// publish publishes n records of a stream at each machine, in turn by their times.
func (m *machines) publish(stream string, n int) {
	m.t.Helper()
	for i, to := range m.publishers {
		var b []byte
		key := fmt.Sprintf("%s at vm-%d", stream, i+1)
		for range n {
			at := time.Unix(1_800_000_000+int64(m.next[key]), int64(i)*1e6).UTC().Format("2006-01-02T15:04:05.000Z")
			b = zmtp.AppendMessage(b, stream, fmt.Appendf(nil, `{"key":%q,"i":%d,"level":30,"time":%q,"msg":""}`, key, m.next[key], at))
			m.next[key]++
		}
		if _, err := to.Conn.Write(b); err != nil {
			m.t.Fatal(err)
		}
	}
}

// proxy runs a proxy that reads from all of them.
func (m *machines) proxy(change func(*proxy.Config)) *running {
	m.t.Helper()
	return start(m.t, nil, func(cfg *proxy.Config) {
		cfg.Open = func(wait time.Duration) (proxy.Source, error) {
			return direct.New(direct.Config{Consolidators: m.addresses, MergeWait: wait})
		}
		cfg.Logger = slog.New(slog.NewTextHandler(m.t.Output(), nil))
		if change != nil {
			change(cfg)
		}
	})
}

// score checks that each record comes once and in order, and that nothing is lost.
type score struct {
	t     *testing.T
	id    string
	begun string // id that the response began with
	had   map[string]int
	sum   int
}

func (y *score) event(e string) {
	y.t.Helper()
	if id := field(e, "id"); id != "" {
		y.id = id
	}
	switch field(e, "event") {
	case "":
		var r struct {
			Stream string
			Record struct {
				Key string
				I   int
			}
			Key string
			I   int
		}
		if err := json.Unmarshal([]byte(field(e, "data")), &r); err != nil {
			y.t.Fatalf("%v in %q", err, e)
		}
		if r.Stream != "" {
			r.Key, r.I = r.Record.Key, r.Record.I
			if !strings.HasPrefix(r.Key, r.Stream+" ") {
				y.t.Fatalf("a record of another stream: %s", e)
			}
		}
		if y.had[r.Key] != r.I {
			y.t.Fatalf("record %d of %s, where %d was expected; id %s, begun at %s", r.I, r.Key, y.had[r.Key], y.id, y.begun)
		}
		y.had[r.Key]++
		y.sum++
	case "dropped":
		y.t.Fatalf("told of a loss: %s", e)
	}
}

// placed reads events until the proxy has reached so many consolidators, as the id tells
// that it returns.
func (r *reader) placed(n int) string {
	r.t.Helper()
	for {
		id := field(r.next("source"), "id")
		if at, err := httpapi.ParseResumeID(id); err != nil {
			r.t.Fatalf("id %q: %v", id, err)
		} else if len(at.Positions) >= n {
			return id
		}
	}
}

// Whatever proxy a client comes back to, and however it was cut before, it goes on with
// the next record: none is missing, none comes twice, nothing is told as lost.
func TestIDsAreUnderstoodByEveryProxy(t *testing.T) {
	comeBack(t, map[string][]string{
		"/api/logs/a?":                   {"a"},
		"/api/logs/a?last=500&":          {"a"},
		"/api/logs?stream=a&stream=b/c&": {"a", "b/c"},
	})
}

// Likewise of streams that a new proxy has yet to hear of.
func TestIDsLeadOnInPatterns(t *testing.T) {
	volume.Check(t)
	comeBack(t, map[string][]string{"/api/logs?stream=a&stream=b/*&": {"a", "b/c"}})
}

func comeBack(t *testing.T, queries map[string][]string) {
	for query, streams := range queries {
		t.Run(query, func(t *testing.T) {
			m := newMachines(t, 2)
			total := 0
			publish := func(n int) {
				for _, s := range streams {
					m.publish(s, n)
					total += 2 * n
				}
			}
			y := &score{t: t, had: make(map[string]int)}
			// Before the first record, and before there is a stream.
			p := m.proxy(nil)
			r := get(t, p, query, sse...)
			y.id = r.placed(2)
			r.close()
			for round := range 6 {
				publish(10 << round)
				if round%2 == 0 {
					p.stop()
					p = m.proxy(nil) // another one, which knows nothing of the first
				}
				path := query
				var header []string
				if round%3 == 0 {
					path += "lastEventId=" + url.QueryEscape(y.id)
				} else {
					header = []string{"Last-Event-ID", y.id}
				}
				r := get(t, p, path, append(header, sse...)...)
				y.begun = y.id
				for want := y.sum + 5*(round+1); y.sum < want; {
					y.event(r.event())
				}
				r.close()
			}
			r = get(t, m.proxy(nil), query, append([]string{"Last-Event-ID", y.id}, sse...)...)
			for y.sum < total {
				y.event(r.event())
			}
		})
	}
}

// A filter that lets nothing pass does not keep a client from going on where it was.
func TestAFilteredClientGoesOn(t *testing.T) {
	m := newMachines(t, 1)
	r := get(t, m.proxy(nil), "/api/logs/a?level=error", sse...)
	id := r.placed(1)
	r.close()
	m.publish("a", 50)
	error1 := `{"level":50,"msg":"it is an error"}`
	if _, err := m.publishers[0].Conn.Write(zmtp.AppendMessage(nil, "a", []byte(error1))); err != nil {
		t.Fatal(err)
	}
	r = get(t, m.proxy(nil), "/api/logs/a?level=error&lastEventId="+id, sse...)
	for {
		switch e := r.event(); field(e, "event") {
		case "dropped":
			t.Fatalf("told of a loss: %s", e)
		case "":
			if field(e, "data") != error1 {
				t.Fatalf("got %s", e)
			}
			return
		}
	}
}

// Beyond 16 positions nothing is lost, and what may come twice is told.
func TestMorePositionsThanAnIDNames(t *testing.T) {
	const n = httpapi.MaxPositions + 2
	m := newMachines(t, n)
	p := m.proxy(nil)
	r := get(t, p, "/api/logs/a", sse...)
	for range n {
		r.next("source")
	}
	m.publish("a", 3)
	id := ""
	for range 3 * n {
		e := r.next("")
		if id = field(e, "id"); len(id) > httpapi.MaxResumeID {
			t.Fatalf("an id of %d bytes", len(id))
		}
	}
	r.close()

	// At the same proxy the id leads on by its place.
	m.publish("a", 1)
	y := &score{t: t, had: make(map[string]int)}
	for key := range m.next {
		y.had[key] = 3
	}
	r = get(t, p, "/api/logs/a", append([]string{"Last-Event-ID", id}, sse...)...)
	for y.sum < n {
		y.event(r.event())
	}
	r.close()

	r = get(t, m.proxy(nil), "/api/logs/a", append([]string{"Last-Event-ID", id}, sse...)...)
	again := r.next("repeats")
	if !strings.Contains(again, "16 places") {
		t.Errorf("told %s", again)
	}
	got := make(map[string]int)
	for new := 0; new < n; {
		e := r.event()
		if field(e, "event") == "dropped" {
			t.Fatalf("told of a loss: %s", e)
		}
		if field(e, "event") != "" {
			continue
		}
		var rec struct {
			Key string
			I   int
		}
		if err := json.Unmarshal([]byte(field(e, "data")), &rec); err != nil {
			t.Fatal(err)
		}
		got[rec.Key]++
		if rec.I == 3 {
			new++
		}
	}
	twice := 0
	for _, count := range got {
		if count != 1 {
			twice++
		}
	}
	if twice > n-httpapi.MaxPositions {
		t.Errorf("records of %d consolidators come twice", twice)
	}
}
