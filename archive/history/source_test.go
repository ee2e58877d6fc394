package history_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/archive"
	"sluice/archive/engine"
	"sluice/archive/history"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/relay"
	"sluice/internal/testcluster"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// world is consolidators with little memory, an archive of them, and what was published.
type world struct {
	t             testing.TB
	store         string
	engine        *engine.Engine
	stopArchive   func()
	consolidators []*consolidator.Consolidator
	publishers    []*testpeer.Peer
	published     []int // by each of them
	clock         time.Time
}

const name = "tenant/acme"

// memory is what a consolidator holds of the stream, in bytes: 250 records or so.
const memory = 16 << 10

func newWorld(t testing.TB, n int) *world {
	w := &world{t: t, store: t.TempDir(), published: make([]int, n), clock: time.Now().Add(-time.Hour)}
	for i := range n {
		c, _ := testcluster.Consolidator(t, consolidator.Config{Name: fmt.Sprintf("vm-%d", i), StreamBuffer: memory})
		w.consolidators = append(w.consolidators, c)
		p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		p.Drain()
		w.publishers = append(w.publishers, p)
	}
	w.engine = opened(t, w.store)
	w.startArchive()
	return w
}

func opened(t testing.TB, store string) *engine.Engine {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Store: store, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func (w *world) endpoints() (all []string) {
	for _, c := range w.consolidators {
		all = append(all, c.SubscribeAddrs()[0])
	}
	return all
}

func (w *world) startArchive() {
	w.t.Helper()
	a, err := archive.New(archive.Config{
		Engine: w.engine, Source: direct.Config{Consolidators: w.endpoints()}, Age: 20 * time.Millisecond, Standstill: time.Millisecond,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.stopArchive = wait.Run(w.t, a.Run)
}

// publish publishes n records at a consolidator, one after another in time.
func (w *world) publish(at, n int) {
	w.t.Helper()
	var b []byte
	for range n {
		w.clock = w.clock.Add(10 * time.Millisecond)
		b = zmtp.AppendMessage(b, name, fmt.Appendf(nil, `{"time":%q,"vm":%d,"i":%d}`, w.clock.UTC().Format(time.RFC3339Nano), at, w.published[at]))
		w.published[at]++
	}
	if _, err := w.publishers[at].Conn.Write(b); err != nil {
		w.t.Fatal(err)
	}
}

// grow publishes n records at each consolidator, no faster than they are archived.
func (w *world) grow(n int) {
	w.t.Helper()
	for ; n > 0; n -= 100 {
		for at := range w.consolidators {
			w.publish(at, min(n, 100))
		}
		w.settle()
	}
}

// settle waits until all that was published is archived.
func (w *world) settle() {
	w.t.Helper()
	a := history.New(w.engine.Client)
	for at, n := range w.published {
		vm := fmt.Sprintf("vm-%d", at)
		wait.For(w.t, "all is archived", func() bool {
			ends, err := a.Read(w.t.Context(), history.Query{Stream: name, Last: 1}, func([]stream.Record, []stream.Notice) error { return nil })
			return err == nil && ends[vm].Seq == uint64(n)
		})
	}
}

// reads is a reader of a world, beside it.
type reads struct {
	t      testing.TB
	source *history.Source
	stop   func()

	records []string
	by      map[string][]int // numbers, by consolidator
	gaps    []loss.Loss
	filled  int
}

func (w *world) reader(c history.Config, from stream.Backfill, endpoints ...string) *reads {
	w.t.Helper()
	if endpoints == nil {
		endpoints = w.endpoints()
	}
	live, err := direct.New(direct.Config{Consolidators: endpoints})
	if err != nil {
		w.t.Fatal(err)
	}
	c.Live = live
	s, err := history.NewSource(c)
	if err != nil {
		w.t.Fatal(err)
	}
	r := &reads{t: w.t, source: s, by: make(map[string][]int)}
	s.Tail(name, from)
	r.stop = wait.Run(w.t, s.Run)
	return r
}

// take takes one batch.
func (r *reads) take(ctx context.Context) error {
	b, err := r.source.Take(ctx)
	if err != nil {
		return err
	}
	r.keep(b)
	return nil
}

// keep notes what is in a batch, and releases it.
func (r *reads) keep(b *stream.Batch) {
	r.t.Helper()
	defer b.Release()
	for _, n := range b.Notices {
		switch n.Kind {
		case stream.KindGap:
			r.gaps = append(r.gaps, n.Loss())
		case stream.KindBackfill:
			r.filled++
		}
	}
	for _, rec := range b.Records {
		var vm, i int
		_, rest, _ := strings.Cut(string(rec.Data), `,"vm":`)
		if _, err := fmt.Sscanf(rest, `%d,"i":%d}`, &vm, &i); err != nil {
			r.t.Fatalf("read %q", rec.Data)
		}
		r.records = append(r.records, string(rec.Data))
		r.by[rec.Source] = append(r.by[rec.Source], i)
	}
}

// until takes until a condition holds.
func (r *reads) until(what string, holds func() bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), wait.Limit)
	defer cancel()
	for !holds() {
		if err := r.take(ctx); err != nil {
			r.t.Fatalf("%s: %v; read %d records, %d backfills, gaps %+v", what, err, len(r.records), r.filled, r.gaps)
		}
	}
}

// ends takes until the source has ended.
func (r *reads) ends() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), wait.Limit)
	defer cancel()
	for {
		if err := r.take(ctx); err != nil {
			if !errors.Is(err, stream.ErrClosed) {
				r.t.Fatal(err)
			}
			return
		}
	}
}

