package proxy_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/internal/wait"
	"sluice/proxy"
	"sluice/proxy/tally"
)

// endless is an expression that takes seconds for a large record that it does not match.
const endless = `(?:[^y]?){450}z`

// heavy are n records on which endless takes far more than its time at once.
func heavy(name string, seq uint64, n int) []stream.Record {
	list := records(name, 9, seq, n)
	for i := range list {
		list[i].Data = fmt.Appendf(nil, `{"v":0,"level":30,"msg":"%s"}`, strings.Repeat("x", 240_000))
	}
	return list
}

func TestExpressionsThatAreTooLargeAreRefused(t *testing.T) {
	p := start(t, newFake(), nil)
	for _, query := range []string{
		"grep=" + url.QueryEscape(strings.Repeat("x{1000}", 140)),
		"grep=" + url.QueryEscape("((a{10}){10}){10}"),
		"where=" + url.QueryEscape(`msg~((a{10}){10}){10}`),
		"where=" + url.QueryEscape(`/((a{10}){10}){10}/`),
	} {
		r := get(t, p, "/api/logs/s?"+query)
		var problem struct{ Detail string }
		if err := json.Unmarshal([]byte(r.all()), &problem); err != nil || r.resp.StatusCode != 400 ||
			!strings.Contains(problem.Detail, "1000 is the most") || !strings.Contains(problem.Detail, "repeat less") {
			t.Errorf("%.40s: %s, %v, %q", query, r.resp.Status, err, problem.Detail)
		}
	}
	if n := p.Counts().Of(tally.BadRequest); n != 4 {
		t.Errorf("%d bad requests are counted", n)
	}
}

// One filter of many sessions is run once on each record, however it is written.
func TestAFilterThatSessionsShareIsRunOnce(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	var sessions []*reader
	for i := range 6 {
		query := "level=info&grep=" + url.QueryEscape("s [0-9]*7")
		if i%2 == 1 {
			query = "grep=s+%5B0-9%5D%2A7&level=info"
		}
		r := get(t, p, "/api/logs/s?"+query, sse...)
		r.next("source")
		sessions = append(sessions, r)
	}
	f.send(records("s", 9, 0, 500)...)
	for _, r := range sessions {
		for i := 7; i < 500; i += 10 {
			if got, want := field(r.next(""), "data"), string(payload("s", uint64(i))); got != want && !strings.Contains(got, "7") {
				t.Fatalf("%s, want %s", got, want)
			}
		}
	}
	if n := p.Stats().Filtered; n != 500 {
		t.Errorf("the filter of 6 sessions was run %d times on 500 records", n)
	}
}

// What a filter cannot look at in time is a loss, counted and reported in its place; what
// it can look at comes.
func TestWhatAFilterCannotLookAtIsALoss(t *testing.T) {
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.FilterLag, c.WriteTimeout = time.Nanosecond, wait.Limit })
	events := get(t, p, "/api/logs/s?grep="+url.QueryEscape(endless+"|s 0"), sse...)
	events.next("source")
	lines := get(t, p, "/api/logs/s?last=10&grep="+url.QueryEscape(endless))
	f.send(append(records("s", 9, 0, 1), heavy("s", 1, 3)...)...)
	if e := events.next(""); !strings.Contains(e, "s 0") {
		t.Errorf("the record before is %q", e)
	}
	for lost := uint64(0); lost < 3; {
		one := lossOf(t, events.next("dropped"))
		lost += one.Count
		if one.Reason != loss.Filter || one.Hop != loss.AtProxy || one.Unknown || one.Total != lost || one.Stream != "s" {
			t.Errorf("the loss is %+v", one)
		}
	}
	line, err := lines.in.ReadString('\n')
	if err != nil || !strings.Contains(line, `"dropped"`) || !strings.Contains(line, "filter") {
		t.Errorf("the line is %q, %v", line, err)
	}
	if n := p.Counts().Of(tally.Filter); n < 3 {
		t.Errorf("%d records are counted", n)
	}
}

// A filter that is slow, but not too slow for any record, loses nothing of a burst: the
// session waits for it.
func TestASlowFilterIsWaitedFor(t *testing.T) {
	volume.Check(t)
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.FilterLag = time.Hour })
	r := get(t, p, "/api/logs/s?grep="+url.QueryEscape(endless+"|s [0-9]+"), sse...)
	r.next("source")
	list := records("s", 9, 0, 3)
	for i := range list { // more than half of what may be taken at once
		list[i].Data = fmt.Appendf(nil, `{"v":0,"level":30,"pad":"%s","msg":"s %d"}`, strings.Repeat("x", 5_000), i)
	}
	f.send(list...)
	for i := range list {
		e := r.event()
		for field(e, "event") == "source" || field(e, "event") == "ping" {
			e = r.event()
		}
		if !strings.Contains(e, fmt.Sprintf("s %d\"", i)) {
			t.Fatalf("event %d is %.200q", i, e)
		}
	}
}

// A proxy ends although a filter has minutes of work before it.
func TestAFilterDoesNotDelayTheEnd(t *testing.T) {
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.Grace = 200 * time.Millisecond })
	r := get(t, p, "/api/logs/s?grep="+url.QueryEscape(endless), sse...)
	r.next("source")
	f.send(heavy("s", 0, 60)...)
	r.next("dropped") // it is at work
	begin := time.Now()
	p.stop()
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("the end took %s", took)
	}
}
