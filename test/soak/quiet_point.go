package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// quiet is a quiet point: nobody publishes, everybody has read to the end, and
// all is compared.
type quiet struct {
	w         *world
	counted   bool         // the phase before it began at a quiet point, too
	final     [][]position // by machine and stream
	killed    []bool       // by machine, in the phase before
	restarted []bool
	proxy     bool // the proxy was restarted
}

func newQuiet(w *world) *quiet {
	return &quiet{w: w, final: make([][]position, len(w.machines)), killed: make([]bool, len(w.machines)), restarted: make([]bool, len(w.machines))}
}

func (q *quiet) anyRestarted() bool {
	for _, r := range q.restarted {
		if r {
			return true
		}
	}
	return false
}

// calm brings all to a quiet point and compares.
func (q *quiet) calm(ctx context.Context) error {
	w := q.w
	for _, r := range w.readers {
		t := r.common()
		t.temper.Store(int32(prompt))
		for _, relay := range t.relays {
			relay.Pause(false)
		}
	}
	for _, s := range w.servers() {
		if err := s.alive(); err != nil {
			return &violation{who: s.name, err: err}
		}
	}
	group, during := errgroup.WithContext(ctx)
	for _, p := range w.pubs {
		group.Go(func() error {
			if err := p.settle(during); err != nil {
				if during.Err() != nil {
					return nil
				}
				return &violation{who: p.String(), err: err}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := q.close(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for i, m := range w.machines {
		m.mu.Lock()
		q.killed[i], q.restarted[i] = m.killed, m.restarted
		m.killed, m.restarted, m.disturbed = false, false, false
		m.mu.Unlock()
		if err := w.sum.memory(w, m.server); err != nil {
			return err
		}
	}
	w.proxy.mu.Lock()
	q.proxy = w.proxy.restarted
	w.proxy.killed, w.proxy.restarted, w.proxy.disturbed = false, false, false
	w.proxy.mu.Unlock()
	return q.compare()
}

// close publishes a closing record to every stream, until every reader has got
// one: so it is connected, and has read all there was. Then one more, so that
// all have come to the same end.
func (q *quiet) close(ctx context.Context) error {
	w := q.w
	deadline := time.Now().Add(patience)
	var first [][]uint64
	for last := false; ; {
		var want [][]uint64
		for _, p := range w.closers {
			if err := p.ready(ctx); err != nil {
				return unlessOver(ctx, &violation{who: p.String(), err: err})
			}
			numbers, err := p.close()
			if err != nil {
				return err
			}
			for s := range numbers {
				numbers[s]++ // what comes after it
			}
			want = append(want, numbers)
		}
		if first == nil {
			first = want
		}
		if !last {
			want = first
		}
		missing := ""
		until := time.Now().Add(200 * time.Millisecond)
		if last {
			until = deadline
		}
		for {
			if missing = q.missing(want); missing == "" {
				break
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if time.Now().After(until) {
				break
			}
			pause(ctx, 2*time.Millisecond)
		}
		switch {
		case missing == "" && last:
			return q.end(ctx)
		case missing == "":
			last = true
		case time.Now().After(deadline):
			return q.late(missing)
		}
	}
}

// missing says who has not got which closing record.
func (q *quiet) missing(want [][]uint64) string {
	for _, r := range q.w.readers {
		if m := r.common().missing(want); m != "" {
			return m
		}
	}
	return ""
}

// late is the violation of a reader that does not come to the end. What all
// goroutines do, here and in the servers, is left beside their logs.
func (q *quiet) late(missing string) error {
	q.w.dump()
	v := &violation{who: "quiet point", err: fmt.Errorf("after %v %s", patience, missing)}
	for _, r := range q.w.readers {
		t := r.common()
		t.mu.Lock()
		if len(missing) > len(t.id) && missing[:len(t.id)] == t.id {
			v.recent = t.recent.String()
		}
		t.mu.Unlock()
	}
	return v
}

// end notes where the logs end, once the oracles and X-STREAMS agree.
func (q *quiet) end(ctx context.Context) error {
	deadline := time.Now().Add(patience)
	for _, r := range q.w.readers {
		o, ok := r.(*oracle)
		if !ok {
			continue
		}
		for {
			final, err := o.final()
			if err == nil {
				q.final[o.machine] = final
				break
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if time.Now().After(deadline) {
				return q.w.violation(o, err)
			}
			pause(ctx, 5*time.Millisecond)
		}
	}
	return nil
}

// compare has every reader, and the truth, compare with what was published.
func (q *quiet) compare() error {
	w := q.w
	for _, r := range w.readers {
		t := r.common()
		t.mu.Lock()
		err := r.check(q)
		for p := range t.next {
			for s := range t.next[p] {
				t.next[p][s].quiet()
			}
		}
		if err != nil {
			err = &violation{who: t.id, err: err, recent: t.recent.String()}
		}
		t.mu.Unlock()
		if err != nil {
			return err
		}
	}
	for m := range w.machines {
		for s := range w.streams {
			err := w.truth.log(m, s).check(q.final[m][s], q.killed[m], q.restarted[m] || !q.counted)
			if err != nil {
				return &violation{who: fmt.Sprintf("log of %q at %s", w.streams[s], w.machines[m].name), err: err}
			}
		}
	}
	return nil
}
