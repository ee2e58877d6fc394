package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/cluster/auth"
	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/names"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/wait"
	"sluice/proxy"
)

// archivedNeighbours are streams that an archive holds and nobody writes any more: neighbours
// of one another, and what looks like another when it is written, or kept, differently.
var archivedNeighbours = []string{
	"tenant/acme", "tenant/acme2", "tenant/acm", "tenant/acme/web", "tenant/Acme", "tenant/acme.", "tenant/acme.web", "tenant/acme%2Eweb",
	"tenant/acme%2Fweb", "tenant/%61cme", "tenant//acme", "tenant/*", "tenant/>", "tenant/acme*", "tenant/globex", "tenant", "tenant.acme",
	"system", "system/scheduler", "System", "systems", "other", "a b=c;d", "*", ">",
}

var archivedAt = []string{"vm-1", "vm.1", "vm 1"}

var archiveClaims = []auth.Claims{
	{Tenants: []string{"nobody"}},
	{Tenants: []string{"acme"}},
	{Tenants: []string{"acme", "globex"}},
	{Tenants: []string{"/acme.*/"}},
	{Tenants: []string{"*", ">"}},
	{Tenants: []string{"acme*", "%61cme"}},
	{Tenants: []string{"acme.web", "acme%2Fweb"}},
	{System: true},
	{System: true, Tenants: []string{"acme"}},
}

// may tells which streams claims open, without package auth.
func may(c auth.Claims, name string) bool {
	tenant, ok := strings.CutPrefix(name, "tenant/")
	if !ok {
		return c.System
	}
	return slices.ContainsFunc(c.Tenants, func(t string) bool {
		return t == tenant || t == "/acme.*/" && strings.HasPrefix(tenant, "acme")
	})
}

// archived is a proxy that has nothing in memory, and an archive with a secret of each neighbour
// at each consolidator, and a loss of a number of its own.
type archived struct {
	*proxy.Proxy
	key   string
	epoch uint64
}

