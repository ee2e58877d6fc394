package proxy

import (
	"context"
	"math"
	"sync"
	"time"

	"sluice/cluster/rescue"
)

const (
	// crowdFrom is how many sessions that gather are a crowd.
	crowdFrom = int64(crowded / gatherEach)
	// beat is the time between two ticks of the smallest crowd.
	beat = maxGather / 16
	// lot is how many sessions one goroutine writes for at a time: of more that are due,
	// others write for the rest, so that all processors are used if need be.
	lot = 256
)

// crowd writes for sessions that gather, while there are many: one after another when
// they are due, which costs less than waking a goroutine for each. It waits for no reader,
// and does nothing but write the next records: a session with anything else to do, or a
// reader that does not take all, is its own goroutine's again.
type crowd struct {
	draining <-chan struct{}
	least    int64 // sessions that gather, for it to be used
	lot      int   // sessions that are written to by one goroutine, one after another

	mu    sync.Mutex
	slots [3 * maxGather / beat][]*member // by the beat at which they are due, modulo their number
	next  int64                           // the first beat that was not looked at yet
	until int64                           // the beat up to which run sleeps: there is nobody before it
	poke  chan struct{}                   // capacity 1: to wake it before that
}

// member is a session, as the crowd knows it.
type member struct {
	session *session
	conn    *eagerWriter
	ctx     context.Context // the session's
	still   bool            // nothing came the last time
	until   time.Time       // when there is something else to do for it
	back    chan error      // capacity 1: it is its goroutine's again
}

func newCrowd(draining <-chan struct{}) *crowd {
	return &crowd{draining: draining, least: crowdFrom, lot: lot, poke: make(chan struct{}, 1)}
}

// beatOf is the number of the beat before a time.
func beatOf(t time.Time) int64 { return int64(t.Sub(ticks) / beat) }

// join has the crowd write for a session each time when that is due, until it sends
// something to member.back. Meanwhile all of the session is the crowd's.
func (c *crowd) join(m *member) {
	c.mu.Lock()
	c.next = max(c.next, min(c.until, beatOf(time.Now())))
	n := min(max(beatOf(m.session.due), c.next), c.next+int64(len(c.slots))-1)
	slot := &c.slots[n%int64(len(c.slots))]
	*slot = append(*slot, m)
	sooner := n < c.until
	if sooner {
		c.until = n
	}
	c.mu.Unlock()
	if sooner {
		select {
		case c.poke <- struct{}{}:
		default:
		}
	}
}

// run writes until ctx ends. No session may be with the crowd then.
func (c *crowd) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var due []*member
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.poke:
		case <-timer.C:
		}
		for {
			var wait time.Duration
			if due, wait = c.due(due[:0], time.Now()); len(due) == 0 {
				timer.Reset(wait)
				break
			}
			c.write(due)
			clear(due)
		}
	}
}

// due appends the members that are due to all, or returns how long to sleep when there
// are none.
func (c *crowd) due(all []*member, now time.Time) (due []*member, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	slots := int64(len(c.slots))
	last := beatOf(now)
	for n := c.next; n <= min(last, c.next+slots-1); n++ {
		slot := &c.slots[n%slots]
		all = append(all, *slot...)
		clear(*slot)
		*slot = (*slot)[:0]
	}
	c.next = max(c.next, last+1)
	c.until = c.next
	if len(all) > 0 {
		return all, 0
	}
	for c.until < c.next+slots && len(c.slots[c.until%slots]) == 0 {
		c.until++
	}
	if c.until == c.next+slots { // there is nobody: who joins wakes it
		c.until = math.MaxInt64
		return nil, time.Hour
	}
	return nil, ticks.Add(time.Duration(c.until) * beat).Sub(now)
}

// write writes for all of them.
func (c *crowd) write(all []*member) {
	var others sync.WaitGroup
	for ; len(all) > c.lot; all = all[c.lot:] {
		some := all[:c.lot]
		others.Go(func() { c.writeLot(some) })
	}
	c.writeLot(all)
	others.Wait()
}

// writeLot writes for some, one after another.
func (c *crowd) writeLot(some []*member) {
	ends := false
	select {
	case <-c.draining:
		ends = true
	default:
	}
	now := time.Now()
	for _, m := range some {
		stays := false
		err := rescue.Call("write for a session", func() (err error) {
			if !ends {
				stays, err = m.write(now)
			}
			return err
		})
		if stays && err == nil {
			c.join(m)
		} else {
			m.back <- err
		}
	}
}

// write writes what has come for a session, without waiting. It reports whether that was
// all that there is to do for it.
func (m *member) write(now time.Time) (stays bool, err error) {
	s := m.session
	if m.ctx.Err() != nil || !now.Before(m.until) {
		return false, nil
	}
	more := s.fill()
	if s.size() == 0 {
		stays, m.still = !m.still, true
		s.due = together(now, gather(s.proxy.gathering.Load()))
		return stays, nil
	}
	m.still = false
	if all, err := s.tryFlush(m.conn, now); !all || err != nil {
		return false, err
	}
	s.observeDelay()
	s.due = together(now, gather(s.proxy.gathering.Load()))
	if more {
		s.due = now
	}
	return !more, nil
}

// mayJoinCrowd reports whether the crowd may write for the session: neither a filter nor
// the merging of streams makes others wait, all that comes is from its log, and something
// came: one to which nothing ever does needs no member.
func (s *session) mayJoinCrowd(ctx context.Context) bool {
	if s.proxy.gathering.Load() < s.proxy.crowd.least || s.conn == nil || s.told == 0 || s.request.wrapped || s.request.filter != nil || s.readsAgain() {
		return false
	}
	if s.member == nil {
		if w := eager(s.conn); w != nil {
			s.member = &member{session: s, conn: w, ctx: ctx, back: make(chan error, 1)}
		}
	}
	return s.member != nil
}

// waitInCrowd has the crowd write for the session until there is something else to do,
// which is at a time at the latest.
func (s *session) waitInCrowd(until time.Time) error {
	s.member.until, s.member.still = until, false
	s.proxy.crowd.join(s.member)
	if err := <-s.member.back; err != nil || s.unsent == nil {
		return err
	}
	s.gathers(false) // nor does it while its reader blocks it
	s.due = time.Time{}
	err := s.flush()
	s.observeDelay()
	return err
}
