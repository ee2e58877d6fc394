package proxy_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/proxy"
)

const acme = "/api/logs/tenant/acme"

var (
	sse    = []string{"Accept", "text/event-stream"}
	vm1    = `event: source` + "\nid: E0\n" + `data: {"n":1,"consolidator":"vm-1","state":"live","epoch":"","next":0}` + "\n\n"
	vm1at9 = `event: source` + "\nid: E0 0\n" + `data: {"n":1,"consolidator":"vm-1","state":"live","epoch":"9","next":%d}` + "\n\n"
)

// ours are the headers of our own client, and more.
func ours(more ...string) []string {
	return append([]string{"Accept", "text/event-stream", "Sluice-Client", "1"}, more...)
}

func record(id, data string) string {
	return "id: " + id + "\ndata: " + data + "\n\n"
}

func TestEventsByteForByte(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	r := get(t, p, acme, sse...)
	if got := r.resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type %q", got)
	}
	for name, want := range map[string]string{
		"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no", "Content-Encoding": "",
	} {
		if got := r.resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	r.wants(vm1)

	f.send(records("tenant/acme", 9, 0, 2)...)
	r.wants(
		fmt.Sprintf(vm1at9, 0),
		record("E1 1", `{"v":0,"level":30,"msg":"tenant/acme 0"}`),
		record("E2 2", `{"v":0,"level":30,"msg":"tenant/acme 1"}`),
	)

	// A gap takes as many as were lost.
	at := time.Date(2026, 11, 22, 1, 2, 3, 4e6, time.UTC)
	f.notice(stream.Notice{
		Kind: stream.KindGap, Time: at, Stream: "tenant/acme", Source: "vm-1", Count: 40, Hop: "consolidator", Reason: "reader too slow",
	})
	f.send(records("tenant/acme", 9, 42, 1)...)
	r.wants(
		"event: dropped\nid: E42 42\ndata: "+
			`{"stream":"tenant/acme","count":40,"total":40,"since":"2026-11-22T01:02:03.004Z","hop":"consolidator","reason":"reader too slow","consolidator":"vm-1"}`+"\n\n",
		record("E43 43", `{"v":0,"level":30,"msg":"tenant/acme 42"}`),
	)

	// A consolidator that comes back with another log gets another number.
	f.notice(stream.Notice{
		Kind: stream.KindGap, Time: at, Stream: "tenant/acme", Source: "vm-1", Unknown: true, Hop: "consolidator", Reason: "restarted",
	})
	r.wants(
		"event: dropped\nid: E44 43\ndata: " +
			`{"stream":"tenant/acme","count":0,"total":40,"since":"2026-11-22T01:02:03.004Z","hop":"consolidator","reason":"restarted","unknown":true,"consolidator":"vm-1"}` + "\n\n",
	)
	f.send(records("tenant/acme", 10, 0, 1)...)
	r.wants(
		"event: source\nid: E44 43\n"+`data: {"n":2,"consolidator":"vm-1","state":"live","epoch":"a","next":0}`+"\n\n",
		record("E45 1", `{"v":0,"level":30,"msg":"tenant/acme 0"}`),
	)

	f.notice(stream.Notice{Kind: stream.KindState, Source: "vm-1", State: stream.StateLost})
	r.wants(
		"event: source\nid: E45 1\n"+`data: {"n":1,"consolidator":"vm-1","state":"lost","epoch":"9","next":43}`+"\n\n",
		"event: source\nid: E45 1\n"+`data: {"n":2,"consolidator":"vm-1","state":"lost","epoch":"a","next":1}`+"\n\n",
	)
}

// A consolidator that was never reached goes by its address, until it tells its
// name.
func TestSourceGetsItsName(t *testing.T) {
	f := newFake()
	f.states["127.0.0.1:5562"] = stream.StateConnecting
	p := start(t, f, nil)
	r := get(t, p, acme, sse...)
	unnamed := `event: source` + "\nid: E0\n" + `data: {"n":1,"consolidator":"127.0.0.1:5562","state":"connecting","epoch":"","next":0}` + "\n\n"
	r.wants(unnamed, strings.Replace(vm1, `"n":1`, `"n":2`, 1))
	f.become("127.0.0.1:5562", "vm-2", stream.StateLive)
	r.wants(strings.Replace(vm1, "vm-1", "vm-2", 1))
	f.become("vm-2", "vm-2", stream.StateLost)
	r.wants(strings.NewReplacer("vm-1", "vm-2", "live", "lost").Replace(vm1))
}

