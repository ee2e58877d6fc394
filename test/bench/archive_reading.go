package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/history"
	"sluice/cluster/stream"
)

// Reading the archive is measured on stores of three sizes whose server was just started, so
// that it holds no block in memory, over TCP.
const (
	readingName   = "archive: reading"
	replayingName = "archive: replaying"
	readingTimes  = 40  // readings of each kind
	readingWindow = 200 // appends in flight while a store is filled
)

// shape is what a store holds.
type shape struct {
	streams       int
	consolidators int           // that each have all streams; one if it is 0
	batches       int           // of each stream at each consolidator
	every         time.Duration // between two of them; a minute if it is 0
	records       int           // of each, within a second
	noise         int           // bytes of each record that hardly compress
}

// lanes is how many streams there are, each counted at each consolidator.
func (s shape) lanes() int { return s.streams * max(s.consolidators, 1) }

// at is when a batch begins.
func (s shape) at(batch int) time.Time {
	return began.Add(time.Duration(batch) * cmp.Or(s.every, time.Minute))
}

// within is a time at which something is held.
func (s shape) within() time.Time {
	return began.Add(time.Duration(rand.Int64N(int64(s.at(s.batches-1).Sub(began)) + 1)).Truncate(time.Second))
}

var (
	readingShapes = []shape{{streams: 10_000, batches: 5, records: 100}, {streams: 10_000, batches: 20, records: 100}, {streams: 10_000, batches: 60, records: 100}}
	replayShapes  = []shape{{streams: 1000, batches: 10, records: 1000}, {streams: 1000, batches: 20, records: 1000}, {streams: 1000, batches: 40, records: 1000}}
)

func (o options) readings(only *regexp.Regexp) error {
	if !only.MatchString(readingName) {
		return nil
	}
	fmt.Printf("\n%s: first record of one of 10,000 streams, ms, median / 90 %% / longest of %d\n\n", readingName, readingTimes)
	fmt.Printf("%-24s %24s %24s\n", "held", "--last 1000", "--since any time")
	for _, s := range readingShapes {
		if err := s.with(s.firsts); err != nil {
			return fmt.Errorf("%s: %w", readingName, err)
		}
	}
	return nil
}

func (o options) replaying(only *regexp.Regexp) error {
	if !only.MatchString(replayingName) {
		return nil
	}
	fmt.Printf("\n%s: one stream out of 1,000, from its beginning, median of 9\n\n", replayingName)
	fmt.Printf("%-24s %14s\n", "held", "records/s")
	for _, s := range replayShapes {
		if err := s.with(s.replays); err != nil {
			return fmt.Errorf("%s: %w", replayingName, err)
		}
	}
	return nil
}

// began is the time of the first record.
var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func heldStream(i int) string { return fmt.Sprintf("tenant/%05d", i) }

// with fills a store, starts its server anew, and has it read.
func (s shape) with(read func(ctx context.Context, a *history.Archive, held string) error) error {
	dir, err := os.MkdirTemp("", "sluice-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	e, err := engine.Open(ctx, engine.Config{Store: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	if err := errors.Join(s.fill(e), e.Close()); err != nil {
		return err
	}
	if err := forget(dir); err != nil {
		return err
	}
	if e, err = engine.Open(ctx, engine.Config{Store: dir, Listen: "127.0.0.1:0"}); err != nil {
		return err
	}
	state, err := e.State(ctx)
	if err != nil {
		return errors.Join(err, e.Close())
	}
	client, err := engine.Dial(engine.DialConfig{URLs: []string{"nats://" + e.Addr()}})
	if err != nil {
		return errors.Join(err, e.Close())
	}
	err = read(ctx, history.New(client), fmt.Sprintf("%d MiB, %d batches", state.Bytes>>20, state.Messages))
	client.Close()
	return errors.Join(err, e.Close())
}

// forget has the system keep nothing of the files of a directory in memory.
func forget(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return errors.Join(f.Sync(), unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED))
	})
}

// store is a directory with the store of an archive that holds the batches, and was closed.
// It is the caller's to remove.
func (s shape) store(ctx context.Context) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "sluice-bench"); err != nil {
		return "", err
	}
	e, err := engine.Open(ctx, engine.Config{Store: dir, Listen: "127.0.0.1:0", MaxBytes: 1 << 40})
	if err == nil {
		err = errors.Join(s.fill(e), e.Close())
	}
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}

