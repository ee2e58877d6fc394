package proxy

import (
	"context"
	"math/rand/v2"
	"time"

	"sluice/cluster/record"
	"sluice/proxy/tally"
)

// loop writes what comes until the session ends.
func (s *session) loop(ctx context.Context) error {
	beat := s.proxy.cfg.Heartbeat
	// Those who came at once are not sent their heartbeats at once.
	ping := time.Now().Add(beat/2 + rand.N(beat/2+1))
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	draining := s.proxy.draining
	end, why := s.proxy.lifetime(time.Now()), tally.Lifetime
	meet := s.firstMeeting()
	defer s.gathers(false)
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
		case now.Before(s.due) && s.size() < maxBatch:
			ready = nil
			next = earlier(next, s.due)
		default:
			more := s.fill()
			if s.size() > 0 {
				s.gathers(false) // nor does it while its reader blocks it
				if err := s.flush(); err != nil {
					return err
				}
				s.observeDelay()
				s.gathers(true)
				s.due = together(s.flushed, gather(s.proxy.gathering.Load()))
				ready = nil
				next = earlier(next, s.due)
			} else {
				s.gathers(false)
			}
			switch rest := s.rest(); {
			case more && rest > 0:
				s.due = now.Add(rest)
				next, ready = earlier(ping, s.due), nil
			case more:
				s.due, next = time.Time{}, now
			}
		}
		other := earlier(earlier(ping, s.dueAgain(now)), earlier(s.over(), meet))
		if !end.IsZero() {
			other = earlier(other, end)
		}
		next = earlier(next, other)
		switch wait := time.Until(next); {
		case ready == nil && next.Equal(s.due) && s.mayJoinCrowd(ctx):
			if err := s.waitInCrowd(other); err != nil {
				return err
			}
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
func (s *session) gathers(now bool) {
	if s.gathering == now {
		return
	}
	s.gathering = now
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
