package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/archive"
	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/cluster/loss"
	"sluice/cluster/names"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

func noLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// opens opens an embedded engine on a directory until the test ends, or close is called.
func opens(t testing.TB, dir string) (e *engine.Engine, closes func()) {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Store: dir, Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	closes = func() {
		if !closed {
			closed = true
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(closes)
	return e, closes
}

// archives runs an archive of consolidators until the test ends, or stop is called.
func archives(t testing.TB, e *engine.Engine, from ...*consolidator.Consolidator) (a *archive.Archive, stop func()) {
	t.Helper()
	var at []string
	for _, c := range from {
		at = append(at, c.SubscribeAddrs()[0])
	}
	return archivesWith(t, archive.Config{Engine: e, Source: direct.Config{Consolidators: at}})
}

func archivesWith(t testing.TB, cfg archive.Config) (a *archive.Archive, stop func()) {
	t.Helper()
	if cfg.Streams == nil { // not system/sluice, in which a consolidator may speak at any time
		for _, text := range []string{"s*", "system/a", "tenant/*", "new"} {
			p, err := names.ParsePattern(text)
			if err != nil {
				t.Fatal(err)
			}
			cfg.Streams = append(cfg.Streams, p)
		}
	}
	if cfg.Age == 0 {
		cfg.Age, cfg.Standstill = 50*time.Millisecond, time.Millisecond // nobody else writes
	}
	a, err := archive.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a, wait.Run(t, a.Run)
}

// publisher publishes to one consolidator.
type publisher struct {
	t    testing.TB
	conn *zmtp.Conn
}

func publishTo(t testing.TB, c *consolidator.Consolidator) *publisher {
	t.Helper()
	p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	p.Drain()
	return &publisher{t, p.Conn}
}

// numbers publishes {"i":from} … {"i":to-1}.
func (p *publisher) numbers(name string, from, to int) {
	p.t.Helper()
	var b []byte
	for i := from; i < to; i++ {
		b = zmtp.AppendMessage(b, name, fmt.Appendf(nil, `{"i":%d}`, i))
	}
	if _, err := p.conn.Write(b); err != nil {
		p.t.Error(err)
	}
}

// accepted waits until a consolidator has so many records of a stream.
func accepted(t testing.TB, c *consolidator.Consolidator, name string, n int) {
	t.Helper()
	s, err := direct.New(direct.Config{Consolidators: c.SubscribeAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	s.WatchStreams(true)
	stop := wait.Run(t, s.Run)
	defer stop()
	wait.For(t, fmt.Sprintf("%d records of %q", n, name), func() bool {
		return slices.ContainsFunc(s.Streams(), func(l stream.Live) bool { return l.Name == name && l.Records >= uint64(n) })
	})
}

// kept is what is archived of one stream of one consolidator, wholly checked.
type kept struct {
	records [][]byte
	epochs  []uint64
	lost    uint64
	unknown int
	gaps    []loss.Loss
	batches int
	next    loss.Position
	prev    uint64 // sequence of its last batch
	links   batch.Links
}

// numbers are those that were published, in their order.
func (k *kept) numbers(t testing.TB) (all []int) {
	t.Helper()
	for _, r := range k.records {
		var n int
		if _, err := fmt.Sscanf(string(r), `{"i":%d`, &n); err != nil {
			t.Fatalf("archived %q", r)
		}
		all = append(all, n)
	}
	return all
}

// isNumbers checks that exactly the numbers of some spans are archived, from and before.
func (k *kept) isNumbers(t testing.TB, spans ...int) {
	t.Helper()
	var want []int
	for i := 0; i < len(spans); i += 2 {
		for n := spans[i]; n < spans[i+1]; n++ {
			want = append(want, n)
		}
	}
	if got := k.numbers(t); !slices.Equal(got, want) {
		t.Fatalf("archived are %d numbers %v, want %d of %v", len(got), short(got), len(want), spans)
	}
}

func short(n []int) []int { return n[:min(len(n), 40)] }

// holds reads all that an engine holds, and checks that every batch goes on where the
// one before it ended, or with the first record of an epoch. Key: consolidator, a blank, stream.
func holds(t testing.TB, c *engine.Client) map[string]*kept {
	t.Helper()
	all := make(map[string]*kept)
	addFrom(t, c, all, 1)
	return all
}

// addFrom adds what an engine holds from a sequence on, and returns the next one.
func addFrom(t testing.TB, c *engine.Client, all map[string]*kept, from uint64) (next uint64) {
	t.Helper()
	for {
		// A server that is cut off meanwhile never answers; who asks again gets another.
		ctx, end := context.WithTimeout(t.Context(), wait.Limit/30)
		page, _, err := c.Page(ctx, subject.Root+".>", from, engine.Page{})
		end()
		if errors.Is(err, engine.ErrNoArchive) || errors.Is(err, engine.ErrUnavailable) {
			return from // it begins, or begins again
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return from
		}
		for i := range page {
			add(t, all, &page[i])
			from = page[i].Sequence + 1
		}
	}
}

func add(t testing.TB, all map[string]*kept, m *engine.Message) {
	t.Helper()
	h, err := m.Head()
	if errors.Is(err, batch.ErrForeign) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	key := h.Consolidator + " " + h.Stream
	k := all[key]
	if k == nil {
		k = &kept{next: loss.Position{Epoch: h.Epoch, Seq: h.First}, links: h.Links}
		all[key] = k
	}
	if at := (loss.Position{Epoch: h.Epoch, Seq: h.First}); at != k.next && (at.Epoch == k.next.Epoch || at.Seq != 0) {
		t.Fatalf("%s: the batch at %d begins at %v, and the one before it ended at %v", key, m.Sequence, at, k.next)
	}
	if h.Links != k.links {
		t.Fatalf("%s: the batch at %d has links %+v, want %+v", key, m.Sequence, h.Links, k.links)
	}
	k.batches++
	k.next, k.links, k.prev = h.Next(), h.After(m.Sequence), m.Sequence
	if h.Gap != nil {
		k.lost += h.Gap.Count
		if h.Gap.Unknown {
			k.unknown++
		}
		k.gaps = append(k.gaps, *h.Gap)
		return
	}
	if !slices.Contains(k.epochs, h.Epoch) {
		k.epochs = append(k.epochs, h.Epoch)
	}
	records, _, err := h.Open(m.Payload, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range records.All() {
		k.records = append(k.records, bytes.Clone(data))
	}
}

// keeps waits until so many records of a stream at a consolidator are archived or lost,
// and returns what is archived of all.
func keeps(t testing.TB, c *engine.Client, key string, records int) map[string]*kept {
	t.Helper()
	var all map[string]*kept
	wait.For(t, fmt.Sprintf("%d records of %s in the archive", records, key), func() bool {
		all = holds(t, c)
		k := all[key]
		return k != nil && len(k.records)+int(k.lost) >= records
	})
	return all
}

func keys(all map[string]*kept) []string { return slices.Sorted(maps.Keys(all)) }

// figure waits until an archive's figures are as they should be.
func figure(t testing.TB, a *archive.Archive, what string, holds func(archive.Figures) bool) {
	t.Helper()
	wait.For(t, what, func() bool { return holds(a.Figures()) })
}
