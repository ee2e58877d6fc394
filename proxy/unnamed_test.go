package proxy_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sluice/cluster/auth"
	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/internal/wait"
	"sluice/proxy"
	"sluice/proxy/tally"
)

// Who may read a tenant alone cannot take the whole proxy by asking for patterns or for
// the list of streams instead of names.
func TestSessionsWithoutANameAreLimited(t *testing.T) {
	k := startKeyed(t, []string{"tenant/acme", "tenant/globex", "system"}, func(c *proxy.Config) { c.MaxTenantSessions = 2 })
	acme := k.token(auth.Claims{Tenants: []string{"acme"}})
	another := k.token(auth.Claims{Tenants: []string{"acme"}, Issuer: "another"})
	both := k.token(auth.Claims{Tenants: []string{"globex", "acme"}})
	same := k.token(auth.Claims{Tenants: []string{"acme", "globex"}})
	operator := k.token(auth.Claims{System: true})
	open := func(path, token string, want int) {
		t.Helper()
		if r := get(t, k.running, path, "Authorization", "Bearer "+token, "Sluice-Client", "1"); r.resp.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, r.resp.Status, want)
		}
	}
	for i, path := range []string{"/api/logs?stream=tenant/*", "/api/streams?watch"} {
		open(path, acme, http.StatusOK)
		open(path, another, http.StatusOK)
		open(path, acme, http.StatusTooManyRequests)
		open(path, both, http.StatusOK)
		open(path, same, http.StatusOK)
		open(path, both, http.StatusTooManyRequests)
		for range 4 {
			open(path, operator, http.StatusOK)
		}
		if n := k.Counts().Of(tally.TenantSessions); n != uint64(2*i+2) {
			t.Errorf("%d are counted", n)
		}
	}
	open("/api/logs/tenant/acme", acme, http.StatusOK) // by name there is still room
}

// Of thousands of streams that match, 256 come; the rest is told once, not one by one.
func TestAPatternOfMoreStreamsThanAResponseHas(t *testing.T) {
	f := newFake()
	for i := range 20_000 {
		f.live = append(f.live, stream.Live{Name: fmt.Sprintf("s/%05d", i)})
	}
	p := start(t, f, nil)
	events := get(t, p, "/api/logs?stream=s/*", sse...)
	lost := lossOf(t, events.next("dropped"))
	if !lost.Unknown || lost.Stream == "" || !strings.Contains(lost.Reason, "256 streams at most") || !strings.Contains(lost.Reason, fmt.Sprintf("%d more match", 20_000-256-1)) {
		t.Errorf("the loss is %+v", lost)
	}
	f.send(records("s/00000", 9, 0, 1)...)
	f.send(records("s/19999", 9, 0, 1)...)
	for {
		e := events.event()
		if field(e, "event") == "dropped" {
			t.Fatalf("another loss: %q", e)
		}
		if field(e, "event") == "" {
			if !strings.Contains(e, `"stream":"s/`) {
				t.Errorf("the record is %q", e)
			}
			return
		}
	}
}

// Patterns that take long to compare with the names of many streams take a little at a
// time, and say so; what matches joins in the end.
func TestPatternsThatTakeLong(t *testing.T) {
	volume.Check(t)
	f := newFake()
	for i := range 300 {
		f.live = append(f.live, stream.Live{Name: fmt.Sprintf("%s%04d", strings.Repeat("a", 200), i)})
	}
	f.live = append(f.live, stream.Live{Name: "last"})
	p := start(t, f, nil)
	events := get(t, p, "/api/logs?stream=l*&stream=*"+strings.Repeat("a*", 100)+"b", sse...)
	if lost := lossOf(t, events.next("dropped")); !lost.Unknown || !strings.Contains(lost.Reason, "join later") {
		t.Errorf("the loss is %+v", lost)
	}
	wait.For(t, "the last stream", func() bool { return f.tailed("last") })
	f.send(records("last", 9, 0, 1)...)
	if e := events.next(""); !strings.Contains(e, "last 0") {
		t.Errorf("the record is %q", e)
	}
}

// A filter that two sessions share takes memory for the streams that have records, not
// for all that match.
func TestASharedFilterOfQuietStreamsIsSmall(t *testing.T) {
	f := newFake()
	for i := range 200 {
		f.live = append(f.live, stream.Live{Name: fmt.Sprintf("s/%05d", i)})
	}
	p := start(t, f, nil)
	const path = "/api/logs?stream=s/*&grep=x"
	open := func(path string) { get(t, p, path, sse...).next("source") }
	open(path)
	f.logged(t)
	before := inUse()
	open(path)
	holdsAtMost(t, "the second session", before+1_500_000) // its places in 200 streams
	for range 2 {
		f.send(records("s/00007", 9, 0, 50)...)
	}
	f.logged(t)
	wait.For(t, "the filter to be run", func() bool { return p.Stats().Filtered >= 50 })
}
