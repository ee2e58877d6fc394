package consume_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"sluice/archive/consume"
	"sluice/internal/wait"
)

// done is what handlers have done, by record.
type done struct {
	mu    sync.Mutex
	times map[string]int

	losses []string // as they were told
}

func (d *done) handle(_ context.Context, b *consume.Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if b.Loss != nil {
		d.losses = append(d.losses, b.Loss.Text())
	}
	if d.times == nil {
		d.times = map[string]int{}
	}
	for _, r := range b.Records {
		if strings.Contains(string(r), "poison") {
			return errors.New("it is poisoned")
		}
	}
	for _, r := range b.Records {
		d.times[string(r)]++
	}
	return nil
}

func (d *done) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.times)
}

func worker(t testing.TB, c consume.Config) *consume.Worker {
	t.Helper()
	w, err := consume.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestBacklogAndNewOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("system/a", lines("a", 0, 10)...)
	w.write("system/b", lines("b", 0, 10)...)
	var d done
	x := worker(t, consume.Config{Archive: w.engine.Client, Group: "g", Streams: []string{"system/*"}, Handle: d.handle})
	wait.Run(t, x.Run)
	wait.For(t, "the backlog is done", func() bool { return d.count() == 20 })
	w.write("system/a", lines("a", 10, 10)...)
	wait.For(t, "new ones are done", func() bool { return d.count() == 30 })
	for r, n := range d.times {
		if n != 1 {
			t.Errorf("%s was done %d times", r, n)
		}
	}
}

func TestPoisonedRecordEndsAmongTheDead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	records := lines("a", 0, 100)
	records[37] = `{"msg":"poison"}`
	w.write("system/a", records...)
	var d done
	x := worker(t, consume.Config{Archive: w.engine.Client, Group: "g", Streams: []string{"system/*"}, Handle: d.handle, Attempts: 2})
	wait.Run(t, x.Run)
	wait.For(t, "its neighbours are done", func() bool { return d.count() == 99 })
	wait.For(t, "it is dead", func() bool { return x.Stats().Dead == 1 })
}

func TestDamagedAndForeignMessagesStopNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("system/a", lines("a", 0, 3)...)
	w.damage("system/a")
	w.foreign("system/a")
	w.write("system/a", lines("a", 3, 3)...)
	for _, ordered := range []bool{false, true} {
		var d done
		x := worker(t, consume.Config{
			Archive: w.engine.Client, Group: fmt.Sprint("g", ordered), Streams: []string{"system/*"}, Handle: d.handle, Ordered: ordered, Drain: true,
		})
		if err := x.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d.count() != 6 || !x.Stats().LostUnknown || len(d.losses) != 1 || !strings.Contains(d.losses[0], "damaged") {
			t.Errorf("ordered %t: %d records, told %q", ordered, d.count(), d.losses)
		}
	}
}

func TestWhatExpiresBeforeTheGroupReadItIsTold(t *testing.T) {
	t.Parallel()
	for _, ordered := range []bool{false, true} {
		t.Run(fmt.Sprint("ordered ", ordered), func(t *testing.T) {
			w := newWorld(t)
			w.write("system/a", lines("a", 0, 10)...)
			w.write("system/b", lines("b", 0, 10)...)
			var d done
			c := consume.Config{Archive: w.engine.Client, Group: "g", Streams: []string{"system/*"}, Handle: d.handle, Ordered: ordered, Drain: true}
			if err := worker(t, c).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.write("system/a", lines("a", 10, 7)...)
			w.write("system/a", lines("a", 17, 4)...)
			w.write("system/a", lines("a", 21, 1)...)
			w.expire(4) // of the five
			w.write("system/b", lines("b", 10, 2)...)
			x := worker(t, c)
			if err := x.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if s := x.Stats(); s.Lost != 11 || s.LostUnknown || s.Records != 3 {
				t.Errorf("lost %d, unknown %t, done %d: want 11 and 3; told %q", s.Lost, s.LostUnknown, s.Records, d.losses)
			}
		})
	}
}

func TestWhatExpiresOfTheBacklogIsTold(t *testing.T) {
	consume.SetBehind(t, 0)
	w := newWorld(t)
	w.write("system/a", lines("a", 0, 10)...)
	var d done
	c := consume.Config{Archive: w.engine.Client, Group: "g", Streams: []string{"system/*"}, Handle: d.handle, Drain: true}
	if err := worker(t, c).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 100 { // more than a worker takes at once
		w.write("system/a", lines("a", 10+i, 1)...)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c.Handle = func(context.Context, *consume.Batch) error { // it ends with the first, and all else is backlog
		cancel()
		return nil
	}
	if err := worker(t, c).Run(ctx); err != nil {
		t.Fatal(err)
	}
	w.expire(101)
	w.write("system/a", lines("a", 110, 1)...)
	c.Handle = d.handle
	x := worker(t, c)
	if err := x.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := x.Stats(); s.Records != 1 || s.Lost < 99 || s.Lost > 100 || s.LostUnknown {
		t.Errorf("done %d, lost %d: want 1, and 99, or the one more of which nobody knows what became", s.Records, s.Lost)
	}
}