func TestRecordsAreOneLine(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	r := get(t, p, "/api/logs/s", sse...)
	r.next("source")
	for i, c := range []struct{ in, want string }{
		{`{"msg":"plain"}`, `{"msg":"plain"}`},
		{`{ "a" : 1e3 ,"b":"\u00e9/\/" }`, `{ "a" : 1e3 ,"b":"\u00e9/\/" }`},
		{"{\"a\":\r\n1,\n\n\"b\":2}", `{"a":1,"b":2}`},
		{"{\"a\":\"x\u2028y\u2029z\u0085\"}", `{"a":"x\u2028y\u2029z\u0085"}`},
	} {
		f.send(stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: uint64(i)}, Data: []byte(c.in)})
		if got := strings.SplitAfterN(r.next(""), "\n", 2)[1]; got != "data: "+c.want+"\n\n" {
			t.Errorf("record %q leaves as %q", c.in, got)
		}
	}
	f.send(stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: 9}, Data: []byte("no JSON\n\ndata: {}\n\n")})
	var got struct{ Msg string }
	if err := json.Unmarshal([]byte(field(r.next(""), "data")), &got); err != nil || got.Msg != "no JSON\n\ndata: {}" {
		t.Errorf("a payload that is no JSON: %q, %v", got.Msg, err)
	}
}

func TestText(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	r := get(t, p, acme)
	if got := r.resp.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	wait.For(t, "the tail", func() bool { return f.tailed("tenant/acme") })
	wait.For(t, "the session", func() bool { return p.Stats().Sessions == 1 })
	line := func() string {
		s, err := r.in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	// The cursor is set some time after the headers: send until it is.
	seq := uint64(0)
	got := make(chan string, 1)
	go func() { got <- line() }()
	for first := ""; first == ""; {
		f.send(records("tenant/acme", 9, seq, 1)...)
		seq++
		select {
		case first = <-got:
			if !strings.HasPrefix(first, `{"v":0,"level":30,"msg":"tenant/acme `) {
				t.Fatalf("line %q", first)
			}
		case <-time.After(20 * time.Millisecond):
		}
	}
	f.notice(stream.Notice{
		Kind: stream.KindGap, Time: time.Now(), Stream: "tenant/acme", Source: "vm-1", Count: 1203, Hop: "consolidator", Reason: "reader too slow",
	})
	for {
		var notice struct {
			Name, Msg, Hop string
			Level          int
			Dropped        uint64
		}
		if err := json.Unmarshal([]byte(line()), &notice); err != nil {
			t.Fatal(err)
		}
		if notice.Level == 30 {
			continue
		}
		if notice.Name != "sluice" || notice.Level != 40 || notice.Dropped != 1203 || notice.Hop != "consolidator" ||
			notice.Msg != "1203 records dropped: reader too slow" {
			t.Errorf("notice %+v", notice)
		}
		return
	}
}

func TestLast(t *testing.T) {
	f := newFake()
	f.backfill = func(name string, _ stream.Backfill) *stream.Batch {
		b := &stream.Batch{Records: records(name, 9, 0, 20)}
		b.Records = append(b.Records, records(name, 9, 120, 5)...)
		b.Notices = []stream.Notice{{Kind: stream.KindGap, At: 20, Stream: name, Source: "vm-1", Count: 100, Hop: "consolidator"}}
		return b
	}
	p := start(t, f, nil)
	for _, c := range []struct {
		last  string
		first string // msg of the first record
		gaps  int
	}{
		{"3", "s 122", 0},
		{"5", "s 120", 0}, // what was lost before it is nothing to it
		{"6", "s 19", 1},
		{"25", "s 0", 1},
		{"1000000", "s 0", 1},
	} {
		r := get(t, p, "/api/logs/s?last="+c.last, ours()...)
		gaps, first := 0, ""
		for {
			e := r.event()
			switch name := field(e, "event"); {
			case name == "dropped":
				gaps++
			case name == "" && first == "":
				var got struct{ Msg string }
				if err := json.Unmarshal([]byte(field(e, "data")), &got); err != nil {
					t.Fatal(err)
				}
				first = got.Msg
			}
			if field(e, "event") == "live" {
				break
			}
		}
		if first != c.first || gaps != c.gaps {
			t.Errorf("last=%s begins with %q and has %d gaps; want %q and %d", c.last, first, gaps, c.first, c.gaps)
		}
		r.close()
	}
}

// A session is told of a consolidator that is reached later where the log begins
// there, however many of its records came since: it has none of them yet.
func TestLaterSource(t *testing.T) {
	for range 5 {
		f := newFake()
		p := start(t, f, nil)
		early := get(t, p, "/api/logs/s", ours()...)
		early.next("live")
		some := records("s", 8, 3, 50)
		for i := range some {
			some[i].Source = "vm-2"
		}
		f.give(&stream.Batch{
			Notices: []stream.Notice{{Kind: stream.KindPosition, Stream: "s", Source: "vm-2", Position: stream.Position{Epoch: 8, Seq: 3}}},
			Records: some,
		})
		if e := early.next("source"); !strings.Contains(e, `"consolidator":"vm-2"`) || !strings.Contains(e, `"epoch":"8","next":3}`) {
			t.Errorf("one that was there before it is told %q", e)
		}
		for field(early.next(""), "data") != string(payload("s", 52)) { // until all is in the log
		}
		late := get(t, p, "/api/logs/s", ours()...)
		late.next("source")
		if e := late.next("source"); !strings.Contains(e, `"epoch":"8","next":53}`) {
			t.Errorf("one that comes later is told %q", e)
		}
		early.close()
		late.close()
		p.stop()
	}
}

func TestFilter(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	r := get(t, p, "/api/logs/s?level=warn&grep=o%2Bk&max=5", sse...)
	r.next("source")
	for i, data := range []string{
		`{"level":30,"msg":"ok"}`, `{"level":50,"msg":"no"}`, `{"level":40,"msg":"oook"}`, `{"level":60,"msg":"ok"}`,
	} {
		f.send(stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: uint64(i * 10)}, Data: []byte(data)})
		if i == 1 {
			f.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Count: 7, Hop: "consolidator"})
		}
	}
	var got []string
	for len(got) < 3 {
		if e := r.event(); field(e, "event") != "source" {
			got = append(got, field(e, "event")+field(e, "data"))
		}
	}
	if !strings.HasPrefix(got[0], "dropped") || !strings.Contains(got[1], "oook") || !strings.Contains(got[2], "60") {
		t.Errorf("passed: %q", got)
	}
}

