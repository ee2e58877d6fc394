package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/stream/proxied"
	"sluice/internal/wait"
)

// steadyStream is published to by each machine, two hundred times a second.
const (
	steadyStream = "steady"
	steadyEvery  = 5 * time.Millisecond
)

// steady watches a failure: how long records of the machines that are well take while
// another one fails, and how soon that one is back.
type steady struct {
	w       *world
	every   time.Duration // between two records of a machine
	ended   chan struct{} // publishers are to end
	leaving sync.Once

	mu       sync.Mutex
	fails    int      // the machine that fails; -1 if none does
	sent     []uint64 // by machine
	watchers []*watcher
	told     []string // what readers were told of machines, from ready to finish
}

// watcher is a reader of the steady streams of all machines.
type watcher struct {
	name    string
	got     []uint64 // by machine: what came last
	lost    []uint64 // and was reported lost
	missing uint64   // numbers of the machines that are well that did not come
	longest time.Duration
	told    []string // that a machine was lost, or away, since all were there
	err     error

	fails int  // the machine that fails; -1 if none does
	cut   bool // what it reads through ends: its pauses do not count
}

// steadyRecord is what is published.
type steadyRecord struct {
	Number  uint64 `json:"number"`
	Machine int    `json:"machine"`
	Sent    int64  `json:"sent"` // Unix nanoseconds
}

// watch publishes and reads until the test ends.
func watch(t *testing.T, w *world) *steady {
	t.Helper()
	s := &steady{w: w, every: steadyEvery, ended: make(chan struct{}), sent: make([]uint64, len(w.machines))}
	cfg := direct.Config{}
	if w.finder != nil {
		finder, err := w.finder()
		if err != nil {
			t.Fatal(err)
		}
		cfg.Finder = finder
	} else {
		for _, m := range w.machines {
			cfg.Consolidators = append(cfg.Consolidators, m.subscribe[0].String())
		}
	}
	near, err := direct.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	through, err := proxied.New(proxied.Config{URL: "http://" + w.proxy.listen})
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]*stream.Source{"direct": near, "proxied": through} {
		v := &watcher{name: name, got: make([]uint64, len(w.machines)), lost: make([]uint64, len(w.machines))}
		s.watchers = append(s.watchers, v)
		source.Tail(steadyStream, stream.Backfill{})
		wait.Run(t, source.Run)
		wait.Run(t, func(ctx context.Context) error { return s.read(ctx, source, v) })
	}
	for m := range w.machines {
		wait.Run(t, func(ctx context.Context) error { return s.publish(ctx, m) })
	}
	return s
}

func (s *steady) publish(ctx context.Context, machine int) error {
	out := &socket{endpoints: s.w.machines[machine].publish, rnd: s.w.random()}
	defer func() { out.leave(true) }()
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.ended:
			out.leave(false)
			return nil
		case <-tick.C:
		}
		if out.why() != nil {
			out.leave(true)
		}
		if _, err := out.connect(ctx); err != nil {
			continue
		}
		s.mu.Lock()
		n := s.sent[machine]
		s.sent[machine]++
		s.mu.Unlock()
		now := time.Now()
		record := fmt.Appendf(nil, `{"v":0,"level":30,"name":"steady","hostname":"h","pid":1,"time":%q,"msg":"","number":%d,"machine":%d,"sent":%d}`,
			now.UTC().Format("2006-01-02T15:04:05.000Z"), n, machine, now.UnixNano())
		_ = out.send([]message{{name: steadyStream, record: record}}) // why has its error
	}
}

