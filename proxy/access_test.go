package proxy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/cluster/auth"
	"sluice/cluster/names"
	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/internal/wait"
	"sluice/proxy"
)

// keyed is a proxy that wants tokens, and how to make them.
type keyed struct {
	*running
	t    *testing.T
	key  string
	fake *fake
	log  *lockedBuffer
}

// lockedBuffer is a log that a test looks into.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startKeyed runs a proxy whose streams are named, each with a secret in its records
// and in its rate.
func startKeyed(t *testing.T, streams []string, change func(*proxy.Config)) *keyed {
	t.Helper()
	k := &keyed{t: t, key: filepath.Join(t.TempDir(), "secret"), fake: newFake(), log: &lockedBuffer{}}
	if err := os.WriteFile(k.key, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, name := range streams {
		k.fake.live = append(k.fake.live, stream.Live{Name: name, Rate: 1000.5 + float64(i), Bytes: 70000 + float64(i), Records: uint64(900000 + i), Sources: 1})
	}
	k.fake.backfill = func(name string, _ stream.Backfill) *stream.Batch {
		i := slices.Index(streams, name)
		if i < 0 {
			return &stream.Batch{}
		}
		r := stream.Record{Stream: name, Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: uint64(i)}, Data: fmt.Appendf(nil, `{"level":30,"msg":"secret %d!"}`, i)}
		return &stream.Batch{Records: []stream.Record{r}}
	}
	logger := slog.New(slog.NewTextHandler(k.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	tokens, err := auth.New(auth.Config{KeyFiles: []string{k.key}, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	k.running = start(t, k.fake, func(c *proxy.Config) {
		c.Tokens, c.Logger = tokens, logger
		if change != nil {
			change(c)
		}
	})
	return k
}

func (k *keyed) token(c auth.Claims) string {
	k.t.Helper()
	token, err := auth.Sign(k.key, "", c)
	if err != nil {
		k.t.Fatal(err)
	}
	return token
}

// beginning is the status of an answer and what it begins with: up to the first record
// or list of one that does not end.
func (k *keyed) beginning(method, path, token string, header ...string) (int, string) {
	k.t.Helper()
	return k.records(1, method, path, token, header...)
}

// records is beginning with as many records, unless it is a list.
func (k *keyed) records(n int, method, path, token string, header ...string) (int, string) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait.Limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+k.Addr(), nil)
	if err != nil {
		k.t.Fatalf("%s: %v", path, err)
	}
	req.URL.Opaque = path // as it is written
	req.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := transport(k.t).RoundTrip(req)
	if err != nil {
		k.t.Fatalf("%s: %v", path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		k.t.Errorf("%s is redirected to %s", path, resp.Header.Get("Location"))
	}
	var got []byte
	piece := make([]byte, 4096)
	for {
		size, err := resp.Body.Read(piece)
		got = append(got, piece[:size]...)
		if err == io.EOF || resp.StatusCode == http.StatusOK && (bytes.Count(got, []byte("!\"}")) >= n || bytes.Contains(got, []byte("\"streams\":")) || bytes.Contains(got, []byte("\"changed\":"))) {
			return resp.StatusCode, string(got)
		}
		if err != nil {
			k.t.Fatalf("%s: %v after %q", path, err, got)
		}
	}
}

// opens tells which streams claims open, without package auth.
func opens(c auth.Claims, name string) bool {
	tenant, ok := strings.CutPrefix(name, "tenant/")
	if !ok {
		return c.System
	}
	return slices.ContainsFunc(c.Tenants, func(t string) bool {
		if len(t) > 1 && t[0] == '/' && t[len(t)-1] == '/' {
			re := regexp.MustCompile(t[1 : len(t)-1])
			re.Longest()
			return tenant != "" && slices.Equal(re.FindStringIndex(tenant), []int{0, len(tenant)})
		}
		return t == tenant && t != ""
	})
}

// The names of streams that the tests below have: neighbours of one another, and what
// looks like another when it is written differently.
var neighbours = []string{
	"tenant/acme", "tenant/acme2", "tenant/acm", "tenant/acme/", "tenant/acme/web", "tenant/Acme", "tenant/acme.", "tenant/acme..",
	"tenant/../system", "tenant/%61cme", "tenant/acme%2Fweb", "tenant//acme", "Tenant/acme", "tenant/*", "tenant/аcme", "tenant/globex", "tenant",
	"system", "system/scheduler", "system/", "System", "systems", "../system", "other", "a b=c;d", "*",
}

var someClaims = []auth.Claims{
	{Tenants: []string{"nobody"}},
	{Tenants: []string{"acme"}},
	{Tenants: []string{"acme", "globex"}},
	{Tenants: []string{"/acme.*/"}},
	{Tenants: []string{"/acme|globex/", "*"}},
	{Tenants: []string{"../system", "acme/"}},
	{Tenants: []string{"%61cme", "/[^a].*/"}},
	{System: true},
	{System: true, Tenants: []string{"acme"}},
}

// encodings are ways to write a name in a path, some of which mean another.
func encodings(name string) []string {
	every := func(format string) string {
		var b strings.Builder
		for _, c := range []byte(name) {
			fmt.Fprintf(&b, format, c)
		}
		return b.String()
	}
	escaped := url.PathEscape(name)
	return []string{
		escaped, every("%%%02x"), every("%%%02X"), strings.ReplaceAll(escaped, ".", "%2e"), strings.ReplaceAll(escaped, "%2F", "/"),
		url.PathEscape(escaped), escaped + "/", escaped + "%2F", "/" + escaped, "./" + escaped, "x/../" + escaped, escaped + ".", escaped + "%2e",
		strings.ReplaceAll(escaped, "%2F", "%c0%af"), strings.ReplaceAll(escaped, "a", "%c1%a1"), escaped + "%00", escaped + "%", escaped + ";x", strings.ToUpper(escaped),
		strings.ReplaceAll(escaped, "%2F", "%5C"),
	}
}

// asked is one request of the test below.
type asked struct {
	claims auth.Claims
	method string
	path   string
	name   string // of the stream that the path means; "" for none
	list   bool   // it is for the list of streams
	form   []string
}

// anyRequest makes one up.
func anyRequest(random *rand.Rand) (q asked) {
	pick := func(n int) int { return random.IntN(n) }
	q.claims = someClaims[pick(len(someClaims))]
	q.form = [][]string{nil, {"Accept", "text/event-stream"}, {"Accept", "text/event-stream", "Sluice-Client", "1"}}[pick(3)]
	q.method = http.MethodGet
	if q.list = pick(6) == 0; q.list {
		q.path = []string{"/api/streams", "/api/streams?watch", "/api/streams?watch=changes", "/api/streams?watch=changes&limit=1000"}[pick(4)]
		return q
	}
	written := encodings(append(neighbours, "tenant/gone")[pick(len(neighbours)+1)])
	text := written[pick(len(written))]
	if name, err := url.PathUnescape(text); err == nil && names.Check(name) == nil && name != "tenant/" {
		q.name = name
	}
	q.path = "/api/logs/" + text + "?last=5"
	if pick(4) == 0 || !slices.Contains(neighbours, q.name) && opens(q.claims, q.name) {
		q.method = http.MethodHead // there may be no record that could be waited for
	}
	return q
}

// No token ever yields a record, a name, a rate or a count of a stream that it does not
// name, on any route, however that is written.
func TestNoTokenYieldsWhatItDoesNotName(t *testing.T) {
	k := startKeyed(t, neighbours, nil)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	var forbidden string
	for range 400 {
		q := anyRequest(random)
		status, body := k.beginning(q.method, q.path, k.token(q.claims), q.form...)
		for i, other := range neighbours {
			if !opens(q.claims, other) {
				if secret := yields(body, i, other); secret != "" {
					t.Fatalf("%+v yields %q of %q: %q", q, secret, other, body)
				}
			} else if q.list && !strings.Contains(body, `"name":"`+other+`"`) {
				t.Errorf("%+v: %q is missing in %s", q, other, body)
			}
		}
		want := http.StatusOK
		switch {
		case q.list:
		case q.name == "":
			want = http.StatusBadRequest
		case !opens(q.claims, q.name):
			want = http.StatusForbidden
		}
		if status != want {
			t.Errorf("%+v: %d, want %d: %s", q, status, want, body)
		}
		if want == http.StatusForbidden && q.method == http.MethodGet && q.form == nil {
			if forbidden == "" {
				forbidden = body
			}
			if body != forbidden {
				t.Errorf("%+v is refused by other words: %q, %q", q, body, forbidden)
			}
		}
	}
	if k.fake.tailed("tenant/gone") {
		t.Error("a stream is tailed that was never opened")
	}
}

// yields is what of a stream's secrets stands in an answer; "" for nothing.
func yields(body string, i int, name string) string {
	for _, secret := range []string{
		fmt.Sprintf("secret %d!", i), fmt.Sprintf(`"records":%d,`, 900000+i), fmt.Sprintf(`"bytes":%d,`, 70000+i),
		fmt.Sprintf(`"rate":%g,`, 1000.5+float64(i)), `"name":"` + name + `"`,
	} {
		if strings.Contains(body, secret) {
			return secret
		}
	}
	return ""
}

// No token stands in a log, whatever becomes of its request.
func TestNoTokenIsLogged(t *testing.T) {
	k := startKeyed(t, []string{"tenant/acme"}, nil)
	good := k.token(auth.Claims{Tenants: []string{"acme"}})
	signature := good[strings.LastIndexByte(good, '.')+1:]
	for _, path := range []string{"tenant/acme", "tenant/acme?last=x", "tenant/globex", "%zz", "tenant/acme?lvel=1", "tenant/acme?key=" + good, "tenant/acme?level=warn;key=" + good} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, "http://"+k.Addr()+"/api/logs/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque = "/api/logs/" + path
		req.Header.Set("Authorization", "Bearer "+good)
		resp, err := transport(t).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	k.beginning(http.MethodGet, "/api/logs/tenant/acme?last=5&key="+good, good, "Accept", "text/event-stream")
	k.stop()
	if log := k.log.String(); strings.Contains(log, signature) || strings.Contains(log, good[:30]) {
		t.Errorf("the log has the token:\n%s", log)
	}
}

// The end of a token ends the streams that it opened, with an event or a line that says
// so, and new ones are refused.
func TestATokensEndEndsItsStreams(t *testing.T) {
	k := startKeyed(t, []string{"tenant/acme"}, nil)
	open := func(life time.Duration) (opened []*reader) {
		for _, c := range []struct {
			path   string
			header []string
		}{{"/api/logs/tenant/acme?key=", sse}, {"/api/logs/tenant/acme?last=1&key=", nil}, {"/api/streams?watch&key=", sse}} {
			r := get(t, k.running, c.path+k.token(auth.Claims{Tenants: []string{"acme"}, Expires: time.Now().Add(life)}), c.header...)
			if r.resp.StatusCode == http.StatusUnauthorized {
				return nil // this machine is slow
			}
			opened = append(opened, r)
		}
		return opened
	}
	var opened []*reader
	for life := 1500 * time.Millisecond; opened == nil; life *= 2 {
		opened = open(life)
	}
	for _, i := range []int{0, 2} {
		if got := opened[i].next("end"); !strings.Contains(got, "token has expired") {
			t.Errorf("the last event is %q", got)
		}
		opened[i].all() // it ends
	}
	if got := opened[1].all(); !strings.HasSuffix(got, "\n") || !strings.Contains(got[strings.LastIndexByte(got[:len(got)-1], '\n')+1:], "token has expired") {
		t.Errorf("the lines end with %q", got)
	}
	status, body := k.beginning(http.MethodGet, "/api/logs/tenant/acme", k.token(auth.Claims{Tenants: []string{"acme"}, Expires: time.Now().Add(-time.Second)}))
	if status != http.StatusUnauthorized || !strings.Contains(body, "expired") {
		t.Errorf("%d %s", status, body)
	}
}

// Keys that change end no stream.
func TestARotationCutsNoStream(t *testing.T) {
	volume.Check(t)
	k := startKeyed(t, []string{"tenant/acme"}, nil)
	old := k.token(auth.Claims{Tenants: []string{"acme"}})
	r := get(t, k.running, "/api/logs/tenant/acme?key="+old, sse...)
	r.next("source")
	if err := os.WriteFile(k.key, []byte("fedcba9876543210fedcba9876543210"), 0o600); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "the old key to be of no use", func() bool {
		status, _ := k.beginning(http.MethodHead, "/api/logs/tenant/acme", old)
		return status == http.StatusUnauthorized
	})
	k.fake.send(records("tenant/acme", 9, 50, 1)...)
	if got := r.next(""); !strings.Contains(got, "tenant/acme 50") {
		t.Errorf("after the change: %q", got)
	}
	if status, _ := k.beginning(http.MethodHead, "/api/logs/tenant/acme", k.token(auth.Claims{Tenants: []string{"acme"}})); status != http.StatusOK {
		t.Errorf("a token of the new key: %d", status)
	}
}