func TestIsolation(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	a := get(t, p, acme, sse...)
	b := get(t, p, "/api/logs/tenant/acme-staging", sse...)
	a.next("source")
	b.next("source")
	for i := range uint64(100) {
		f.send(append(records("tenant/acme-staging", 8, i, 1), records("tenant/acme", 9, i, 1)...)...)
		f.send(records("tenant/acme2", 7, i, 1)...)
	}
	for i := range uint64(100) {
		if got, want := field(a.next(""), "data"), string(payload("tenant/acme", i)); got != want {
			t.Fatalf("acme got %s, want %s", got, want)
		}
		if got, want := field(b.next(""), "data"), string(payload("tenant/acme-staging", i)); got != want {
			t.Fatalf("acme-staging got %s, want %s", got, want)
		}
	}
}

func TestHeartbeat(t *testing.T) {
	p := start(t, newFake(), func(c *proxy.Config) { c.Heartbeat = 5 * time.Millisecond })
	r := get(t, p, "/api/logs/s", sse...)
	r.next("source")
	for range 3 {
		r.wants("event: ping\nid: E0\ndata:\n\n")
	}
}

// A session whose reader takes nothing is closed and counted; the log and the
// other session go on.
func TestBlockedSessionIsClosed(t *testing.T) {
	f := newFake()
	var said syncBuffer
	p := start(t, f, func(c *proxy.Config) {
		c.WriteTimeout = 100 * time.Millisecond
		c.StreamBuffer = 1 << 20
		c.Logger = slog.New(slog.NewTextHandler(&said, nil))
	})
	get(t, p, "/api/logs/s", sse...).next("source") // and never reads again
	other := get(t, p, "/api/logs/s", sse...)
	other.next("source")
	big := `{"level":30,"msg":"` + strings.Repeat("x", 30_000) + `"}`
	seq := uint64(0)
	wait.For(t, "the session is closed", func() bool {
		for range 10 {
			f.send(stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: seq}, Data: []byte(big)})
			other.next("")
			seq++
		}
		return p.Stats().Blocked == 1
	})
	wait.For(t, "only the other is left", func() bool { return p.Stats().Sessions == 1 })
	if text := said.String(); !strings.Contains(text, "took nothing for too long") || !strings.Contains(text, "stream=s") {
		t.Errorf("the log says %q", text)
	}
}

