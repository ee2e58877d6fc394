package consume_test

import (
	"context"
	"errors"
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
}

func (d *done) handle(_ context.Context, b *consume.Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
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
