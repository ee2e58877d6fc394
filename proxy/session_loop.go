package proxy

import (
	"context"
	"math/bits"
	"math/rand/v2"
	"time"

	"sluice/cluster/record"
	"sluice/proxy/tally"
)

// A session that has written waits before it writes again, so that what comes
// meanwhile goes out at once: for as long as lets all sessions together write 20,000
// times a second, within these bounds. What comes to one that has not written for so
// long does not wait.
const (
	minGather  = time.Millisecond
	maxGather  = 50 * time.Millisecond
	gatherEach = 50 * time.Microsecond
)

// gather is how long a session waits now; gathering sessions do so.
func gather(gathering int64) time.Duration {
	return min(max(time.Duration(gathering)*gatherEach, minGather), maxGather)
}

// linger is how long the proxy's source may wait for more while sessions wait for so
// long themselves: not at all for a few sessions.
func linger(gather time.Duration) time.Duration {
	if gather < 10*minGather {
		return 0
	}
	return gather / 25
}

// ticks is when the ticks began that sessions share.
var ticks = time.Now()

// together is when a session that wrote at a time writes again, having waited for a
// time or a little less: at a tick that all sessions share, so that many write one after
// another while the machine is awake.
func together(wrote time.Time, wait time.Duration) time.Time {
	tick := time.Duration(1) << (bits.Len64(uint64(wait)) - 3) // wait/8 to wait/4
	return ticks.Add(wrote.Add(wait).Sub(ticks) / tick * tick)
}

// loop writes what comes until the session ends.
func (s *session) loop(ctx context.Context) error {
	beat := s.proxy.cfg.Heartbeat
	// Those who came at once are not sent their heartbeats at once.
	ping := time.Now().Add(beat/2 + rand.N(beat/2+1))
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	draining := s.proxy.draining
	var due time.Time // when it writes again
	end, why := s.proxy.lifetime(time.Now()), tally.Lifetime
	meet := s.firstMeeting()
	gathering := false
	defer func() { s.gathers(&gathering, false) }()
	for {
		now := time.Now()
		if !end.IsZero() && !now.Before(end) {
			if why == tally.Lifetime {
				s.fill()
				s.addLifetime()
				return s.flush()
			}
			s.proxy.counts.Add(why, 1)
			return s.endWith(endDraining)
		}
		if !now.Before(s.over()) {
			return s.endWith(endOver)
		}
		if !now.Before(meet) {
			meet = now.Add(meetEvery)
			s.meet()
		}
		if !now.Before(ping) {
			ping = now.Add(beat)
			if s.request.events {
				s.addPing()
			}
		}
		s.addAgain(ctx)
		ready := s.reader.Ready()
		next := ping
		switch {
		case now.Before(due) && s.size() < maxBatch:
			ready = nil
			next = earlier(next, due)
		default:
			more := s.fill()
			if s.size() > 0 {
				s.gathers(&gathering, false) // nor does it while its reader blocks it
				if err := s.flush(); err != nil {
					return err
				}
				s.observeDelay()
				s.gathers(&gathering, true)
				due = together(s.flushed, gather(s.proxy.gathering.Load()))
				ready = nil
				next = earlier(next, due)
			} else {
				s.gathers(&gathering, false)
			}
			switch rest := s.rest(); {
			case more && rest > 0:
				due = now.Add(rest)
				next, ready = earlier(ping, due), nil
			case more:
				due, next = time.Time{}, now
			}
		}
		if !end.IsZero() {
			next = earlier(next, end)
		}
		next = earlier(earlier(next, s.dueAgain(now)), earlier(s.over(), meet))
		switch wait := time.Until(next); {
		case ready != nil && wait > 0:
			timer.Reset(wait)
			select {
			case <-ctx.Done():
			case <-ready:
			case <-timer.C:
			case <-s.changed():
			case b := <-s.joins.again.news():
				s.joins.again.take(b)
			case <-draining:
			}
		case wait > 0:
			time.Sleep(min(wait, maxGather)) // cheaper than to wait for all of these
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		select {
		case <-s.changed():
			s.addAllSources()
		default:
		}
		select {
		case <-draining:
			// Each at its own time, so that not all come back at once.
			draining = nil
			end, why = time.Now().Add(rand.N(s.proxy.spread()+1)), tally.Shutdown
		default:
		}
	}
}

// never is later than all that is waited for.
var never = time.Unix(1<<40, 0)

// over is when no more records can come that are of the time asked for. What is read
// again may be.
func (s *session) over() time.Time {
	if s.request.until.IsZero() || s.readsAgain() {
		return never
	}
	return s.request.until.Add(onItsWay)
}

// firstMeeting is when the session looks for the first time what has changed in its
// streams, if it does.
func (s *session) firstMeeting() time.Time {
	if !s.request.wrapped {
		return never
	}
	return time.Now().Add(meetEvery)
}

// observeDelay notes how long a record of the batch took, if that is known.
func (s *session) observeDelay() {
	if !s.oldest.IsZero() {
		s.proxy.metrics.delay.Observe(time.Since(s.oldest).Seconds())
		s.oldest = time.Time{}
	}
}

// lifetime is when a session ends that begins now; zero is never. They are not all of
// the same length, so that those who came together do not come back together.
func (p *Proxy) lifetime(now time.Time) time.Time {
	all := p.cfg.Lifetime
	if all < 0 {
		return time.Time{}
	}
	return now.Add(all - rand.N(all/5+1))
}

// addLifetime adds that the session has lasted as long as one may.
func (s *session) addLifetime() {
	s.proxy.counts.Add(tally.Lifetime, 1)
	s.reason = tally.Lifetime.String()
	if s.request.events {
		s.addPing() // so that the reader goes on from here
		s.add(lifetimeEvent)
		return
	}
	b := s.buffer()
	line := record.AppendNotice(nil, time.Now(), record.Info, lifetimeReason+": ask again", record.NoticeKey, record.NoticeEnd)
	*b = append(append(*b, line...), '\n')
}

// gathers notes whether the session waits after a batch.
func (s *session) gathers(was *bool, now bool) {
	if *was == now {
		return
	}
	*was = now
	if now {
		s.proxy.gathering.Add(1)
	} else {
		s.proxy.gathering.Add(-1)
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
