package consolidator_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/discovery"
	pub "sluice/cluster/publish"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// pairs are key pairs in files of one folder.
type pairs struct{ dir string }

func newPairs(t testing.TB, names ...string) pairs {
	t.Helper()
	p := pairs{t.TempDir()}
	for _, name := range names {
		p.make(t, name)
	}
	return p
}

// make makes a pair, and returns its public key.
func (p pairs) make(t testing.TB, name string) string {
	t.Helper()
	pair, err := curve.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := pair.Write(filepath.Join(p.dir, name)); err != nil {
		t.Fatal(err)
	}
	return pair.Public.String()
}

func (p pairs) secret(name string) string { return filepath.Join(p.dir, name+".key") }
func (p pairs) public(name string) string { return filepath.Join(p.dir, name+".pub") }

// list writes a list of keys, in one piece.
func (p pairs) list(t testing.TB, name string, lines ...string) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := errors.Join(os.WriteFile(path+"~", []byte(strings.Join(lines, "\n")+"\n"), 0o600), os.Rename(path+"~", path)); err != nil {
		t.Fatal(err)
	}
	return path
}

// reader reads from a consolidator whose key is in server, as a pair.
func (p pairs) reader(t testing.TB, c *consolidator.Consolidator, name, server string) *stream.Source {
	t.Helper()
	keys, err := curve.OpenKeyring(p.secret(name), []string{p.public(server)}, c.SubscribeAddrs())
	if err != nil {
		t.Fatal(err)
	}
	return source(t, direct.Config{Consolidators: c.SubscribeAddrs(), Keys: keys})
}

// publisher publishes as a pair.
func (p pairs) publisher(t testing.TB, c *consolidator.Consolidator, name, server string) *pub.Client {
	t.Helper()
	client, err := pub.Open(pub.Config{Endpoint: c.PublishAddrs()[0], CurveKey: p.secret(name), CurveServer: p.public(server)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(t.Context()) })
	return client
}

func soon(c *consolidator.Consolidator) { c.ReadKeysEvery(5 * time.Millisecond) }

