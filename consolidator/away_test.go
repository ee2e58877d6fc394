package consolidator_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/internal/relay"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// That a connection breaks says nothing about publishers.
func TestACutIsNoAbsence(t *testing.T) {
	t.Parallel()
	c, _ := start(t, consolidator.Config{})
	link := relay.New(t, strings.TrimPrefix(c.SubscribeAddrs()[0], "tcp://"))
	s := source(t, direct.Config{Consolidators: []string{"tcp://" + link.Addr()}})
	s.Tail("system", stream.Backfill{})
	var got seen
	until(t, s, &got, func() bool { return got.begun == 1 })
	link.Cut()
	until(t, s, &got, func() bool { return got.states[len(got.states)-1] == "vm-1 lost" })
	send(t, publish(t, c.PublishAddrs()[0]), message("system", 0))
	until(t, s, &got, func() bool { return len(got.records) == 1 })
	if len(got.away) > 0 {
		t.Errorf("after a cut: %+v", got.away)
	}
}

// A consolidator that was restarted knows nothing of what its publishers dropped: its
// readers are told for how long it was away, once, however many streams they read.
func TestARestartIsAnAbsence(t *testing.T) {
	t.Parallel()
	c, stop := start(t, consolidator.Config{})
	pub, sub := c.PublishAddrs(), c.SubscribeAddrs()
	s := source(t, direct.Config{Consolidators: sub})
	var got seen
	for i, name := range []string{"system", "tenant/acme"} {
		s.Tail(name, stream.Backfill{})
		until(t, s, &got, func() bool { return got.begun == i+1 })
	}
	p := publish(t, pub[0])
	send(t, p, message("system", 0))
	until(t, s, &got, func() bool { return len(got.records) == 1 })
	began := time.Now()
	stop()
	until(t, s, &got, func() bool { return got.states[len(got.states)-1] == "vm-1 lost" })
	c, _ = start(t, consolidator.Config{Publish: pub, Subscribe: sub})
	until(t, s, &got, func() bool { return got.begun == 4 && len(got.away) > 0 })
	send(t, publish(t, c.PublishAddrs()[0]), message("system", 1))
	until(t, s, &got, func() bool { return len(got.records) == 2 })
	if a := got.away; len(a) != 1 || a[0].Source != "vm-1" || a[0].Stood || a[0].Away <= 0 || a[0].Away > time.Since(began) {
		t.Errorf("after a restart: %+v", a)
	}
	if got.lost > 0 || got.unknown > 0 {
		t.Errorf("%d lost, %d unknown", got.lost, got.unknown)
	}
}

// A consolidator that was stopped finds out, and tells its readers once: who was
// connected all the time, and who lost the connection and has it back. Who comes later
// is not told.
func TestAStandstillIsAnAbsence(t *testing.T) {
	volume.Check(t)
	p := spawn(t)
	link := relay.New(t, strings.TrimPrefix(p.subscribe, "tcp://"))
	var got [2]seen
	var sources [2]*stream.Source
	for i, addr := range []string{p.subscribe, "tcp://" + link.Addr()} {
		sources[i] = source(t, direct.Config{Consolidators: []string{addr}})
		sources[i].Tail("system", stream.Backfill{})
		until(t, sources[i], &got[i], func() bool { return got[i].begun == 1 })
	}
	signal := func(s syscall.Signal) {
		if err := p.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	signal(syscall.SIGSTOP)
	link.Cut()
	const stopped = 1700 * time.Millisecond
	wait.For(t, "it to have been stopped for long enough", func() bool { return time.Since(began) > stopped })
	signal(syscall.SIGCONT)
	for i, s := range sources {
		until(t, s, &got[i], func() bool { return len(got[i].away) > 0 })
	}
	lasted := time.Since(began)
	link.Cut() // it is told again, and does not tell again
	pub := publish(t, p.publish)
	late := source(t, direct.Config{Consolidators: []string{p.subscribe}})
	late.Tail("system", stream.Backfill{})
	var lately seen
	until(t, late, &lately, func() bool { return lately.begun == 1 })
	send(t, pub, message("system", 1))
	for i, s := range sources {
		until(t, s, &got[i], func() bool { return len(got[i].records) == 1 })
		if a := got[i].away; len(a) != 1 || !a[0].Stood || a[0].Away < time.Second || a[0].Away > lasted || a[0].Source != "vm-1" {
			t.Errorf("reader %d: %+v, it was stopped for up to %v", i, a, lasted)
		}
	}
	until(t, late, &lately, func() bool { return len(lately.records) == 1 })
	if len(lately.away) > 0 {
		t.Errorf("one who came later: %+v", lately.away)
	}
}
