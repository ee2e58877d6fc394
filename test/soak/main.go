// Soak proves the promise of Sluice for as long as one likes: for every reader,
// published = delivered + reported lost, exactly, and in order.
//
//	go run ./test/soak -sluice bin/sluice [-for 1h] [-seed 1] [-phase 15s]
//
// From a seed it draws a cluster of real processes with small buffers, and
// publishers and readers of all kinds. In each phase they publish and read,
// steadily and in floods; readers are slow, stall, are cut off; consolidators
// and the proxy are killed and restarted. Then comes a quiet point: nobody
// publishes, everybody reads to the end, and all that each reader got and was
// told is compared with what was published. docs/soak.md tells how.
//
// Anything that is not as it has to be is printed with the seed, the reader and
// what happened last, and the program exits with 1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options are what the command line says.
type options struct {
	sluice string        // binary to run
	span   time.Duration // how long, in all; a phase that has begun is lived through
	began  int64         // Unix time from which span counts; 0 is now
	until  time.Time     // the end of span
	seed   uint64        // of the first world; each following one has the next
	phase  time.Duration // length of a phase
	phases int           // of one world
	flood  int           // records of a flood, about
	race   bool          // the binary has the race detector: memory is not looked at
	// Further faults.
	hangs      bool // servers hang
	partitions bool // consolidators, the proxy and readers are cut off from one another
	etcd       bool // consolidators register in an etcd that fails, and move

	archive bool // an archive keeps everything, and is read; it is killed, too
}

func main() {
	var o options
	flag.StringVar(&o.sluice, "sluice", "bin/sluice", "the binary to run")
	flag.DurationVar(&o.span, "for", time.Minute, "how long to run")
	flag.Int64Var(&o.began, "began", 0, "the Unix time from which -for counts, but for half a minute at least")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().Unix()), "the first seed; each cluster has the next one")
	flag.DurationVar(&o.phase, "phase", 15*time.Second, "time between two quiet points")
	flag.IntVar(&o.phases, "phases", 12, "phases of one cluster")
	flag.IntVar(&o.flood, "flood", 8000, "records of a flood, about")
	flag.BoolVar(&o.race, "race", false, "the binary was built with the race detector: do not look at its memory")
	flag.BoolVar(&o.hangs, "hangs", false, "let servers hang, too")
	flag.BoolVar(&o.partitions, "partitions", false, "cut consolidators, the proxy and readers off from one another, too")
	flag.BoolVar(&o.etcd, "etcd", false, "let consolidators register in an etcd, which fails, and move; needs etcd on the PATH")
	flag.BoolVar(&o.archive, "archive", false, "have an archive keep everything, kill it, and read what it keeps")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := soak(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1) //nolint:gocritic // stop has nothing left to do
	}
}

// soak runs clusters until the time is over, and tells the sum of it.
func soak(ctx context.Context, o options, out io.Writer) error {
	sum := newSummary(out, o.race)
	o.until = sum.began.Add(o.span)
	if o.began > 0 {
		o.until = time.Unix(o.began, 0).Add(o.span)
	}
	if least := sum.began.Add(min(o.span, 30*time.Second)); o.until.Before(least) {
		o.until = least
	}
	var err error
	for seed := o.seed; ctx.Err() == nil && err == nil && time.Now().Before(o.until); seed++ {
		err = one(ctx, o, seed, sum)
	}
	fmt.Fprint(out, sum)
	return err
}

// one runs the cluster of one seed.
func one(ctx context.Context, o options, seed uint64, sum *summary) error {
	dir, err := makeDir()
	if err != nil {
		return err
	}
	w, err := newWorld(o, seed, dir, sum)
	if err != nil {
		return err
	}
	err = w.run(ctx, o.phases)
	sum.world(w)
	if violated(err) {
		return errors.New(w.report(err))
	}
	if rest := os.RemoveAll(dir); err == nil {
		err = rest
	}
	return unlessOver(ctx, err)
}