// isAll checks that of a consolidator came exactly the numbers from one on, up to another.
func (r *reads) isAll(vm string, from, to int) {
	r.t.Helper()
	want := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		want = append(want, i)
	}
	if got := r.by[vm]; !slices.Equal(got, want) {
		at := 0
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		r.t.Fatalf("%s: %d records, want %d to %d; number %d is %v; gaps %+v", vm, len(got), from, to, at, got[at:min(at+5, len(got))], r.gaps)
	}
}

func (w *world) archived() history.Config {
	return history.Config{Archive: history.New(w.engine.Client)}
}

func TestSinceRunsIntoLive(t *testing.T) {
	w := newWorld(t, 2)
	w.grow(800)
	c := w.archived()
	c.From = time.Now().Add(-24 * time.Hour)
	r := w.reader(c, stream.Backfill{})
	r.until("history", func() bool { return len(r.records) >= 1000 })
	w.publish(0, 50)
	w.publish(1, 70)
	r.until("all", func() bool { return len(r.by["vm-0"]) >= w.published[0] && len(r.by["vm-1"]) >= w.published[1] })
	r.isAll("vm-0", 0, w.published[0])
	r.isAll("vm-1", 0, w.published[1])
	r.until("the backfill", func() bool { return r.filled > 0 })
	if len(r.gaps) > 0 || r.filled != 1 {
		t.Errorf("gaps %+v, %d backfills", r.gaps, r.filled)
	}
}

func TestLastGoesBeyondMemory(t *testing.T) {
	w := newWorld(t, 2)
	w.grow(800)
	r := w.reader(w.archived(), stream.Backfill{Last: 1200})
	r.until("the backfill", func() bool { return r.filled > 0 })
	if len(r.records) != 1200 || !slices.IsSorted(r.records) {
		t.Fatalf("%d records, in their order: %t", len(r.records), slices.IsSorted(r.records))
	}
	w.publish(0, 5)
	r.until("live", func() bool { return len(r.records) == 1205 })
	r.isAll("vm-0", 805-len(r.by["vm-0"]), 805)
	r.isAll("vm-1", 800-len(r.by["vm-1"]), 800)
	if len(r.gaps) > 0 {
		t.Errorf("gaps %+v", r.gaps)
	}
}

// Of what memory has, the archive is not asked.
func TestLastInMemoryNeedsNoArchive(t *testing.T) {
	w := newWorld(t, 1)
	w.publish(0, 100)
	w.settle()
	c := w.archived()
	w.stopArchive()
	if err := w.engine.Close(); err != nil {
		t.Fatal(err)
	}
	r := w.reader(c, stream.Backfill{Last: 50})
	r.until("the backfill", func() bool { return r.filled > 0 })
	r.isAll("vm-0", 50, 100)
	if len(r.gaps) > 0 {
		t.Errorf("gaps %+v", r.gaps)
	}
}

// What memory has let go while a reader was away comes out of the archive.
func TestComesBackAfterLong(t *testing.T) {
	w := newWorld(t, 1)
	between := relay.New(t, strings.TrimPrefix(w.endpoints()[0], "tcp://"))
	r := w.reader(w.archived(), stream.Backfill{}, "tcp://"+between.Addr())
	r.until("the beginning", func() bool { return r.filled > 0 })
	w.publish(0, 10)
	r.until("live", func() bool { return len(r.records) == 10 })
	between.Pause(true)
	between.Cut()
	w.grow(800)
	between.Pause(false)
	r.until("all", func() bool { return len(r.records) >= 810 })
	w.publish(0, 10)
	r.until("live again", func() bool { return len(r.records) >= 820 })
	r.isAll("vm-0", 0, 820)
	if len(r.gaps) > 0 {
		t.Errorf("gaps %+v", r.gaps)
	}
}

// With the archive away, that is said once, and live goes on at once.
func TestHistoryUnavailable(t *testing.T) {
	w := newWorld(t, 1)
	w.grow(400)
	w.stopArchive()
	c := w.archived()
	c.From = time.Now().Add(-24 * time.Hour)
	if err := w.engine.Close(); err != nil {
		t.Fatal(err)
	}
	r := w.reader(c, stream.Backfill{})
	r.until("the backfill", func() bool { return r.filled > 0 })
	w.publish(0, 10)
	r.until("live", func() bool { n := len(r.by["vm-0"]); return n > 0 && r.by["vm-0"][n-1] == 409 })
	r.isAll("vm-0", r.by["vm-0"][0], 410)
	if len(r.gaps) == 0 || !r.gaps[0].Unknown || !strings.Contains(r.gaps[0].Reason, "history unavailable") {
		t.Errorf("gaps %+v", r.gaps)
	}
}

// Without an archive, since is what memory has.
func TestSinceWithoutAnArchive(t *testing.T) {
	w := newWorld(t, 1)
	w.publish(0, 100)
	middle := w.clock
	w.publish(0, 50)
	w.settle()
	r := w.reader(history.Config{From: middle.Add(time.Millisecond)}, stream.Backfill{})
	r.until("the backfill", func() bool { return r.filled > 0 })
	r.isAll("vm-0", 100, 150)
	w.publish(0, 5)
	r.until("live", func() bool { return len(r.records) == 55 })
	r.isAll("vm-0", 100, 155)
}

func TestToEndsIt(t *testing.T) {
	w := newWorld(t, 2)
	w.grow(400)
	from, to := w.clock.Add(-700*time.Millisecond), w.clock.Add(-200*time.Millisecond)
	w.grow(300)
	c := w.archived()
	c.From, c.To, c.Late = from, to, 24*time.Hour // however slow the machine is
	r := w.reader(c, stream.Backfill{})
	r.ends()
	r.isAll("vm-1", 329, 380)
	if len(r.gaps) > 0 || len(r.by["vm-0"]) > 0 {
		t.Errorf("gaps %+v, and %d records of vm-0", r.gaps, len(r.by["vm-0"]))
	}
}