// A session that is overtaken is told exactly how many it lost.
func TestOvertakenIsToldExactly(t *testing.T) {
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.StreamBuffer = 64 << 10 })
	r := get(t, p, "/api/logs/s", sse...)
	r.next("source")
	const n = 200_000
	for seq := uint64(0); seq < n; seq += 1000 {
		f.send(records("s", 9, seq, 1000)...)
	}
	f.logged(t)
	f.send(stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: n}, Data: []byte(`{"msg":"end"}`)})
	received, dropped, expected := uint64(0), uint64(0), uint64(0)
	for {
		e := r.event()
		switch field(e, "event") {
		case "dropped":
			lost := lossOf(t, e)
			dropped += lost.Count
			expected += lost.Count
			if lost.Hop != "proxy" || lost.Total != dropped || lost.Unknown || lost.Stream != "s" {
				t.Fatalf("loss %+v after %d", lost, dropped)
			}
			if id, err := httpapi.ParseResumeID(field(e, "id")); err != nil || id.Next != expected || id.Positions[0].Next != expected {
				t.Fatalf("loss has id %+v, %v; the next record is %d", id, err, expected)
			}
		case "":
			if field(e, "data") != string(payload("s", expected)) && expected < n {
				t.Fatalf("record %s where %d was expected", e, expected)
			}
			received++
			expected++
			if id, err := httpapi.ParseResumeID(field(e, "id")); err != nil || id.Next != expected || id.Positions[0].Next != expected {
				t.Fatalf("a record has id %+v, %v; the next one is %d", id, err, expected)
			}
			if field(e, "data") == `{"msg":"end"}` {
				if dropped == 0 {
					t.Fatal("the reader was never overtaken: the test has to send more")
				}
				if received+dropped != n+1 || p.Stats().Lost != dropped {
					t.Errorf("received %d + dropped %d, want %d", received, dropped, n+1)
				}
				return
			}
		}
	}
}

// A stream that nobody reads any more is not tailed any longer; who comes
// later gets nothing from before that tail.
func TestTailEndsAfterItsLastSession(t *testing.T) {
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.Keep = 20 * time.Millisecond })
	r := get(t, p, "/api/logs/s", ours()...)
	r.next("source")
	f.send(records("s", 9, 0, 1)...)
	id := field(r.next(""), "id")
	r.close()
	wait.For(t, "the tail ends", func() bool { return !f.tailed("s") })

	// It might have been overtaken in between: nobody knows.
	r = get(t, p, "/api/logs/s?last=10", ours("Last-Event-ID", id)...)
	if e := r.next("dropped"); !strings.Contains(field(e, "data"), `"unknown":true`) {
		t.Errorf("told %q", e)
	}
	f.send(records("s", 9, 5, 1)...)
	if got := field(r.next(""), "data"); got != string(payload("s", 5)) {
		t.Errorf("record %s", got)
	}
}

func TestDrain(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	r := get(t, p, "/api/logs/s", sse...)
	r.next("source")
	text := get(t, p, "/api/logs/s")
	watch := get(t, p, "/api/streams?watch")
	watchEvents := get(t, p, "/api/streams?watch", sse...)
	wait.For(t, "the sessions", func() bool { return p.Stats().Sessions == 4 })
	f.send(records("s", 9, 0, 1)...)
	r.next("")
	p.stop()
	if e := r.event(); field(e, "event") != "end" {
		t.Errorf("the last event is %q", e)
	}
	if rest := r.all(); rest != "" {
		t.Errorf("after the end: %q", rest)
	}
	text.all()
	watch.all()
	watchEvents.next("end")
	if rest := watchEvents.all(); rest != "" {
		t.Errorf("the watcher gets %q after the end", rest)
	}
	if n := p.Stats().Sessions; n != 0 {
		t.Errorf("%d sessions are left", n)
	}
	if resp, err := http.Get("http://" + p.Addr() + "/healthz"); err == nil {
		_ = resp.Body.Close()
		t.Error("it still answers")
	}
}

// syncBuffer is a buffer that several goroutines write to.
type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
