package etcd_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"sluice/cluster/discovery"
	"sluice/cluster/discovery/etcd"
	"sluice/internal/foreign"
	"sluice/internal/testetcd"
	"sluice/internal/wait"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a real etcd, and a cluster of it whose times are short.
func server(t *testing.T) (*testetcd.Server, *etcd.Cluster) {
	t.Helper()
	foreign.Need(t, "etcd-server")
	s := testetcd.Start(t, testetcd.Config{})
	return s, at(t, etcd.Config{Endpoints: []string{s.URL}})
}

func at(t testing.TB, cfg etcd.Config) *etcd.Cluster {
	t.Helper()
	c, err := etcd.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.Quick()
	return c
}

// client is etcd's own.
func client(t *testing.T, s *testetcd.Server) *clientv3.Client {
	t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{s.URL}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// put writes the value of a consolidator's key.
func put(t *testing.T, c *clientv3.Client, name, value string) {
	t.Helper()
	if _, err := c.Put(t.Context(), etcd.Prefix+name, value); err != nil {
		t.Fatal(err)
	}
}

func value(name, subscribe string) string {
	return fmt.Sprintf(`{"v":1,"name":%q,"subscribe":%q}`, name, subscribe)
}

// watcher is what a Finder has found.
type watcher struct {
	t *testing.T

	mu   sync.Mutex
	now  discovery.Found
	all  []discovery.Found
	stop func()
}

func watch(t *testing.T, f discovery.Finder) *watcher {
	t.Helper()
	w := &watcher{t: t}
	w.stop = wait.Run(t, func(ctx context.Context) error {
		return f.Find(ctx, func(f discovery.Found) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.now = f
			w.all = append(w.all, f)
		})
	})
	return w
}

func (w *watcher) found() discovery.Found {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// names waits until the consolidators of these names are all there are.
func (w *watcher) names(want ...string) {
	w.t.Helper()
	w.until("the consolidators "+strings.Join(want, " "), func(f discovery.Found) bool {
		return f.Known && slices.Equal(names(f), want)
	})
}

func (w *watcher) until(what string, holds func(discovery.Found) bool) {
	w.t.Helper()
	if !wait.Until(func() bool { return holds(w.found()) }) {
		w.t.Fatalf("waited for %s: found %+v", what, w.found())
	}
}

// neverLess reports a set without one that it must always have, since it first had it.
func (w *watcher) neverLess(name string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	had := false
	for i, f := range w.all {
		has := slices.Contains(names(f), name)
		if had && !has {
			w.t.Fatalf("what was found last but %d has no %s: %+v", len(w.all)-1-i, name, f)
		}
		had = had || has
	}
}

func names(f discovery.Found) []string {
	var all []string
	for _, c := range f.Consolidators {
		all = append(all, c.Name)
	}
	slices.Sort(all)
	return all
}

func one(name, subscribe string) discovery.Consolidator {
	return discovery.Consolidator{Name: name, Subscribe: subscribe}
}

// registrar registers a consolidator, by its name and a port.
func registrar(t *testing.T, c *etcd.Cluster, name, subscribe, instance string) *etcd.Registrar {
	t.Helper()
	r, err := c.Registrar(one(name, subscribe), instance)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
