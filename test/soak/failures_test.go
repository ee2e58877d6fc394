package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/cluster/discovery"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// longestPause is above what any busy machine makes of a record's way, and below what
// a reader waits for that waits for a machine which does not answer. The aim is 100 ms.
const longestPause = 10 * time.Second

// failure is one thing that happens to vm-1 of two machines, while publishers publish
// and readers of all kinds read from both, and while what each of them published,
// received and was told is compared.
type failure struct {
	name  string
	times int           // it happens
	phase time.Duration // between two comparisons
	// prepare changes the cluster before it begins.
	prepare func(t *testing.T, w *world)
	// unseen is set if nobody is to be told that a machine is lost, or was away.
	unseen bool
	// happen lets it happen, and returns when it was healed.
	happen func(ctx context.Context, w *world) (healed time.Time, err error)
	// later heals the rest, once readers have records again; nil if nothing is left.
	later func(ctx context.Context, w *world) (healed time.Time, err error)
	// again waits until all is as before; nil where that is to be seen in records.
	again func(ctx context.Context, w *world) error
	well  bool // no consolidator fails: all are healthy
	keeps bool // an archive keeps everything, and what it keeps is compared, too
	proxy bool // the proxy ends: who reads through it has a pause
}

func TestFailures(t *testing.T) {
	volume.Long(t)
	for _, f := range []failure{
		{name: "killed", happen: restarts(true)},
		{name: "ended and started", happen: restarts(false)},
		{name: "hung for 1 s", phase: 1500 * time.Millisecond, happen: hangs(time.Second)},
		{name: "hung for 10 s", phase: 11 * time.Second, happen: hangs(10 * time.Second)},
		{name: "hung for 40 s", phase: 41 * time.Second, happen: hangs(40 * time.Second)},
		{name: "killed, elsewhere, told by a file", times: 4, phase: 300 * time.Millisecond, prepare: inFile, happen: moves(true)},
		{name: "ended, elsewhere, told by a file", prepare: inFile, happen: moves(false)},
		{name: "recycled a hundred times", times: 100, phase: 300 * time.Millisecond, prepare: inFile, happen: moves(true)},
	} {
		t.Run(f.name, func(t *testing.T) { f.run(t) })
	}
}

func (f failure) run(t *testing.T) {
	dir, err := makeDir()
	if err != nil {
		t.Fatal(err)
	}
	o := options{sluice: binary(t), seed: 1, phase: max(f.phase, 500*time.Millisecond), flood: 500, race: wait.Race, archive: f.keeps, until: time.Now().Add(time.Hour)}
	var out bytes.Buffer
	w, err := newWorld(o, o.seed, dir, newSummary(&out, o.race))
	if err != nil {
		t.Fatal(err)
	}
	if f.prepare != nil {
		f.prepare(t, w)
	}
	s := watch(t, w)
	s.tell(f.well, f.proxy)
	times := max(f.times, 1)
	var pause, worst time.Duration
	w.plan = func(n int) []fault {
		for _, r := range w.readers {
			r.common().temper.Store(int32(prompt))
		}
		return []fault{{what: func(ctx context.Context) error {
			if n == 1 {
				if err := s.ready(ctx); err != nil {
					return err
				}
			}
			healed, err := f.happen(ctx, w)
			if err != nil {
				return err
			}
			back, err := s.back(ctx, healed)
			worst = max(worst, back)
			if err == nil && f.later != nil {
				healed, err = f.later(ctx, w)
			}
			if err == nil && f.again != nil {
				err = f.again(ctx, w)
				worst = max(worst, time.Since(healed))
			}
			if n == times && err == nil {
				pause, err = s.finish(ctx)
			}
			return err
		}}}
	}
	err = w.run(t.Context(), times)
	w.sum.world(w)
	if violated(err) {
		err = errors.New(w.report(err))
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if f.unseen && len(s.told) > 0 {
		t.Errorf("it was seen:\n%s", strings.Join(s.told, "\n"))
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
	if w.sum.phases != times {
		t.Errorf("it happened %d times, want %d", w.sum.phases, times)
	}
	for _, kind := range []string{kindDirect, kindProxied, kindForeign, kindText, kindEvents} {
		if w.sum.kinds[kind].records == 0 {
			t.Errorf("readers of kind %s got nothing", kind)
		}
	}
	if pause > longestPause {
		t.Errorf("a record of the healthy machine took %v", pause)
	}
	t.Logf("healthy records took %v at most; back after %v at most\n%s", pause.Round(time.Millisecond), worst.Round(time.Millisecond), w.sum)
}

func restarts(force bool) func(ctx context.Context, w *world) (time.Time, error) {
	return func(ctx context.Context, w *world) (time.Time, error) {
		m := w.machines[0]
		err := w.restart(ctx, m.server, force, 200*time.Millisecond, func() { w.truth.stopping(0, force) })
		return m.since, err
	}
}

func hangs(d time.Duration) func(ctx context.Context, w *world) (time.Time, error) {
	return func(ctx context.Context, w *world) (time.Time, error) {
		err := w.hang(ctx, w.machines[0].server, d)
		return time.Now(), err
	}
}

// inFile has all find the consolidators in a file. What cannot be told of another
// address (foreign readers, the oracles) reads over sockets of the machine itself.
func inFile(t *testing.T, w *world) {
	t.Helper()
	file := filepath.Join(w.dir, "consolidators")
	if err := tell(w); err != nil {
		t.Fatal(err)
	}
	onMachines(w)
	w.finder = func() (discovery.Finder, error) { return discovery.File(file) }
	find(w, "--consolidators-file", file)
}

// tell writes where the consolidators are.
func tell(w *world) error {
	var b strings.Builder
	for _, m := range w.machines {
		fmt.Fprintf(&b, "tcp://%s name=%s\n", m.listen, m.name)
	}
	file := filepath.Join(w.dir, "consolidators")
	if err := os.WriteFile(file+".new", []byte(b.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// moves ends vm-1 and starts it at another port, as a machine that is recycled.
func moves(force bool) func(ctx context.Context, w *world) (time.Time, error) {
	return func(ctx context.Context, w *world) (time.Time, error) {
		m := w.machines[0]
		if err := move(ctx, w, 0, force); err != nil {
			return time.Time{}, err
		}
		return m.since, tell(w)
	}
}