func startArchived(t *testing.T) *archived {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Store: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	a := &archived{key: filepath.Join(t.TempDir(), "secret"), epoch: 1 << 40}
	came := time.Now().Add(-2 * time.Hour)
	for i, name := range archivedNeighbours {
		for j, at := range archivedAt {
			var b batch.Builder
			one := fmt.Sprintf(`{"time":%q,"level":30,"msg":"secret %d of %d!"}`, came.UTC().Format(time.RFC3339Nano), i, j)
			if err := b.Add([]byte(one), came.UnixMilli(), came.UnixMilli()); err != nil {
				t.Fatal(err)
			}
			h := batch.Head{Consolidator: at, Stream: name, Epoch: a.epoch}
			sequence := appended(t, e, b.Encode(&h), name, 0)
			gap := batch.Head{Consolidator: at, Stream: name, Epoch: a.epoch, First: 1, Links: h.After(sequence), Gap: &loss.Loss{Count: lostOf(i), Reason: "the disk was full"}}
			sequence = appended(t, e, batch.EncodeGap(&gap, came), name, sequence)
			last := batch.Head{Consolidator: at, Stream: name, Epoch: a.epoch, First: 1 + lostOf(i), Links: gap.After(sequence)}
			appended(t, e, b.Encode(&last), name, sequence)
		}
	}
	if err := os.WriteFile(a.key, []byte("0123456789abcdef0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	tokens, err := auth.New(auth.Config{KeyFiles: []string{a.key}, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	client, err := engine.Dial(engine.DialConfig{URLs: []string{"nats://" + e.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	a.Proxy, err = proxy.New(proxy.Config{
		Listen: "127.0.0.1:0", Logger: logger, Tokens: tokens, History: proxyHistory(client), MaxTenantSessions: 1000,
		Open: func(mergeWait time.Duration) (proxy.Source, error) {
			return direct.New(direct.Config{Consolidators: c.SubscribeAddrs(), MergeWait: mergeWait})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wait.Run(t, a.Run))
	return a
}

// lostOf is how many records of a stream were lost at each consolidator.
func lostOf(i int) uint64 { return 9_876_543_200 + uint64(i) }

func appended(t *testing.T, e *engine.Engine, m batch.Message, name string, last uint64) (sequence uint64) {
	t.Helper()
	done := make(chan error, 1)
	if err := e.Append(m, name, last, func(at uint64, err error) { sequence = at; done <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return sequence
}

// request is one request of the test below.
type archiveRequest struct {
	claims auth.Claims
	url    string
	header []string
	named  []string // streams that it asks for by their names
	wants  func(name string) bool
	whole  bool // all that there is of a stream is wanted
}

// ask makes one up: of what an archive may be asked, and of what is no business of the reader's.
func (a *archived) ask(random *rand.Rand) (q archiveRequest) {
	pick := func(n int) int { return random.IntN(n) }
	any := func() string { return archivedNeighbours[pick(len(archivedNeighbours))] }
	q.claims = archiveClaims[pick(len(archiveClaims))]
	query := url.Values{"to": {"1h"}} // so that it ends
	q.whole = true
	path := "/api/logs"
	var patterns []names.Pattern
	if pick(3) == 0 {
		name := any()
		q.named = append(q.named, name)
		path += "/" + url.PathEscape(name)
	}
	for len(q.named)+len(patterns) == 0 || pick(2) == 0 {
		text := []string{any(), "**", "*", "tenant/*", "tenant/**", "tenant/ac*", "tenant/acme?web", "s*", "tenant/?", "?", "*/acme"}[pick(11)]
		query.Add("stream", text)
		if strings.ContainsAny(text, "*?") {
			p, err := names.ParsePattern(text)
			if err != nil {
				panic(err)
			}
			patterns = append(patterns, p)
		} else {
			q.named = append(q.named, text)
		}
	}
	q.wants = func(name string) bool {
		return slices.Contains(q.named, name) || slices.ContainsFunc(patterns, func(p names.Pattern) bool { return p.Match(name) })
	}
	switch pick(4) {
	case 0:
		query.Set("last", []string{"1", "7", "1000000"}[pick(3)])
		q.whole = query.Get("last") == "1000000"
	default:
		query.Set([]string{"since", "from"}[pick(2)], []string{"24h", "3h"}[pick(2)])
	}
	for name, values := range map[string][]string{
		"from-vm": archivedAt, "level": {"error"}, "field": {"msg=secret"}, "grep": {"secret 1[0-9]"}, "max": {"5"},
	} {
		if pick(6) == 0 {
			query.Set(name, values[pick(len(values))])
			q.whole = false
		}
	}
	if pick(3) > 0 {
		q.header = append(q.header, "Accept", "text/event-stream")
	}
	switch other, at := any(), archivedAt[pick(3)]; pick(6) {
	case 0: // as if it had read what it may not
		id := httpapi.ResumeID{Positions: []httpapi.KeyPosition{{Key: httpapi.PositionKey(other, at), Epoch: a.epoch & httpapi.EpochMask, Next: uint64(pick(2))}}}
		q.header, q.whole = append(q.header, "Last-Event-ID", string(id.AppendText(nil))), false
	case 1:
		if len(query["stream"]) == 0 {
			q.header, q.whole = append(q.header, "Sluice-Positions", httpapi.FormatPositions(map[string]stream.Position{at: {Epoch: a.epoch}})), false
		}
	}
	q.url = "http://" + a.Addr() + path + "?" + query.Encode()
	if pick(5) == 0 { // a part of the history of one, as our client asks for it
		name := any()
		q.named, q.whole = []string{name}, true
		q.wants = func(other string) bool { return other == name }
		q.url = "http://" + a.Addr() + "/api/logs/" + url.PathEscape(name)
		q.header = []string{"Accept", "text/event-stream", "Sluice-History", "last=0"}
	}
	return q
}

// get is the whole answer.
func (a *archived) get(t *testing.T, q *archiveRequest) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait.Limit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, q.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := auth.Sign(a.key, "", q.claims)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(q.header); i += 2 {
		r.Header.Set(q.header[i], q.header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", q.url, err)
	}
	return resp.StatusCode, string(body)
}

// Whatever is asked of the archive, no token yields a record, a name, a count or a loss of a
// stream that it does not name; and of those that it names all comes.
func TestNoTokenYieldsArchivedWhatItDoesNotName(t *testing.T) {
	a := startArchived(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 150 {
		q := a.ask(random)
		status, body := a.get(t, &q)
		want := http.StatusOK
		if slices.ContainsFunc(q.named, func(name string) bool { return !may(q.claims, name) }) {
			want = http.StatusForbidden
		}
		if status != want {
			t.Fatalf("%+v: %d, want %d: %s", q, status, want, body)
		}
		for i, name := range archivedNeighbours {
			opened := want == http.StatusOK && may(q.claims, name) && q.wants(name)
			for j := range archivedAt {
				secret := fmt.Sprintf("secret %d of %d!", i, j)
				switch n := strings.Count(body, secret); {
				case !opened && n > 0:
					t.Fatalf("%+v yields %q of %q", q, secret, name)
				case opened && q.whole && n != 2:
					t.Fatalf("%+v yields %q of %q %d times: %s", q, secret, name, n, body)
				}
			}
			switch lost := strings.Contains(body, fmt.Sprint(lostOf(i))); {
			case !opened && lost:
				t.Fatalf("%+v yields a loss of %q: %s", q, name, body)
			case opened && q.whole && !lost:
				t.Fatalf("%+v yields no loss of %q: %s", q, name, body)
			}
			if !opened && strings.Contains(body, fmt.Sprintf(`"stream":%q`, name)) {
				t.Fatalf("%+v yields the name of %q: %s", q, name, body)
			}
		}
	}
}

// What is counted for a token is the records of the stream that it asks for, and of no neighbour.
func TestNoTokenCountsArchivedWhatItDoesNotName(t *testing.T) {
	a := startArchived(t)
	for _, claims := range archiveClaims {
		for _, name := range archivedNeighbours {
			q := archiveRequest{
				claims: claims, url: "http://" + a.Addr() + "/api/logs/" + url.PathEscape(name),
				header: []string{"Accept", "text/event-stream", httpapi.HeaderHistory, "last=1&counts=50"},
			}
			status, body := a.get(t, &q)
			if !may(claims, name) {
				if status != http.StatusForbidden || strings.Contains(body, httpapi.EventCounts) {
					t.Fatalf("%q is counted for %+v: %d %s", name, claims, status, body)
				}
				continue
			}
			_, data, _ := strings.Cut(body, "event: "+httpapi.EventCounts+"\ndata: ")
			data, _, _ = strings.Cut(data, "\n")
			var counts stream.Counts
			if err := json.Unmarshal([]byte(data), &counts); err != nil {
				t.Fatalf("%q for %+v: %v: %s", name, claims, err, body)
			}
			if want := uint64(2 * len(archivedAt)); counts.Total() != want {
				t.Fatalf("%d records of %q are counted for %+v, of %d", counts.Total(), name, claims, want)
			}
		}
	}
}
