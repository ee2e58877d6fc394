package proxy_test

import (
	"slices"
	"strings"
	"testing"

	"sluice/cluster/stream"
	"sluice/proxy"
)

// A consolidator that is in the cluster no more is told of once, with what it had as
// lost; then the reader goes on by places in the log, like any other.
func TestResumeTellsOfTheGone(t *testing.T) {
	cl := newCluster(10, 0)
	p := start(t, nil, func(cfg *proxy.Config) { cfg.Open = cl.open })
	r := get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:9:9, vm-2:7:4, vm-3:7:4", "Last-Event-ID", "zzz.5.1.5")...)
	lost := r.next("dropped")
	if l := lossOf(t, lost); !l.Unknown || l.Count != 0 || !strings.HasSuffix(l.Reason, ": vm-2, vm-3") {
		t.Errorf("told %s", lost)
	}
	if id := field(r.next("live"), "id"); strings.HasPrefix(id, "0.") {
		t.Errorf("it still catches up, at %q", id)
	}
	cl.main.send(records("s", 9, 10, 1)...)
	if got, want := have(r, 1), []string{":10"}; !slices.Equal(got, want) {
		t.Errorf("then %q came, want %q", got, want)
	}
}

// As long as one was not reached yet, it may be that one: the reader catches up until
// it is known to be another.
func TestResumeTellsOfTheGoneOnceAllAreReached(t *testing.T) {
	cl := newCluster(10, 0)
	p := start(t, nil, func(cfg *proxy.Config) { cfg.Open = cl.open })
	other := get(t, p, "/api/logs/s", ours()...)
	other.next("live")
	cl.main.become("", "127.0.0.1:5562", stream.StateConnecting)
	cl.main.logged(t) // or the reader comes before it
	r := get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:9:9, vm-2:7:4", "Last-Event-ID", "zzz.5.1.5")...)
	if id := field(r.next("live"), "id"); !strings.HasPrefix(id, "0.") {
		t.Errorf("it does not catch up, at %q", id)
	}
	cl.main.become("127.0.0.1:5562", "vm-3", stream.StateLive)
	late := records("s", 8, 0, 1)
	late[0].Source = "vm-3"
	cl.main.send(late...)
	cl.main.send(records("s", 9, 10, 2)...)
	got := have(r, 3)
	cl.main.send(records("s", 9, 12, 1)...)
	got = append(got, have(r, 1)...)
	want := []string{"vm-3/8:0", "lost 0 true", ":10", ":11", ":12"}
	slices.Sort(got) // the loss stands somewhere among them
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	cl.main.send(records("s", 9, 13, 1)...)
	if id := field(r.next(""), "id"); strings.HasPrefix(id, "0.") {
		t.Errorf("it still catches up, at %q", id)
	}
}

// A consolidator that nothing was told of yet is known as soon as another is.
func TestAllAreKnownWithTheFirst(t *testing.T) {
	f := newFake()
	clear(f.states)
	p := start(t, f, nil)
	r := get(t, p, "/api/logs/s", ours()...)
	r.next("live")
	f.mu.Lock()
	f.states["127.0.0.1:5562"] = stream.StateConnecting
	f.mu.Unlock()
	f.become("", "vm-1", stream.StateLive)
	names := []string{r.next("source"), r.next("source")}
	slices.Sort(names)
	if !strings.Contains(names[0], `"127.0.0.1:5562"`) || !strings.Contains(names[1], `"vm-1"`) {
		t.Errorf("told of %q", names)
	}
}
