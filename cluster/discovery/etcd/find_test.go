package etcd_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"sluice/cluster/discovery"
	"sluice/cluster/discovery/etcd"
	"sluice/internal/relay"
	"sluice/internal/volume"
)

// Registrations are found with name, endpoint and key, as they come, change and go.
func TestFind(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	direct := client(t, s)
	key := strings.Repeat("k", 40)
	put(t, direct, "vm-1", `{"v":1,"name":"vm-1","subscribe":"tcp://10.0.0.1:5552","key":"`+key+`","rack":{"row":7}}`)
	w := watch(t, c)
	w.names("vm-1")
	if got, want := w.found().Consolidators[0], (discovery.Consolidator{Name: "vm-1", Subscribe: "tcp://10.0.0.1:5552", Key: key}); got != want {
		t.Errorf("found %+v, want %+v", got, want)
	}
	put(t, direct, "vm-2", value("vm-2", "tcp://10.0.0.2:5552"))
	w.names("vm-1", "vm-2")
	put(t, direct, "vm-1", value("vm-1", "tcp://10.0.0.9:5552"))
	w.until("the new endpoint", func(f discovery.Found) bool {
		return f.Consolidators[0].Subscribe == "tcp://10.0.0.9:5552" || f.Consolidators[1].Subscribe == "tcp://10.0.0.9:5552"
	})
	if _, err := direct.Delete(t.Context(), etcd.Prefix+"vm-1"); err != nil {
		t.Fatal(err)
	}
	w.names("vm-2")
	if p := c.Place(); p.String() != "etcd "+s.URL {
		t.Errorf("the place is %q", p)
	}
}

// What is no registration is passed over, and said in the log once.
func TestHostileRegistrations(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	direct := client(t, s)
	var mu sync.Mutex
	var log bytes.Buffer
	c := at(t, etcd.Config{Endpoints: []string{s.URL}, Logger: slog.New(slog.NewTextHandler(locked{&mu, &log}, nil))})
	hostile := map[string]string{
		"large":         value("large", "tcp://10.0.0.1:5552") + strings.Repeat(" ", 200<<10),
		"no-json":       "hello",
		"version":       `{"v":2,"name":"version","subscribe":"tcp://10.0.0.1:5552"}`,
		"other":         value("another", "tcp://10.0.0.1:5552"),
		"ipc":           value("ipc", "ipc:///run/docker.sock"),
		"scheme":        value("scheme", "udp://10.0.0.1:5552"),
		"wild":          value("wild", "tcp://*:5552"),
		"con\x1b[31m":   `{"v":1,"name":"con\u001b[31m","subscribe":"tcp://10.0.0.1:5552"}`,
		"key":           `{"v":1,"name":"key","subscribe":"tcp://10.0.0.1:5552","key":"short"}`,
		"end\x1b[2J":    value("x", "tcp://a\x1b[2J:1"),
		"":              value("", "tcp://10.0.0.1:5552"),
		"type":          `{"v":1,"name":"type","subscribe":7}`,
		"a/../../vm-1/": `[]`,
	}
	for name, v := range hostile {
		put(t, direct, name, v)
	}
	w := watch(t, c)
	put(t, direct, "vm-1", value("vm-1", "tcp://10.0.0.1:5552"))
	w.names("vm-1")
	for name, v := range hostile { // once more, as changes
		put(t, direct, name, v)
	}
	put(t, direct, "vm-2", value("vm-2", "tcp://10.0.0.2:5552"))
	w.names("vm-1", "vm-2")
	put(t, direct, "vm-2", "no longer one")
	w.names("vm-1")
	mu.Lock()
	defer mu.Unlock()
	text := log.String()
	if n := strings.Count(text, "passed over"); n < len(hostile) || n > 3*len(hostile) {
		t.Errorf("%d were complained of:\n%s", n, text)
	}
	if strings.Contains(text, "\x1b") {
		t.Errorf("an escape sequence is in the log: %q", text)
	}
}

type locked struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

// A cluster that is killed, and comes back, costs nothing, and what changed meanwhile is found.
func TestKilledAndBack(t *testing.T) {
	volume.Check(t)
	s, c := server(t)
	direct := client(t, s)
	put(t, direct, "vm-1", value("vm-1", "tcp://10.0.0.1:5552"))
	w := watch(t, c)
	w.names("vm-1")
	s.Kill()
	w.until("trouble", func(f discovery.Found) bool { return strings.Contains(f.Trouble, "connection refused") })
	s.Run()
	s.Ready()
	w.until("no trouble", func(f discovery.Found) bool { return f.Trouble == "" })
	put(t, direct, "vm-2", value("vm-2", "tcp://10.0.0.2:5552"))
	w.names("vm-1", "vm-2")
	w.neverLess("vm-1")
}

// Begun anew, empty and with lower revisions, it is followed from there; what was known
// stays for a while, and goes then.
func TestRestartedEmpty(t *testing.T) {
	volume.Check(t)
	s, c := server(t)
	c.Keep(5 * time.Second)
	direct := client(t, s)
	for i := range 5 {
		put(t, direct, "vm-1", value("vm-1", fmt.Sprintf("tcp://10.0.0.1:%d", 5552+i)))
	}
	put(t, direct, "vm-2", value("vm-2", "tcp://10.0.0.2:5552"))
	w := watch(t, c)
	w.names("vm-1", "vm-2")
	s.RestartEmpty()
	again := client(t, s)
	put(t, again, "vm-2", value("vm-2", "tcp://10.0.0.22:5552"))
	w.until("vm-2 as it registered again", func(f discovery.Found) bool {
		for _, c := range f.Consolidators {
			if c.Subscribe == "tcp://10.0.0.22:5552" {
				return len(f.Consolidators) == 2
			}
		}
		return false
	})
	w.neverLess("vm-1")
	w.names("vm-2") // in time
	w.neverLess("vm-2")
}

// When the changes since the last one are compacted away, all is read again.
func TestCompacted(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	direct := client(t, s)
	through := relay.New(t, strings.TrimPrefix(s.URL, "http://"))
	c := at(t, etcd.Config{Endpoints: []string{"http://" + through.Addr()}})
	put(t, direct, "vm-1", value("vm-1", "tcp://10.0.0.1:5552"))
	w := watch(t, c)
	w.names("vm-1")
	through.Pause(true)
	through.Cut()
	put(t, direct, "vm-2", value("vm-2", "tcp://10.0.0.2:5552"))
	for range 10 {
		put(t, direct, "vm-1", value("vm-1", "tcp://10.0.0.1:5553"))
	}
	last, err := direct.Get(t.Context(), "x")
	if err == nil {
		_, err = direct.Compact(t.Context(), last.Header.Revision, clientv3.WithCompactPhysical())
	}
	if err != nil {
		t.Fatal(err)
	}
	through.Pause(false)
	w.names("vm-1", "vm-2")
	w.neverLess("vm-1")
}

// Before etcd answers, it is said why the set is not known.
func TestNotThere(t *testing.T) {
	t.Parallel()
	w := watch(t, at(t, etcd.Config{Endpoints: []string{"127.0.0.1:1"}}))
	w.until("trouble", func(f discovery.Found) bool {
		return !f.Known && strings.HasSuffix(f.Trouble, "connection refused") && !strings.Contains(f.Trouble, "balancer")
	})
}
