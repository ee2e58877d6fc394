package discovery_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"sluice/cluster/discovery"
	"sluice/internal/wait"
)

// watcher is what a Finder has found.
type watcher struct {
	t    testing.TB
	stop func()

	mu  sync.Mutex
	now discovery.Found
	n   int
}

func watch(t testing.TB, f discovery.Finder) *watcher {
	t.Helper()
	w := &watcher{t: t}
	w.stop = wait.Run(t, func(ctx context.Context) error {
		return f.Find(ctx, func(f discovery.Found) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.now = f
			w.n++
		})
	})
	return w
}

func (w *watcher) found() discovery.Found {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// times is how often something was found.
func (w *watcher) times() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n
}

func (w *watcher) until(what string, holds func(discovery.Found) bool) {
	w.t.Helper()
	if !wait.Until(func() bool { return holds(w.found()) }) {
		w.t.Fatalf("waited for %s: found %+v", what, w.found())
	}
}

// has waits until the set is known and these are its endpoints, without trouble.
func (w *watcher) has(endpoints ...string) {
	w.t.Helper()
	w.until("endpoints", func(f discovery.Found) bool {
		return f.Known && f.Trouble == "" && slices.Equal(subscribes(f), endpoints)
	})
}

func subscribes(f discovery.Found) []string {
	var all []string
	for _, c := range f.Consolidators {
		all = append(all, c.Subscribe)
	}
	slices.Sort(all)
	return all
}
