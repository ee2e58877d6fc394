package proxy_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sluice/cluster/names"
	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/proxy"
)

// Patterns yield all that they match and the token names, and nothing else.
func TestPatternsYieldWhatTheTokenNames(t *testing.T) {
	k := startKeyed(t, neighbours, nil)
	forms := [][]string{nil, sse, {"Accept", "text/event-stream", "Sluice-Client", "1"}}
	for i, claims := range someClaims {
		for j, pattern := range []string{"**", "*", "tenant/*", "tenant/**", "tenant/ac*", "system/**", "s*", `tenant/\*`} {
			p, err := names.ParsePattern(pattern)
			if err != nil {
				t.Fatal(err)
			}
			opened := make(map[string]bool)
			for _, name := range neighbours {
				if p.Match(name) && opens(claims, name) {
					opened[name] = true
				}
			}
			method := http.MethodGet
			if len(opened) == 0 {
				method = http.MethodHead // there is no record that could be waited for
			}
			path := "/api/logs?last=100&stream=" + url.QueryEscape(pattern)
			status, body := k.records(len(opened), method, path, k.token(claims), forms[(i+j)%len(forms)]...)
			want := http.StatusOK
			if pattern == `tenant/\*` && len(opened) == 0 {
				want = http.StatusForbidden // it is one name, written with care
			}
			if status != want {
				t.Errorf("%+v %q: %d, want %d", claims, pattern, status, want)
			}
			for n, name := range neighbours {
				switch secret := yields(body, n, name); {
				case secret != "" && !opened[name]:
					t.Errorf("%+v %q yields %q of %q", claims, pattern, secret, name)
				case opened[name] && !strings.Contains(body, `"stream":"`+name+`"`):
					t.Errorf("%+v %q does not yield %q: %q", claims, pattern, name, body)
				}
			}
		}
	}
}

// A pattern that matches nothing yet has heartbeats like any other.
func TestAPatternThatMatchesNothingYet(t *testing.T) {
	p := start(t, newFake(), func(c *proxy.Config) { c.Heartbeat = 10 * time.Millisecond })
	for _, header := range [][]string{sse, ours()} {
		r := get(t, p, "/api/logs?stream=late/*", header...)
		r.next("ping")
		r.next("ping")
	}
}

// What matches later joins, at this proxy and, by the id of such a heartbeat, after a
// break.
func TestWhatMatchesAPatternLater(t *testing.T) {
	volume.Check(t)
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.Heartbeat = 10 * time.Millisecond })
	ping := get(t, p, "/api/logs?stream=late/*", sse...).next("ping")
	if field(ping, "id") == "" {
		t.Errorf("the heartbeat is %q", ping)
	}
	var open []*reader
	for _, header := range [][]string{sse, ours(), append([]string{"Last-Event-ID", field(ping, "id")}, sse...)} {
		r := get(t, p, "/api/logs?stream=late/*", header...)
		r.next("ping")
		r.next("ping")
		open = append(open, r)
	}
	lines := get(t, p, "/api/logs?stream=late/*")
	get(t, p, "/api/logs/late/one") // so that there is such a stream
	f.logged(t)
	f.send(records("late/one", 9, 0, 1)...)
	for _, r := range open {
		if e := r.next(""); !strings.Contains(e, `{"stream":"late/one","record":`) {
			t.Errorf("the record is %q", e)
		}
	}
	if line, err := lines.in.ReadString('\n'); err != nil || !strings.Contains(line, "late/one 0") {
		t.Errorf("the line is %q, %v", line, err)
	}
}

// So does one whose publishers' clocks stand in 1970, or in 2100: the first records are
// not taken for those of long ago, nor is any that comes later.
func TestWhatMatchesLaterByAWrongClock(t *testing.T) {
	volume.Check(t)
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.Heartbeat = 10 * time.Millisecond })
	r := get(t, p, "/api/logs?stream=late/*", sse...)
	r.next("ping")
	of := func(name, at string, seq uint64) stream.Record {
		return stream.Record{
			Stream: name, Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: seq},
			Data: fmt.Appendf(nil, `{"v":0,"level":30,"time":"%s","msg":"%s %d"}`, at, name, seq),
		}
	}
	for name, at := range map[string]string{"late/past": "1970-01-02T00:00:00Z", "late/future": "2100-01-01T00:00:00Z"} {
		get(t, p, "/api/logs/"+name) // so that there is such a stream
		f.logged(t)
		f.send(of(name, at, 0))
		for seq := range uint64(3) {
			if e := r.next(""); !strings.Contains(e, fmt.Sprintf("%s %d", name, seq)) {
				t.Fatalf("the record is %q, want number %d of %s", e, seq, name)
			}
			f.send(of(name, at, seq+1))
		}
		r.next("")
	}
	// One with the right time begins with what is new, as ever, and goes on whatever the
	// time is.
	get(t, p, "/api/logs/late/right")
	f.logged(t)
	now := time.Now().UTC().Format(time.RFC3339)
	f.send(of("late/right", "2020-01-01T00:00:00Z", 0), of("late/right", now, 1))
	for seq, at := range []string{"", "1970-01-02T00:00:00Z", now, "2100-01-01T00:00:00Z"} {
		if at != "" {
			f.send(of("late/right", at, uint64(seq)+1))
		}
		if e := r.next(""); !strings.Contains(e, fmt.Sprintf("late/right %d", seq+1)) {
			t.Fatalf("the record is %q, want number %d", e, seq+1)
		}
	}
}