// fill appends the batches in the order of their time.
func (s shape) fill(e *engine.Engine) error {
	var (
		builder batch.Builder
		window  = make(chan struct{}, readingWindow)
		mu      sync.Mutex
		failed  error
		links   = make([]batch.Links, s.lanes())
		heads   = make([]batch.Head, s.lanes())
	)
	for n := range s.batches {
		at := s.at(n).UnixMilli()
		for i := range heads {
			name := heldStream(i % s.streams)
			builder.Reset()
			for r := range s.records {
				own := at + int64(r*1000/s.records)
				if err := builder.Add(readingRecord(own, (n*len(heads)+i)*s.records+r, noise(s.noise)), own, own); err != nil {
					return err
				}
			}
			window <- struct{}{}
			mu.Lock()
			heads[i] = batch.Head{
				Consolidator: fmt.Sprintf("vm-%d", i/s.streams+1), Stream: name, Epoch: 1, First: uint64(n * s.records), Links: links[i],
			}
			m := builder.Encode(&heads[i])
			prev := links[i].Prev
			mu.Unlock()
			if err := e.Append(m, name, prev, func(sequence uint64, err error) {
				mu.Lock()
				failed = errors.Join(failed, err)
				links[i] = heads[i].After(sequence)
				mu.Unlock()
				<-window
			}); err != nil {
				return err
			}
		}
	}
	for range readingWindow {
		window <- struct{}{}
	}
	return failed
}

func readingRecord(own int64, i int, noise string) []byte {
	return fmt.Appendf(nil, `{"v":0,"name":"shop","hostname":"vm-%d","pid":4711,"level":30,"time":%q,"msg":"GET /v1/things/%d/items took %d ms%s","req_id":"%016x","tenant":"acme","status":200,"duration":%d}`,
		i%7, time.UnixMilli(own).UTC().Format(time.RFC3339Nano), i*7919%10_000, i*31%500, noise, uint64(i)*0x9e3779b97f4a7c15, i*31%500)
}

// noises is what noise is taken of.
var noises = sync.OnceValue(func() string {
	data := make([]byte, 4<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data)
	return base64.StdEncoding.EncodeToString(data)
})

func noise(n int) string {
	if n == 0 {
		return ""
	}
	at := rand.IntN(len(noises()) - n)
	return noises()[at : at+n]
}

var errFirst = errors.New("the first record is there")

// firsts measures how long the first record takes.
func (s shape) firsts(ctx context.Context, a *history.Archive, held string) error {
	last, err := s.first(ctx, a, func(q *history.Query) { q.Last = 1000 })
	if err != nil {
		return err
	}
	since, err := s.first(ctx, a, func(q *history.Query) { q.From = s.within() })
	if err != nil {
		return err
	}
	fmt.Printf("%-24s %24s %24s\n", held, last, since)
	return nil
}

// spread is what forty readings took, in ms.
type spread struct{ median, most90, longest float64 }

func (s spread) String() string {
	return fmt.Sprintf("%.1f / %.1f / %.1f", s.median, s.most90, s.longest)
}

// first measures how long the first record of a query takes.
func (s shape) first(ctx context.Context, a *history.Archive, query func(*history.Query)) (spread, error) {
	var took []float64
	for range readingTimes {
		q := history.Query{Stream: heldStream(rand.IntN(s.streams))}
		query(&q)
		asked := time.Now()
		_, err := a.Read(ctx, q, func([]stream.Record, []stream.Notice) error { return errFirst })
		if !errors.Is(err, errFirst) {
			return spread{}, fmt.Errorf("%+v: %w", q, orNothing(err))
		}
		took = append(took, time.Since(asked).Seconds()*1000)
	}
	slices.Sort(took)
	return spread{took[len(took)/2], took[len(took)*9/10], took[len(took)-1]}, nil
}

func orNothing(err error) error {
	if err == nil {
		return errors.New("nothing was read")
	}
	return err
}

// replays measures how fast a stream comes.
func (s shape) replays(ctx context.Context, a *history.Archive, held string) error {
	rate, err := s.replayRate(ctx, a)
	if err == nil {
		fmt.Printf("%-24s %14.0f\n", held, rate)
	}
	return err
}

// replayRate is how many records a second come of a stream that is read from its beginning.
func (s shape) replayRate(ctx context.Context, a *history.Archive) (float64, error) {
	var rates []float64
	for range 9 {
		n, asked := 0, time.Now()
		if _, err := a.Read(ctx, history.Query{Stream: heldStream(rand.IntN(s.streams))}, func(records []stream.Record, _ []stream.Notice) error {
			n += len(records)
			return nil
		}); err != nil {
			return 0, err
		}
		if want := s.lanes() / s.streams * s.batches * s.records; n != want {
			return 0, fmt.Errorf("%d records were read of %d", n, want)
		}
		rates = append(rates, float64(n)/time.Since(asked).Seconds())
	}
	slices.Sort(rates)
	return rates[len(rates)/2], nil
}
