package discovery_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/cluster/discovery"
	"sluice/internal/smalldisk"
	"sluice/internal/wait"
)

// told finds what a test tells it.
type told chan discovery.Found

func (f told) Find(ctx context.Context, found func(discovery.Found)) error {
	for {
		select {
		case all := <-f:
			found(all)
		case <-ctx.Done():
			return nil
		}
	}
}

func (told) Place() discovery.Place { return discovery.Place{Name: "test", Address: "here"} }

func cachedAt(path string, f discovery.Finder, patience time.Duration) discovery.Finder {
	return discovery.Quick(discovery.Cached(f, path, slog.New(slog.DiscardHandler)), patience)
}

// What was found is there at the next start, when the place does not answer, and it is said
// how old it is.
func TestCached(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "cache.json")
	first := make(told)
	w := watch(t, cachedAt(path, first, wait.Limit))
	first <- discovery.Found{Known: true, Consolidators: []discovery.Consolidator{{Name: "vm-1", Subscribe: "tcp://10.0.0.1:5552", Key: strings.Repeat("k", 40)}}}
	w.has("tcp://10.0.0.1:5552")
	wait.For(t, "the file", func() bool { _, err := os.Stat(path); return err == nil })
	first <- discovery.Found{Known: true} // none is kept
	w.has()
	w.stop()

	for name, answer := range map[string]*discovery.Found{"silent": nil, "refused": {Trouble: "connection refused"}} {
		t.Run(name, func(t *testing.T) {
			again := make(told)
			patience := time.Millisecond
			if answer != nil {
				patience = wait.Limit
			}
			w := watch(t, cachedAt(path, again, patience))
			if answer != nil {
				again <- *answer
			}
			w.until("what was known", func(f discovery.Found) bool {
				return f.Known && len(f.Consolidators) == 1 && f.Consolidators[0].Name == "vm-1" && strings.Contains(f.Trouble, " ago are read")
			})
			again <- discovery.Found{Known: true, Consolidators: discovery.At("tcp://10.0.0.2:5552")}
			w.has("tcp://10.0.0.2:5552")
			again <- discovery.Found{Known: true, Consolidators: w.found().Consolidators, Trouble: "no answer"}
			w.until("trouble as it is", func(f discovery.Found) bool { return f.Trouble == "no answer" && len(f.Consolidators) == 1 })
			w.stop()
			write(t, path, `{"v":1,"saved":"2026-01-02T03:04:05Z","place":"test here","consolidators":[{"name":"vm-1","subscribe":"tcp://10.0.0.1:5552"}]}`)
		})
	}
}

// A file that is none, or about another place, is not used, and not in the way.
func TestCacheRefuses(t *testing.T) {
	place := told(nil).Place()
	const good = `{"v":1,"saved":"2026-01-02T03:04:05Z","place":"test here","consolidators":[{"subscribe":"tcp://10.0.0.1:5552"}]}`
	if list, err := discovery.ParseKept([]byte(good), place); err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	for _, change := range [][2]string{
		{`"v":1`, `"v":2`},
		{`test here`, `test there`},
		{`tcp://10.0.0.1:5552`, `10.0.0.1`},
		{`[{"subscribe":"tcp://10.0.0.1:5552"}]`, `[]`},
		{good, `{`},
		{good, strings.Repeat(" ", 2<<20)},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		if list, err := discovery.ParseKept([]byte(text), place); err == nil {
			t.Errorf("%.80s is taken for %+v", text, list)
		}
		path := filepath.Join(t.TempDir(), "cache.json")
		write(t, path, text)
		f := make(told)
		w := watch(t, cachedAt(path, f, wait.Limit))
		f <- discovery.Found{Trouble: "no answer"}
		f <- discovery.Found{Trouble: "no answer", Known: true, Consolidators: discovery.At("tcp://10.0.0.3:5552")}
		w.until("what is known", func(f discovery.Found) bool { return len(f.Consolidators) == 1 && f.Trouble == "no answer" })
	}
}

// However many find, one does.
func TestShared(t *testing.T) {
	f := make(told)
	s := discovery.Shared(f)
	a := watch(t, s)
	f <- discovery.Found{Known: true, Consolidators: discovery.At("tcp://a:1")}
	a.has("tcp://a:1")
	b := watch(t, s)
	b.has("tcp://a:1")
	f <- discovery.Found{Known: true, Consolidators: discovery.At("tcp://b:1")}
	a.has("tcp://b:1")
	b.has("tcp://b:1")
	a.stop()
	f <- discovery.Found{Known: true, Consolidators: discovery.At("tcp://c:1")}
	b.has("tcp://c:1")
	b.stop()
	c := watch(t, s) // anew
	f <- discovery.Found{Known: true, Consolidators: discovery.At("tcp://d:1")}
	c.has("tcp://d:1")
	if s.Place() != f.Place() {
		t.Errorf("the place is %v", s.Place())
	}
}

type panicking struct{ told }

func (panicking) Find(context.Context, func(discovery.Found)) error { panic("boom") }

// A panic is what all who share get.
func TestSharedPanics(t *testing.T) {
	err := discovery.Shared(panicking{}).Find(t.Context(), func(discovery.Found) {})
	if err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("it ended with %v", err)
	}
}

// logged is what was logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

// On a disk that is full what was kept stays as it was, which is told once; with room it
// is replaced.
func TestCachedOnAFullDisk(t *testing.T) {
	d := smalldisk.New(t, 256)
	path := filepath.Join(d.Dir, "cache.json")
	first, log := make(told), new(logged)
	w := watch(t, discovery.Quick(discovery.Cached(first, path, slog.New(slog.NewTextHandler(log, nil))), wait.Limit))
	keeps := func(address string) bool {
		text, err := os.ReadFile(path)
		if err != nil {
			return false
		}
		list, err := discovery.ParseKept(text, first.Place())
		return err == nil && len(list) == 1 && list[0].Subscribe == address
	}
	first <- discovery.Found{Known: true, Consolidators: discovery.At("tcp://10.0.0.1:5552")}
	wait.For(t, "the file", func() bool { return keeps("tcp://10.0.0.1:5552") })
	for i, address := range []string{"tcp://10.0.0.2:5552", "tcp://10.0.0.3:5552"} {
		d.Fill(t)
		first <- discovery.Found{Known: true, Consolidators: discovery.At(address)}
		wait.For(t, "the word of it", func() bool { return log.count("no space left") == i+1 })
		if keeps(address) {
			t.Error("it was kept on a full disk")
		}
		for range 3 { // it is tried again and again
			first <- discovery.Found{Known: true, Consolidators: discovery.At(address)}
		}
		d.Free(t)
		wait.For(t, "the file to be replaced", func() bool { return keeps(address) })
		if n := log.count("no space left"); n != i+1 {
			t.Errorf("it was told %d times, want %d", n, i+1)
		}
	}
	w.stop()
	if names, err := os.ReadDir(d.Dir); err != nil || len(names) != 1 {
		t.Errorf("there is %v, %v", names, err)
	}
}
