package consume_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sluice/archive/consume"
	"sluice/archive/engine"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

func TestWhatIsWrongIsToldWithWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	handle := func(context.Context, *consume.Batch) error { return nil }
	base := consume.Config{Archive: w.engine.Client, Group: "g", Streams: []string{"system/*"}, Handle: handle, Drain: true}
	if err := worker(t, base).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*consume.Config){
		"cannot name a group":           func(c *consume.Config) { c.Group = "a.b" },
		"name the same streams":         func(c *consume.Config) { c.Streams = []string{"tenant/*"} },
		"group g is not ordered":        func(c *consume.Config) { c.Ordered = true },
		"name the streams":              func(c *consume.Config) { c.Group, c.Streams = "other", nil },
		"give one of them":              func(c *consume.Config) { c.Start = consume.Start{Last: 1, New: true} },
		"a negative timeout":            func(c *consume.Config) { c.Timeout = -1 },
		"an archive and a handler must": func(c *consume.Config) { c.Handle = nil },
	} {
		c := base
		change(&c)
		x, err := consume.New(c)
		if err == nil {
			err = x.Run(t.Context())
		}
		if !errors.Is(err, consume.ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestForgottenGroupEndsItsWorkersAndBeginsAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("system/a", lines("a", 0, 3)...)
	var d done
	c := consume.Config{Archive: w.engine.Client, Group: "g", Streams: []string{"system/*"}, Handle: d.handle}
	ended := make(chan error, 1)
	x := worker(t, c)
	go func() { ended <- x.Run(t.Context()) }()
	wait.For(t, "it is done", func() bool { return d.count() == 3 })
	if err := consume.Forget(t.Context(), w.engine.Client, "g"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, consume.ErrConfig) || !strings.Contains(err.Error(), "not there any more") {
		t.Errorf("the worker ends with %v", err)
	}
	if err := consume.Forget(t.Context(), w.engine.Client, "g"); !errors.Is(err, consume.ErrConfig) {
		t.Errorf("forgotten twice: %v", err)
	}
	c.Drain = true
	y := worker(t, c)
	if err := y.Run(t.Context()); err != nil || y.Stats().Records != 3 {
		t.Errorf("anew: %d records, %v", y.Stats().Records, err)
	}
}

func TestHandlerThatPanicsOrTakesTooLongIsPutAside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("system/a", "panics", "hangs", "fine")
	var d done
	c := consume.Config{
		Archive: w.engine.Client, Group: "g", Streams: []string{"system/*"}, Attempts: 1, Timeout: 100 * time.Millisecond, Drain: true,
		Handle: func(ctx context.Context, b *consume.Batch) error {
			for _, r := range b.Records {
				switch string(r) {
				case "panics":
					panic("at the record")
				case "hangs":
					<-ctx.Done()
					return ctx.Err()
				}
			}
			return d.handle(ctx, b)
		},
	}
	if err := worker(t, c).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	why := map[string]string{}
	for _, i := range w.items(consume.Deferred{Group: "g", Dead: true}) {
		why[string(i.Records[0])] = i.Error
	}
	if d.count() != 1 || len(why) != 2 || why["panics"] != "the handler panicked: at the record" || why["hangs"] != "it took longer than 100ms" {
		t.Errorf("done %d, dead %q", d.count(), why)
	}
}

func TestUserWhoMayWorkCan(t *testing.T) {
	t.Parallel()
	e, err := engine.Open(t.Context(), engine.Config{Store: t.TempDir(), Listen: "127.0.0.1:0", Users: []engine.User{{Name: "joe", Password: "secret", May: engine.Work}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	w := worldOf(t, e)
	w.write("system/a", "a", "poison", "c")
	client, err := engine.Dial(engine.DialConfig{URLs: []string{"nats://" + e.Addr()}, User: "joe", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	for _, ordered := range []bool{false, true} {
		var d done
		c := consume.Config{Archive: client, Group: "g", Streams: []string{"system/*"}, Handle: d.handle, Attempts: 1, Ordered: ordered, Start: consume.Start{Last: 100}, Drain: true}
		if err := worker(t, c).Run(t.Context()); err != nil || d.count() != 2 {
			t.Fatalf("done %d, %v", d.count(), err)
		}
		dead := consume.Deferred{Archive: client, Group: "g", Dead: true}
		for _, i := range w.items(dead) {
			if err := errors.Join(dead.Retry(t.Context(), i.ID), dead.Drop(t.Context(), i.ID+1)); !errors.Is(err, consume.ErrNoItem) {
				t.Errorf("got %v", err)
			}
		}
		if err := consume.Forget(t.Context(), client, "g"); err != nil {
			t.Error(err)
		}
	}
}

func TestArchiveThatIsAwayIsWaitedFor(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	store := t.TempDir()
	e, err := engine.Open(t.Context(), engine.Config{Store: store, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	address := e.Addr()
	client, err := engine.Dial(engine.DialConfig{URLs: []string{"nats://" + address}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	w := worldOf(t, e)
	var plain, ordered done
	for _, c := range []consume.Config{{Group: "plain", Handle: plain.handle}, {Group: "ordered", Handle: ordered.handle, Ordered: true}} {
		c.Archive, c.Streams = client, []string{"system/*"}
		wait.Run(t, worker(t, c).Run)
	}
	w.write("system/a", lines("a", 0, 10)...)
	wait.For(t, "the first are done", func() bool { return plain.count() == 10 && ordered.count() == 10 })
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e, err = engine.Open(t.Context(), engine.Config{Store: store, Listen: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	w.engine = e
	w.write("system/a", lines("a", 10, 10)...)
	wait.For(t, "work goes on", func() bool { return plain.count() == 20 && ordered.count() == 20 })
}
