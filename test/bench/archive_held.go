package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
	s := shape{streams: 10_000, minutes: max(int(o.gigabytes*4), 2), records: 100, noise: 290}
	dir, err := os.MkdirTemp("", "sluice-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	e, err := engine.Open(ctx, engine.Config{Store: dir, Listen: "127.0.0.1:0", MaxBytes: 1 << 40})
	if err != nil {
		return err
	}
	if err := errors.Join(s.fill(e), e.Close()); err != nil {
		return err
	}
	start := func(how string, killed, cold bool) error {
		if killed { // a server that was killed leaves an index that is not of what is there, and reads as much
			if err := os.Remove(filepath.Join(dir, "jetstream", "$G", "streams", engine.Logs, "msgs", "index.db")); err != nil {
				return err
			}
		}
		if cold {
			if err := forget(dir); err != nil {
				return err
			}
		}
		before, begun := usage(), time.Now()
		e, err := engine.Open(ctx, engine.Config{Store: dir, Listen: "127.0.0.1:0", MaxBytes: 1 << 40})
		if err != nil {
			return err
		}
		took, cpu := time.Since(begun), usage()-before
		state, err := e.State(ctx)
		if err != nil {
			return errors.Join(err, e.Close())
		}
		if how == "" {
			fmt.Printf("\n%s: %.1f GB, %d batches\n\n", heldName, float64(state.Bytes)/1e9, state.Messages)
		} else {
			fmt.Printf("%-42s %8.2f s, %.2f s of CPU\n", how, took.Seconds(), cpu.Seconds())
		}
		return e.Close()
	}
	err = start("", false, false)
	for _, c := range []struct {
		how          string
		killed, cold bool
	}{
		{"start after a clean end", false, true},
		{"start after a kill", true, true},
		{"start after a kill, the files in memory", true, false},
	} {
		if err == nil {
			err = start(c.how, c.killed, c.cold)
		}
	}
	if err == nil {
		err = forget(dir)
	}
	if err != nil {
		return err
	}
	if e, err = engine.Open(ctx, engine.Config{Store: dir, Listen: "127.0.0.1:0", MaxBytes: 1 << 40}); err != nil {
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
	since := ""
	if err == nil {
		since, err = s.first(ctx, a, func(q *history.Query) {
			q.From = began.Add(time.Duration(rand.IntN(s.minutes*60-59)) * time.Second)
		})
	}
	fmt.Printf("first record, ms, median / 90 %% / longest of %d: --last 1000 %s, --since any time %s\n", readingTimes, last, since)
	client.Close()
	return errors.Join(err, e.Close())
}
