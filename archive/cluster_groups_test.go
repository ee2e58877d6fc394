package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"sluice/archive/consume"
	"sluice/archive/engine"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/testnats"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// band is the workers of one group, and what they have done together.
type band struct {
	t       testing.TB
	servers *testnats.Cluster
	group   string
	ordered bool
	workers []*consume.Worker

	mu       sync.Mutex
	done     map[string][]int // by stream, how often each number was done
	newest   map[string]int   // by stream, the number that was done last for the first time
	given    map[string]int   // by batch, how often it was given to a handler
	again    int              // batches that were given again
	untold   []string         // of those, which did not say so
	disorder []string         // numbers that were done before those in front of them
	lost     uint64
	unknown  bool
}

func newBand(t testing.TB, servers *testnats.Cluster, group string, ordered bool) *band {
	return &band{
		t: t, servers: servers, group: group, ordered: ordered,
		done: make(map[string][]int), newest: make(map[string]int), given: make(map[string]int),
	}
}

// poisoned is of which numbers the handler makes an error, whenever it gets them.
func poisoned(n int) bool { return n%1000 == 7 }

var errPoisoned = errors.New("it is poisoned")

// works adds a worker, until the test ends, or stop is called.
func (b *band) works() (stop func()) {
	b.t.Helper()
	w, err := consume.New(consume.Config{
		Archive: reads(b.t, b.servers.URLs()), Group: b.group, Streams: []string{"s*"}, Attempts: 2, Ordered: b.ordered, Handle: b.handle,
		Logger: slog.New(slog.NewTextHandler(b.t.Output(), nil)).With("group", b.group, "worker", len(b.workers)),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.workers = append(b.workers, w)
	return wait.Run(b.t, w.Run)
}

func (b *band) handle(_ context.Context, batch *consume.Batch) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if batch.Loss != nil {
		b.lost += batch.Loss.Count
		b.unknown = b.unknown || batch.Loss.Unknown
		return nil
	}
	id := fmt.Sprint(batch.ID(), "/", batch.Attempt)
	if b.given[id]++; b.given[id] > 1 {
		b.again++
		if !batch.Redelivered {
			b.untold = append(b.untold, id)
		}
	}
	numbers := make([]int, len(batch.Records))
	for i, r := range batch.Records {
		if _, err := fmt.Sscanf(string(bytes.TrimSpace(r)), `{"i":%d`, &numbers[i]); err != nil {
			b.untold = append(b.untold, string(r))
			return nil
		}
		if poisoned(numbers[i]) {
			return errPoisoned
		}
	}
	for _, n := range numbers {
		b.does(batch.Stream, n)
	}
	return nil
}

func (b *band) does(stream string, n int) {
	for len(b.done[stream]) <= n {
		b.done[stream] = append(b.done[stream], 0)
	}
	if b.done[stream][n]++; b.done[stream][n] > 1 {
		return
	}
	if n < b.newest[stream] {
		b.disorder = append(b.disorder, fmt.Sprint(stream, " ", n, " after ", b.newest[stream]))
	}
	b.newest[stream] = max(b.newest[stream], n)
}

// has reports whether all numbers before one are done in all streams, but the poisoned ones.
func (b *band) has(f *flow, before int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range f.streams {
		done := b.done[f.name(i)]
		if len(done) < before-1 {
			return false
		}
		for n := range before {
			if !poisoned(n) && (n >= len(done) || done[n] == 0) {
				return false
			}
		}
	}
	return true
}

// began reports whether a number from one on is done in any stream.
func (b *band) began(from int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, newest := range b.newest {
		if newest >= from {
			return true
		}
	}
	return false
}

// told is how many batches the workers say came again.
func (b *band) told() (n uint64) {
	for _, w := range b.workers {
		n += w.Stats().Redelivered
	}
	return n
}

// exactly checks what became of everything that was published: it is done, or is dead, and
// nothing else is put aside.
func (b *band) exactly(f *flow) {
	b.t.Helper()
	client := reads(b.t, b.servers.URLs())
	items := func(dead bool) (all []string) {
		d := consume.Deferred{Archive: client, Group: b.group, Dead: dead}
		if err := d.Each(b.t.Context(), func(i consume.Item) error {
			for k, r := range i.Records {
				all = append(all, fmt.Sprint(i.Stream, " ", i.First+uint64(k), " ", string(r)))
			}
			return nil
		}); err != nil {
			b.t.Fatal(err)
		}
		slices.Sort(all)
		return all
	}
	var want []string
	for i := range f.streams {
		for n := range f.next {
			if poisoned(n) {
				want = append(want, fmt.Sprintf(`%s %d {"i":%d}`, f.name(i), n, n))
			}
		}
	}
	slices.Sort(want)
	wait.For(b.t, "all that can be done to be done", func() bool { return b.has(f, f.next) })
	wait.For(b.t, "nothing to be left that is tried again", func() bool { return len(items(false)) == 0 && len(items(true)) >= len(want) })
	if dead := items(true); !slices.Equal(dead, want) {
		b.t.Errorf("group %s: dead are %d records, want %d: %.2000v, want %.2000v", b.group, len(dead), len(want), dead, want)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lost != 0 || b.unknown {
		b.t.Errorf("group %s was told of %d lost records (unknown: %v), and nothing is lost", b.group, b.lost, b.unknown)
	}
	if len(b.untold) > 0 {
		b.t.Errorf("group %s: of %d batches that came again, %d did not say so: %.2000v", b.group, b.again, len(b.untold), b.untold)
	}
	if told := b.told(); told < uint64(b.again) {
		b.t.Errorf("group %s: %d batches came again, and workers tell of %d", b.group, b.again, told)
	}
	if b.ordered && len(b.disorder) > 0 {
		b.t.Errorf("group %s: out of order are %d: %.2000v", b.group, len(b.disorder), b.disorder)
	}
	b.t.Logf("group %s: %d batches came again, the workers tell of %d", b.group, b.again, b.told())
}

// groupStreams are the JetStream streams that archives and groups keep everything in.
var groupStreams = []string{engine.Logs, engine.Last, "GROUPS", "DEFER", "DEAD"}

// ensemble is an archive on three servers, and groups that work through it.
type ensemble struct {
	*flow
	servers *testnats.Cluster
	client  *engine.Client
	bands   []*band
}

func newEnsemble(t *testing.T) *ensemble {
	t.Helper()
	servers := testnats.New(t, 3)
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	e := &ensemble{
		flow: &flow{t: t, p: publishTo(t, c), streams: 5}, servers: servers, client: reads(t, servers.URLs()),
		bands: []*band{newBand(t, servers, "any", false), newBand(t, servers, "inorder", true)},
	}
	connecting(t, servers.URLs(), c)
	wait.For(t, "the archive to begin", func() bool {
		ctx, end := context.WithTimeout(t.Context(), 2*time.Second)
		defer end()
		return e.client.Ready(ctx) == nil
	})
	for _, b := range e.bands {
		b.works()
		b.works()
		b.works()
	}
	e.goOn("nothing")
	servers.Whole(groupStreams...)
	return e
}

// goOn waits until the groups have done what was published after something happened.
func (e *ensemble) goOn(what string) {
	e.t.Helper()
	e.publish(5)
	want, begun := e.next, time.Now()
	var first, all [2]time.Duration // until a group did something of it, and all
	e.until("the groups to go on: "+what, func() bool {
		for i, b := range e.bands {
			if first[i] == 0 && b.began(want) {
				first[i] = time.Since(begun)
			}
			if all[i] == 0 && b.has(e.flow, want) {
				all[i] = time.Since(begun)
			}
		}
		return !slices.Contains(all[:], 0)
	})
	e.t.Logf("%s: it went on in %v, and had all in %v", what, first, all)
}

// exactly checks what became of everything.
func (e *ensemble) exactly() {
	e.t.Helper()
	for _, b := range e.bands {
		b.exactly(e.flow)
	}
	e.flow.exactly(e.client)
}

// Groups work over three servers, of which the leaders are killed one after the other: they
// go on by themselves, everything is done at least once, what came again is told, and what
// is poisoned is dead, once.
func TestGroupsWhenLeadersAreKilled(t *testing.T) {
	volume.Long(t)
	e := newEnsemble(t)
	for _, fault := range []struct {
		what string
		at   func() int
	}{
		{"the leader of LOGS killed", func() int { return e.servers.Leader(engine.Logs) }},
		{"the leader of the group's cursor killed", func() int { return e.servers.ConsumerLeader(engine.Logs, "group-any-") }},
		{"the leader of GROUPS killed", func() int { return e.servers.Leader("GROUPS") }},
		{"the leader of DEFER killed", func() int { return e.servers.Leader("DEFER") }},
		{"the leader of the servers killed", e.servers.MetaLeader},
	} {
		at := fault.at()
		e.servers.Kill(at)
		e.goOn(fault.what)
		e.servers.Start(at)
		e.servers.Whole(groupStreams...)
	}
	e.exactly()
}

// The same when a server is cut off from the others, and answers nobody.
func TestGroupsWhenServersAreCutOff(t *testing.T) {
	volume.Long(t)
	e := newEnsemble(t)
	for i := range 3 {
		e.servers.Cut(i, true)
		e.goOn("a server cut off")
		e.servers.Cut(i, false)
		e.goOn("and back")
		e.servers.Whole(groupStreams...)
	}
	e.exactly()
}

// The same when a server comes back with an empty disk.
func TestGroupsWhenDisksAreEmpty(t *testing.T) {
	volume.Long(t)
	e := newEnsemble(t)
	for _, at := range []int{e.servers.ConsumerLeader(engine.Logs, "group-any-"), e.servers.Leader("DEFER")} {
		e.servers.Kill(at)
		e.servers.Empty(at)
		e.servers.Start(at)
		e.goOn("an empty disk")
		e.servers.Whole(groupStreams...)
	}
	e.exactly()
}
