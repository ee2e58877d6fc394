package fanout_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/fanout"
)

const maxStreams = 64

// crowded is a Hub that runs and has as many logs as it may, s-0 the oldest, each
// made by another appender; and an appender that knows all of them.
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
		name := fmt.Sprintf("s-%d", i)
		if !add(h.Appender(), []byte(name), entry(0, 1, 0), 1) {
			t.Fatalf("log %d is not made", i)
		}
		app.End(name)
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
		if n := h.Streams(); n != maxStreams-5 {
			t.Errorf("%d streams are left after making room, want %d", n, maxStreams-5)
		}
		for name, there := range map[string]bool{"s-0": true, "s-1": false, "s-2": false, "s-3": true, "s-4": false, "s-6": false, "s-7": true} {
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
		if n := h.Streams(); n != maxStreams-4 {
			t.Errorf("%d streams, want %d", n, maxStreams-4)
		}
	})
}

// tryMore appends to one more log, in vain.
func tryMore(app *fanout.Appender) { add(app, []byte("more"), entry(0, 1, 0), 1) }

// One that makes logs without end has at most half of what there is; and when it
// comes back again and again, under other names, what it had made and left goes.
// Others make theirs, and keep them.
func TestLogsWithoutEnd(t *testing.T) {
	const maxStreams = 1024
	synctest.Test(t, func(t *testing.T) {
		h, err := fanout.New(fanout.Config{MaxStreams: maxStreams, Next: next})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- h.Run(ctx) }()
		defer func() { cancel(); <-done }()
		good := h.Appender()
		gone := h.Appender() // it was there once, and was good, too
		for i := range 4 {
			add(gone, fmt.Appendf(nil, "gone-%d", i), entry(0, 1, 0), 1)
		}
		gone.Close()
		made := 0
		for round := range 50 {
			bad := h.Appender()
			mine := 0
			for i := range 3 * maxStreams {
				if add(bad, fmt.Appendf(nil, "bad-%d-%d", round, i), entry(0, 1, 0), 1) {
					mine++
				}
			}
			if mine > maxStreams/2 {
				t.Fatalf("one has made %d logs of %d", mine, maxStreams)
			}
			made += mine
			if round%5 == 0 {
				name := fmt.Sprintf("good-%d", round)
				tries := 0
				for ; !add(good, []byte(name), entry(0, 1, 0), 1); tries++ {
					if tries == 3 {
						t.Fatalf("round %d: no room for another's log", round)
					}
					time.Sleep(time.Second)
				}
			}
			bad.Close()
			time.Sleep(5 * time.Second)
		}
		if made < 2*maxStreams {
			t.Fatalf("it has made only %d logs", made)
		}
		for _, prefix := range []string{"gone-", "good-"} {
			n := 0
			for st := range h.Stats {
				if strings.HasPrefix(st.Name, prefix) && st.Next == 1 {
					n++
				}
			}
			if want := map[string]int{"gone-": 4, "good-": 10}[prefix]; n != want {
				t.Errorf("%d logs of %s are left, of %d", n, prefix, want)
			}
		}
		if n := h.Streams(); n > maxStreams {
			t.Errorf("%d streams", n)
		}

		// Who takes over a log that is left has it as its own.
		heir := h.Appender()
		for i := range 4 {
			add(heir, fmt.Appendf(nil, "gone-%d", i), entry(1, 1, 0), 1)
		}
		add(heir, []byte("one more"), entry(0, 1, 0), 1)
		if st, _ := h.Stat("gone-0"); st.Next != 2 {
			t.Errorf("the log that was taken over is at %d", st.Next)
		}
	})
}

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
