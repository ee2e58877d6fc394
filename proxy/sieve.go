package proxy

import (
	"time"

	"sluice/cluster/query"
)

// sieve runs a session's filter, within its allowance. A nil one lets all pass. It
// belongs to the goroutine that serves the request.
type sieve struct {
	filter   *filter
	verdicts *verdicts
	proxy    *Proxy

	allowance *allowance
	deadline  query.Deadline
	caughtUp  time.Time // when the session was at the end of its log last, or began
}

// newSieve returns the sieve of a session's part; close it. f may be nil.
func newSieve(p *Proxy, t *tail, f *filter, a *allowance) *sieve {
	if f == nil {
		return nil
	}
	return &sieve{filter: f, verdicts: t.verdicts.acquire(f.key), proxy: p, allowance: a, caughtUp: time.Now()}
}

func (v *sieve) close(t *tail) {
	if v != nil {
		t.verdicts.release(v.verdicts)
	}
}

// atEnd notes that the session has all that is in its log.
func (v *sieve) atEnd(now time.Time) {
	if v != nil {
		v.caughtUp = now
	}
}

// rest is how long the session is to read nothing, so that its filter has time again.
// One that is too far behind does not rest: it passes over what it has no time for.
func (v *sieve) rest() time.Duration {
	if v == nil || !v.allowance.resting {
		return 0
	}
	now := time.Now()
	if now.Sub(v.caughtUp) > v.proxy.cfg.FilterLag {
		v.allowance.take(now)
		return 0
	}
	return v.allowance.rest(now)
}

// of is the verdict of a record: with a number in the log, or 0 when it is not there.
func (v *sieve) of(number uint64, stream, consolidator string, data []byte) verdict {
	if v == nil {
		return passes
	}
	if !v.filter.from(consolidator) {
		return fails
	}
	if number != 0 {
		if had := v.verdicts.of(number); had != undecided {
			return had
		}
	}
	if v.allowance.resting {
		return unseen
	}
	run := func() verdict { return v.run(stream, consolidator, data) }
	if number == 0 {
		return run()
	}
	return v.verdicts.decide(number, run)
}

// run runs the filter on a record, and charges what that took: no more than it can
// have taken, since others may have had the core.
func (v *sieve) run(stream, consolidator string, data []byte) verdict {
	v.proxy.filtered.Add(1)
	if v.filter.size == 0 { // a level: that takes less than sending the record
		if v.filter.match(stream, consolidator, data, nil) {
			return passes
		}
		return fails
	}
	begin := time.Now()
	v.allowance.take(begin)
	v.deadline = query.NewDeadline(begin.Add(filterBurst))
	pass := v.filter.match(stream, consolidator, data, &v.deadline)
	v.allowance.charge(min(time.Since(begin), v.filter.most(len(data))))
	switch {
	case v.deadline.Passed():
		return unseen
	case pass:
		return passes
	}
	return fails
}
