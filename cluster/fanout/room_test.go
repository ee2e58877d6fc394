package fanout_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/fanout"
)

const maxStreams = 64

// crowded is a Hub that runs and has as many logs as it may, s-0 the oldest.
func crowded(t *testing.T) (*fanout.Hub, *fanout.Appender) {
	t.Helper()
	h, err := fanout.New(fanout.Config{MaxStreams: maxStreams, Next: next})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	app := h.Appender()
	for i := range maxStreams {
		if !add(app, fmt.Appendf(nil, "s-%d", i), entry(0, 1, 0), 1) {
			t.Fatalf("log %d is not made", i)
		}
		time.Sleep(time.Second)
	}
	return h, app
}

func TestTooManyStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, app := crowded(t)
		for i := range 1000 {
			if add(app, fmt.Appendf(nil, "more-%d", i), entry(0, 1, 0), 1) {
				t.Fatalf("log %d above the limit is made", i)
			}
		}
		if at := app.Append("more", entry(0, 1, 0), 1); at != (fanout.Position{}) {
			t.Errorf("appended at %+v", at)
		}
		// A reader may wait for one, but that makes no room for it.
		r := h.Reader()
		defer r.Close()
		r.Tail("awaited", fanout.From{})
		if add(app, []byte("awaited"), entry(0, 1, 0), 1) {
			t.Error("appended to what was only waited for")
		}
		if n := h.Streams(); n != maxStreams {
			t.Errorf("%d streams", n)
		}
		if !add(app, []byte("s-1"), entry(1, 1, 0), 1) {
			t.Error("a log that there is takes no more")
		}
	})
}

// What nobody reads and nobody has written to for long makes room, and what is
// idle for longest does first.
func TestRoomForMoreStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, app := crowded(t)
		tail, all := h.Reader(), h.Reader()
		defer tail.Close()
		defer all.Close()
		tail.Tail("s-0", fanout.From{})
		all.Subscribe("")
		app.Append("s-3", entry(1, 1, 0), 1)
		synctest.Wait()
		p, ok := all.Take(1 << 20)
		if !ok || p.Name != "s-3" || p.Count != 1 {
			t.Fatalf("the reader of everything has %+v, %v", p, ok)
		}
		p.Release()

		time.Sleep(5 * time.Minute)
		tryMore(app)
		time.Sleep(2 * time.Second)
		if n := h.Streams(); n != maxStreams {
			t.Errorf("%d streams are left when all were busy not long ago", n)
		}

		time.Sleep(10 * time.Minute)
		tryMore(app)
		time.Sleep(2 * time.Second)
		if n := h.Streams(); n != maxStreams-2 {
			t.Errorf("%d streams are left after making room, want %d", n, maxStreams-2)
		}
		for name, there := range map[string]bool{"s-0": true, "s-1": false, "s-2": false, "s-3": true, "s-4": true} {
			if _, ok := h.Stat(name); ok != there {
				t.Errorf("%s is there: %v", name, ok)
			}
		}
		// Those who match a name have the new log from its first entry; the
		// appender that knew the old one, too.
		app.Append("s-1", entry(0, 1, 0), 1)
		synctest.Wait()
		p, ok = all.Take(1 << 20)
		if !ok || p.Name != "s-1" || p.Next != 0 || p.Count != 1 || p.Lost != 0 {
			t.Errorf("the reader of everything has %+v, %v", p, ok)
		}
		p.Release()
		if n := h.Streams(); n != maxStreams-1 {
			t.Errorf("%d streams, want %d", n, maxStreams-1)
		}
	})
}

// tryMore appends to one more log, in vain.
func tryMore(app *fanout.Appender) { add(app, []byte("more"), entry(0, 1, 0), 1) }

// An empty log is forgotten, although somebody has subscribed to everything.
func TestEmptyLogIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, err := fanout.New(fanout.Config{Buffer: 1 << 10, Next: next})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- h.Run(ctx) }()
		defer func() { cancel(); <-done }()
		all := h.Reader()
		defer all.Close()
		all.Subscribe("")
		app := h.Appender()
		for i := range 100 { // the bound holds the last one or two
			app.Append(fmt.Sprint("s-", i), entry(0, 1, 0), 1)
		}
		synctest.Wait()
		for p, ok := all.Take(1 << 20); ok; p, ok = all.Take(1 << 20) {
			p.Release()
		}
		time.Sleep(2 * time.Minute)
		if n := h.Streams(); n > 2 {
			t.Errorf("%d logs are left", n)
		}
	})
}