// A publisher and a reader with keys, on an endpoint that others can reach, and all that
// was published arrives. A key publishes what its patterns say: nothing else takes a
// number, and it is counted by key.
func TestKeysSayWhatMayBePublished(t *testing.T) {
	t.Parallel()
	keys := newPairs(t, "vm-1", "reader")
	acme := keys.make(t, "acme")
	all := keys.make(t, "all")
	c, _ := start(t, consolidator.Config{
		Publish: []string{"tcp://0.0.0.0:0"}, Admin: anyPort,
		CurveKey:        keys.secret("vm-1"),
		CurvePublishers: keys.list(t, "publishers", "# who may publish", acme+" tenant/acme tenant/acme/*", "", all+" # the machine's own"),
	}, func(c *consolidator.Consolidator) { c.ReportEvery(20 * time.Millisecond) })
	_, port, _ := strings.Cut(strings.TrimPrefix(c.PublishAddrs()[0], "tcp://"), "]:")
	at := "tcp://127.0.0.1:" + port
	s := keys.reader(t, c, "reader", "vm-1")
	streams := []string{"tenant/acme", "tenant/acme/web", "tenant/acme2", "system", "system/sluice"}
	var got seen
	for i, name := range streams[:4] {
		s.Tail(name, stream.Backfill{})
		until(t, s, &got, func() bool { return got.begun == i+1 })
	}
	open := func(name string) *pub.Client {
		client, err := pub.Open(pub.Config{Endpoint: at, CurveKey: keys.secret(name), CurveServer: keys.public("vm-1")})
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	first := open("acme")
	for i := range 100 {
		for _, name := range streams {
			if err := first.Publish(t.Context(), name, fmt.Appendf(nil, `{"i":%d}`, i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if end := first.Close(t.Context()); end.Acknowledged != 200 || end.Uncertain != 0 {
		t.Errorf("of 500 records, of which 200 are allowed: %+v", end)
	}
	second := open("all")
	for _, name := range streams[:4] {
		if err := second.Publish(t.Context(), name, []byte(`{"last":true}`)); err != nil {
			t.Fatal(err)
		}
	}
	if end := second.Close(t.Context()); end.Acknowledged != 4 {
		t.Errorf("of 4 records that are allowed: %+v", end)
	}
	until(t, s, &got, func() bool { return len(got.records) == 204 })
	if got.lost != 0 || got.unknown != 0 {
		t.Errorf("%d lost, %d unknown, and nobody lost anything", got.lost, got.unknown)
	}
	for name, want := range map[string]uint64{"tenant/acme": 101, "tenant/acme/web": 101, "tenant/acme2": 1, "system": 1} {
		if n := c.Published(name); n != want {
			t.Errorf("%s has %d records, want %d", name, n, want)
		}
	}
	m := scrape(t, c)
	if n := m[fmt.Sprintf("records_denied_total{key=%q}", acme)]; n != 200 || m[`records_dropped_total{reason="key_may_not"}`] != 200 || m[`records_dropped_total{reason="reserved_name"}`] != 100 {
		t.Errorf("%v denied of 200: %v", n, m)
	}
	told := keys.reader(t, c, "reader", "vm-1")
	told.Tail("system/sluice", stream.Backfill{Last: 1000})
	var own seen
	until(t, told, &own, func() bool {
		said := strings.Join(own.records, "\n")
		return strings.Contains(said, `"key_may_not":`) && strings.Contains(said, `"denied":{"`+acme+`":`) && strings.Contains(said, "may not publish are refused")
	})
}

// What is too large, or has no record, writes no loss into a stream of others.
func TestKeysWriteNoLossesForOthers(t *testing.T) {
	t.Parallel()
	keys := newPairs(t, "vm-1")
	acme, all := keys.make(t, "acme"), keys.make(t, "all")
	c, _ := start(t, consolidator.Config{
		CurveKey: keys.secret("vm-1"), Admin: anyPort, CurvePublishers: keys.list(t, "publishers", acme+" tenant/acme", all),
	})
	owner := keys.publisher(t, c, "all", "vm-1")
	if err := owner.Publish(t.Context(), "system", []byte(`{"i":0}`)); err != nil {
		t.Fatal(err)
	}
	if err := owner.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	role := testpeer.AsPublisher
	role.Mechanism = keys.client(t, "acme", "vm-1")
	p := testpeer.Dial(t, c.PublishAddrs()[0], role)
	p.Send(zmtp.AppendMessage(nil, "system", make([]byte, zmtp.MaxRecord+1)))
	p.Send([]byte("\x00\x06system"))
	p.Send(zmtp.AppendMessage(nil, "tenant/acme", make([]byte, zmtp.MaxRecord+1)))
	p.Settle(zmtp.AppendMessage(nil, "tenant/acme", []byte("{}"))...)
	if n := c.Published("system"); n != 1 {
		t.Errorf("system has %d numbers, want 1", n)
	}
	if n := c.Published("tenant/acme"); n != 2 {
		t.Errorf("tenant/acme has %d numbers, want a refused record's and another", n)
	}
	m := scrape(t, c)
	if m[`records_dropped_total{reason="too_large"}`] != 2 || m[`records_dropped_total{reason="too_few_frames"}`] != 1 || m[fmt.Sprintf("records_denied_total{key=%q}", acme)] != 1 {
		t.Errorf("counted %v", m)
	}
}

func (p pairs) client(t testing.TB, name, server string) zmtp.Mechanism {
	t.Helper()
	own, err := curve.ReadPair(p.secret(name))
	if err != nil {
		t.Fatal(err)
	}
	key, err := curve.ReadKey(p.public(server))
	if err != nil {
		t.Fatal(err)
	}
	return curve.NewClient(own, key)
}

// A list that changes is taken up: who has gone loses the connection, who stays keeps it,
// and does what it may now. One with a mistake changes nothing.
func TestListsOfKeysAreReadAgain(t *testing.T) {
	t.Parallel()
	keys := newPairs(t, "vm-1")
	a, b, r := keys.make(t, "a"), keys.make(t, "b"), keys.make(t, "r")
	publishers, readers := keys.list(t, "publishers", a, b+" one"), keys.list(t, "readers", r)
	var logged buffer
	c, _ := start(t, consolidator.Config{
		CurveKey: keys.secret("vm-1"), CurvePublishers: publishers, CurveSubscribers: readers, Admin: anyPort, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
	}, soon)
	role := testpeer.AsPublisher
	dial := func(name string) *testpeer.Peer {
		role.Mechanism = keys.client(t, name, "vm-1")
		return testpeer.Dial(t, c.PublishAddrs()[0], role)
	}
	ofA, ofB := dial("a"), dial("b")
	asReader := testpeer.AsReader
	asReader.Mechanism = keys.client(t, "r", "vm-1")
	ofR := testpeer.Dial(t, c.SubscribeAddrs()[0], asReader)

	ofB.Settle(append(message("one", 0), message("two", 0)...)...)
	keys.list(t, "publishers", a, b+" one", "no key at all")
	wait.For(t, "the mistake to be logged", func() bool { return logged.count("line 3") > 0 })
	ofA.Settle(message("one", 1)...)
	keys.list(t, "publishers", "# a has gone", b+" two")
	ofA.Ends()
	ofB.Settle(append(message("one", 2), message("two", 1)...)...)
	keys.list(t, "readers", a)
	ofR.Ends()
	if one, two := c.Published("one"), c.Published("two"); one != 2 || two != 1 {
		t.Errorf("%d and %d records, want 2 and 1", one, two)
	}
	if _, err := testpeer.Connect(c.SubscribeAddrs()[0], asReader); err == nil || !strings.Contains(err.Error(), "the key "+r+" may not connect here") {
		t.Errorf("a key that has gone: %v", err)
	}
	wait.For(t, "all to be counted", func() bool {
		m := scrape(t, c)
		return m[`connections_closed_total{reason="key_gone"}`] == 2 && m[`connections_refused_total{reason="key_not_allowed"}`] == 1
	})
}

// Whoever has no keys, or those of another cluster, learns what to do.
func TestErrorsOfKeys(t *testing.T) {
	t.Parallel()
	keys := newPairs(t, "vm-1", "other", "stranger", "known")
	known, err := curve.ReadKey(keys.public("known"))
	if err != nil {
		t.Fatal(err)
	}
	list := keys.list(t, "list", known.String())
	c, _ := start(t, consolidator.Config{CurveKey: keys.secret("vm-1"), CurvePublishers: list, CurveSubscribers: list})
	plain, _ := start(t, consolidator.Config{})
	said := func(s *stream.Source, want string) {
		t.Helper()
		wait.For(t, fmt.Sprintf("%q to be said", want), func() bool {
			all := s.Status()
			return len(all) == 1 && strings.Contains(all[0].Err, want)
		})
	}
	said(source(t, direct.Config{Consolidators: c.SubscribeAddrs()}), "give its public key (--curve-server)")
	said(keys.reader(t, c, "known", "other"), "most likely since its key is not")
	said(keys.reader(t, c, "stranger", "vm-1"), "may not connect here: add it to its list of keys")
	said(keys.reader(t, plain, "known", "vm-1"), "started without a key")
	unknown, err := curve.OpenKeyring(keys.secret("known"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	said(source(t, direct.Config{Consolidators: c.SubscribeAddrs(), Keys: unknown}), "give it by --curve-server")
	failed := func(client *pub.Client, want string) {
		t.Helper()
		wait.For(t, fmt.Sprintf("%q to be said", want), func() bool {
			err := client.Status().Err
			return err != nil && strings.Contains(err.Error(), want)
		})
	}
	failed(keys.publisher(t, c, "stranger", "vm-1"), "may not connect here")
	failed(keys.publisher(t, c, "known", "other"), "most likely since its key is not")
	failed(keys.publisher(t, plain, "known", "vm-1"), "started without a key")
	withoutKeys, err := pub.Open(pub.Config{Endpoint: c.PublishAddrs()[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer withoutKeys.Close(t.Context())
	failed(withoutKeys, "give its public key (--curve-server)")
}

// A reader needs no more than its own pair where the consolidator's key is found with its
// endpoint, and takes up another one when it changes.
func TestKeysThatAreFound(t *testing.T) {
	t.Parallel()
	keys := newPairs(t, "vm-1", "other", "reader")
	c, _ := start(t, consolidator.Config{CurveKey: keys.secret("vm-1")})
	ring, err := curve.OpenKeyring(keys.secret("reader"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := curve.ReadKey(keys.public("other"))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{c.PublicKey(): "", other.String(): "most likely since its key is not"} {
		finder, err := discovery.Static([]discovery.Consolidator{{Name: "vm-1", Subscribe: c.SubscribeAddrs()[0], Key: key}})
		if err != nil {
			t.Fatal(err)
		}
		s := source(t, direct.Config{Finder: finder, Keys: ring})
		wait.For(t, "a connection, or why there is none", func() bool {
			all := s.Status()
			if len(all) != 1 {
				return false
			}
			return want == "" && all[0].State == stream.StateLive || want != "" && strings.Contains(all[0].Err, want)
		})
		bare := source(t, direct.Config{Finder: finder})
		wait.For(t, "a reader without a pair to be told", func() bool {
			all := bare.Status()
			return len(all) == 1 && strings.Contains(all[0].Err, "--curve-key")
		})
	}
}

// Beyond this machine a consolidator wants a key, or to be told that it needs none; and
// what is wrong with keys is said before it listens.
func TestKeysAreWanted(t *testing.T) {
	t.Parallel()
	keys := newPairs(t, "vm-1")
	bad := keys.list(t, "bad", "# nothing yet", "0123456789")
	empty := keys.list(t, "empty", "# nobody")
	for name, c := range map[string]struct {
		cfg  consolidator.Config
		want []string // in the error; none for none
	}{
		"publish endpoint":   {consolidator.Config{Publish: []string{"tcp://*:0"}}, []string{"sluice keygen", "--curve-key", "--insecure"}},
		"subscribe endpoint": {consolidator.Config{Subscribe: []string{"tcp://*:0"}}, []string{"sluice keygen", "--curve-key", "--insecure"}},
		"told":               {consolidator.Config{Publish: []string{"tcp://*:0"}, Insecure: true}, nil},
		"keyed":              {consolidator.Config{Publish: []string{"tcp://*:0"}, CurveKey: keys.secret("vm-1")}, nil},
		"public half":        {consolidator.Config{CurveKey: keys.public("vm-1")}, []string{"has no secret key", "vm-1.key"}},
		"no file":            {consolidator.Config{CurveKey: keys.secret("nobody")}, []string{"nobody.key", "no such file"}},
		"list without key":   {consolidator.Config{CurvePublishers: bad}, []string{"--curve-key"}},
		"bad list":           {consolidator.Config{CurveKey: keys.secret("vm-1"), CurveSubscribers: bad}, []string{"bad", "line 2", "40 characters"}},
		"empty list":         {consolidator.Config{CurveKey: keys.secret("vm-1"), CurveSubscribers: empty}, []string{"has no key"}},
	} {
		for _, list := range []*[]string{&c.cfg.Publish, &c.cfg.Subscribe} {
			if *list == nil {
				*list = []string{"tcp://127.0.0.1:0"}
			}
		}
		server, err := consolidator.New(c.cfg)
		switch {
		case err == nil:
			server.Close()
			if len(c.want) > 0 {
				t.Errorf("%s: it starts", name)
			}
		case len(c.want) == 0:
			t.Errorf("%s: %v", name, err)
		case slices.ContainsFunc(c.want, func(w string) bool { return !strings.Contains(err.Error(), w) }):
			t.Errorf("%s: %v, want %q in it", name, err, c.want)
		}
	}
}
