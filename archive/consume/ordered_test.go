package consume_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"sluice/archive/consume"
	"sluice/internal/wait"
)

// order is what handlers have done, by stream, in the order in which they did it.
type order struct {
	mu      sync.Mutex
	records map[string][]string
	busy    map[string]bool
	both    int // batches of a stream that were handled at the same time
}

func (o *order) handle(_ context.Context, b *consume.Batch) error {
	o.mu.Lock()
	if o.busy[b.Stream] {
		o.both++
	}
	o.busy[b.Stream] = true
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.busy[b.Stream] = false
	}()
	for _, r := range b.Records {
		if string(r) == "poison" {
			return errors.New("it is poisoned")
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range b.Records {
		o.records[b.Stream] = append(o.records[b.Stream], string(r))
	}
	return nil
}

func (o *order) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, r := range o.records {
		n += len(r)
	}
	return n
}

func TestOrderedGroupKeepsTheOrderOfEachStreamAcrossWorkers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := map[string][]string{}
	write := func(from int) {
		for i := from; i < from+10; i++ {
			for s := range 3 {
				stream := fmt.Sprint("system/", s)
				records := lines(stream, i*5, 5)
				if i == 7 && s == 1 {
					w.write(stream, records[0], records[1], "poison", records[3], records[4])
					records = slices.Delete(records, 2, 3)
				} else {
					w.write(stream, records...)
				}
				want[stream] = append(want[stream], records...)
			}
		}
	}
	write(0)
	o := order{records: map[string][]string{}, busy: map[string]bool{}}
	for range 3 {
		x := worker(t, consume.Config{Archive: w.engine.Client, Group: "g", Streams: []string{"system/*"}, Handle: o.handle, Attempts: 2, Ordered: true})
		wait.Run(t, x.Run)
	}
	wait.For(t, "what is held is done", func() bool { return o.count() == 149 })
	write(10)
	wait.For(t, "what is new is done", func() bool { return o.count() == 299 })
	for stream, records := range want {
		if got := o.records[stream]; !slices.Equal(got, records) {
			t.Errorf("%s: got %q", stream, got)
		}
	}
	if o.both > 0 {
		t.Errorf("two batches of a stream were handled at the same time, %d times", o.both)
	}
	if dead := w.items(consume.Deferred{Group: "g", Dead: true}); len(dead) != 1 || string(dead[0].Records[0]) != "poison" {
		t.Errorf("dead: %v", dead)
	}
}