func (s *steady) read(ctx context.Context, source *stream.Source, v *watcher) error {
	for {
		b, err := source.Take(ctx)
		if err != nil {
			return nil //nolint:nilerr // the context has ended
		}
		s.mu.Lock()
		for i := range b.Notices {
			switch n := &b.Notices[i]; {
			case n.Kind == stream.KindGap:
				if m := s.w.machine(n.Source); m >= 0 {
					v.lost[m] += n.Count
				}
			case n.Kind == stream.KindAway:
				v.told = append(v.told, n.AwayText())
			case n.Kind == stream.KindState && !n.State.Connected():
				v.told = append(v.told, fmt.Sprintf("%s is %v: %s", n.Source, n.State, n.Err))
			}
		}
		for i := range b.Records {
			if err := v.take(s.w.machine(b.Records[i].Source), b.Records[i].Data); err != nil && v.err == nil {
				v.err = err
			}
		}
		s.mu.Unlock()
		b.Release()
	}
}

// take notes a record.
func (v *watcher) take(machine int, data []byte) error {
	var r steadyRecord
	if err := json.Unmarshal(data, &r); err != nil || machine < 0 {
		return fmt.Errorf("a record of machine %d: %s: %w", machine, data, err)
	}
	if v.got[machine] > r.Number {
		return fmt.Errorf("number %d of machine %d came after number %d", r.Number, machine, v.got[machine]-1)
	}
	if machine != v.fails && v.got[machine] > 0 { // where it begins, depends on when it connects
		v.missing += r.Number - v.got[machine]
		v.longest = max(v.longest, time.Since(time.Unix(0, r.Sent)))
	}
	v.got[machine] = r.Number + 1
	return nil
}

// tell says what fails: the first machine, unless all are well; and perhaps the proxy.
func (s *steady) tell(well, proxy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.watchers {
		if well {
			s.fails, v.fails = -1, -1
		}
		v.cut = proxy && v.name == "proxied"
	}
}

// ready waits until both readers get records of all machines. What was slow before
// does not count.
func (s *steady) ready(ctx context.Context) error {
	if err := s.until(ctx, "records of all machines", func(v *watcher) bool {
		for _, n := range v.got {
			if n == 0 {
				return false
			}
		}
		return true
	}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.watchers {
		v.longest, v.told = 0, nil
	}
	return nil
}

// back waits until both readers have got what was published on machine 0 after now,
// and returns how long after since that is.
func (s *steady) back(ctx context.Context, since time.Time) (time.Duration, error) {
	s.mu.Lock()
	from := s.sent[0]
	s.mu.Unlock()
	err := s.until(ctx, "records of the machine that failed", func(v *watcher) bool { return v.got[0] > from })
	return time.Since(since), err
}

// finish ends the publishers, waits for all that those of the healthy machines
// published, and tells what was amiss, and the longest that a record took.
func (s *steady) finish(ctx context.Context) (time.Duration, error) {
	s.leaving.Do(func() { close(s.ended) })
	if err := s.until(ctx, "all of the healthy machines", func(v *watcher) bool {
		for m, n := range s.sent {
			if m != s.fails && v.got[m] < n {
				return false
			}
		}
		return true
	}); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var longest time.Duration
	for _, v := range s.watchers {
		for _, what := range v.told {
			s.told = append(s.told, fmt.Sprintf("the %s reader was told that %s", v.name, what))
		}
		var lost uint64
		for m, n := range v.lost {
			if m != s.fails {
				lost += n
			}
		}
		switch {
		case v.err != nil:
			return 0, fmt.Errorf("the %s reader: %w", v.name, v.err)
		case v.missing > 0 || lost > 0:
			return 0, fmt.Errorf("the %s reader misses %d records of machines that were well, and was told of %d", v.name, v.missing, lost)
		}
		if !v.cut {
			longest = max(longest, v.longest)
		}
	}
	return longest, nil
}

func (s *steady) until(ctx context.Context, what string, holds func(*watcher) bool) error {
	deadline := time.Now().Add(patience)
	for {
		late := ""
		s.mu.Lock()
		for _, v := range s.watchers {
			if !holds(v) {
				late = fmt.Sprintf("the %s reader has got %v of %v", v.name, v.got, s.sent)
			}
		}
		s.mu.Unlock()
		switch {
		case late == "":
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(deadline):
			return &violation{who: "steady stream", err: fmt.Errorf("%s: after %v %s", what, patience, late)}
		}
		pause(ctx, time.Millisecond)
	}
}
