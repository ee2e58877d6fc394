package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"sluice/archive/engine"
	"sluice/archive/history"
)

// What an archive that holds much needs to begin, and its readers for the first record, is
// measured with -gigabytes held, of 10,000 streams with a batch of 25 KB each minute, always
// with nothing of it in memory unless noted.
const heldName = "archive: much held"

func (o options) muchHeld(only *regexp.Regexp) (err error) {
	if !only.MatchString(heldName) {
		return nil
	}
	s := shape{streams: 10_000, batches: max(int(o.gigabytes*4), 2), records: 100, noise: 290}
	ctx := context.Background()
	dir, err := s.store(ctx)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	start := func(how string, killed, cold, whole bool) error {
		if whole {
			if err := unsum(dir); err != nil {
				return err
			}
		}
		b, err := beginning(ctx, dir, killed, cold)
		switch {
		case err != nil:
		case how == "":
			fmt.Printf("\n%s: %.1f GB, %d batches\n\n", heldName, float64(b.held.Bytes)/1e9, b.held.Messages)
		default:
			fmt.Printf("%-42s %8.2f s, %.2f s of CPU\n", how, b.took.Seconds(), b.cpu.Seconds())
		}
		return err
	}
	err = start("", false, false, false)
	for _, c := range []struct {
		how                 string
		killed, cold, whole bool
	}{
		{"start after a clean end", false, true, false},
		{"start after a kill", true, true, false},
		{"start after a kill, the files in memory", true, false, false},
		{"start after a kill, all blocks read", true, true, true},
	} {
		if err == nil {
			err = start(c.how, c.killed, c.cold, c.whole)
		}
	}
	if err == nil {
		err = forget(dir)
	}
	if err != nil {
		return err
	}
	e, err := engine.Open(ctx, engine.Config{Store: dir, Listen: "127.0.0.1:0", MaxBytes: 1 << 40})
	if err != nil {
		return err
	}
	client, err := engine.Dial(engine.DialConfig{URLs: []string{"nats://" + e.Addr()}})
	if err != nil {
		return errors.Join(err, e.Close())
	}
	a := history.New(client)
	last, err := s.first(ctx, a, func(q *history.Query) { q.Last = 1000 })
	if err == nil {
		err = forget(dir)
	}
	var since spread
	if err == nil {
		since, err = s.first(ctx, a, func(q *history.Query) { q.From = s.within() })
	}
	fmt.Printf("first record, ms, median / 90 %% / longest of %d: --last 1000 %s, --since any time %s\n", readingTimes, last, since)
	client.Close()
	return errors.Join(err, e.Close())
}

// unsum takes away what a store knows of its blocks, as one has it that an earlier version made.
func unsum(dir string) error {
	sums, err := filepath.Glob(filepath.Join(dir, "sluice.index", "*.sum"))
	for _, sum := range sums {
		err = errors.Join(err, os.Remove(sum))
	}
	return err
}

// begins is what an archive took to begin.
type begins struct {
	took, cpu time.Duration
	held      engine.State
}

// beginning starts the server of a store, and ends it. One that was killed leaves an index
// that is not of what is there, and reads as much as one without.
func beginning(ctx context.Context, dir string, killed, cold bool) (b begins, err error) {
	if killed {
		if err := os.Remove(filepath.Join(dir, "jetstream", "$G", "streams", engine.Logs, "msgs", "index.db")); err != nil {
			return b, err
		}
	}
	if cold {
		if err := forget(dir); err != nil {
			return b, err
		}
	}
	before, begun := usage(), time.Now()
	e, err := engine.Open(ctx, engine.Config{Store: dir, Listen: "127.0.0.1:0", MaxBytes: 1 << 40})
	if err != nil {
		return b, err
	}
	b.took, b.cpu = time.Since(begun), usage()-before
	b.held, err = e.State(ctx)
	return b, errors.Join(err, e.Close())
}
