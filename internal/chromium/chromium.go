// Package chromium opens pages in a real browser, Debian's chromium, for tests.
package chromium

import (
	"context"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"sluice/internal/foreign"
	"sluice/internal/wait"
)

// Browser is one process, for the tabs of a test.
type Browser struct {
	ctx context.Context
}

// Options are those of a browser without a screen that keeps to itself, with its data in
// a folder that is empty.
func Options(dir string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.ExecPath("/usr/bin/chromium"),
		chromedp.UserDataDir(dir),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
	}
}

// Start starts a browser that ends with the test, which is skipped where there is none.
func Start(t testing.TB) *Browser {
	t.Helper()
	foreign.Need(t, "chromium")
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(Options(t.TempDir()), chromedp.WSURLReadTimeout(wait.Limit))...)
	b := &Browser{}
	b.ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		_ = chromedp.Cancel(b.ctx) // waits for the process; one that is gone is as good
		cancel()
	})
	if err := chromedp.Do(b.ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return b
}

// Tab is one tab of a browser. What scripts throw in it, and what a policy forbids, is
// in Wrong.
type Tab struct {
	Context context.Context // for chromedp
	t       testing.TB

	mu    sync.Mutex
	wrong []string
}

// Open opens an empty tab of a size, in CSS pixels, that closes with the test. Tabs of
// one test share nothing that they store.
func (b *Browser) Open(t testing.TB, width, height int) *Tab {
	t.Helper()
	tab := &Tab{t: t}
	tab.Context, _ = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	err := chromedp.Do(tab.Context, chromedp.EmulateViewport(int64(width), int64(height)))
	if err != nil {
		t.Fatalf("open a tab of chromium: %v", err)
	}
	done := make(chan struct{})
	console := chromedp.Console(tab.Context)
	go func() {
		defer close(done)
		for m, err := range console {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" && m.Source != "network" { // the browser logs each status of 400 and above
				tab.note(m.String())
			}
		}
	}()
	t.Cleanup(func() {
		_ = chromedp.Cancel(tab.Context) // a tab that is gone is as good
		<-done
	})
	return tab
}

func (tab *Tab) note(text string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.wrong = append(tab.wrong, text)
}

// Wrong returns what went wrong in the page.
func (tab *Tab) Wrong() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return tab.wrong
}

// Do does actions, within wait.Limit.
func (tab *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.Context, wait.Limit)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		tab.t.Fatalf("in chromium: %v; wrong: %q", err, tab.Wrong())
	}
}

// Get does an action that has a value, within wait.Limit.
func Get[T any](tab *Tab, action chromedp.Action[T]) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.Context, wait.Limit)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		tab.t.Fatalf("in chromium: %v; wrong: %q", err, tab.Wrong())
	}
	return v
}

// Eval is the value of an expression of JavaScript, which may be a promise.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	return Get(tab, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Wait waits until an expression holds, also beyond the end of the page.
func (tab *Tab) Wait(expression string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.Context, wait.Limit)
	defer cancel()
	var err error
	held := wait.Until(func() bool {
		var holds bool
		holds, err = chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		return err == nil && holds
	})
	if !held {
		tab.t.Fatalf("in chromium: %s does not come to hold: %v; wrong: %q; the page says %.2000q", expression, err, tab.Wrong(), Eval[string](tab, "document.body.innerText"))
	}
}
