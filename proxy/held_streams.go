package proxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/rescue"
)

const (
	heldFor  = 10 * time.Second // a list of what is held is good for so long
	heldWait = 3 * time.Second  // a session waits for it, and for the tails, no longer
	heldLong = time.Minute      // it may take in all
)

// heldStreams is the list of the streams that the archive holds, for sessions with patterns:
// read once, whoever asks, and no more often than every heldFor.
type heldStreams struct {
	asked chan struct{} // has room for one: there is something to read

	mu      sync.Mutex
	reading *heldList // that is being read
	last    *heldList // that was read last
}

type heldList struct {
	there   chan struct{} // closed when it is there
	at      time.Time
	streams []Held // the newest first; nobody changes it
	err     error
}

// get is the list, as old as it may be.
func (h *heldStreams) get(ctx context.Context) ([]Held, error) {
	h.mu.Lock()
	list := h.last
	if list == nil || time.Since(list.at) >= heldFor {
		if h.reading == nil {
			h.reading = &heldList{there: make(chan struct{})}
			h.asked <- struct{}{}
		}
		list = h.reading
	}
	h.mu.Unlock()
	select {
	case <-list.there:
		return list.streams, list.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run reads lists that are asked for, until ctx ends.
func (h *heldStreams) run(ctx context.Context, from History, figures *pastFigures) {
	for {
		select {
		case <-h.asked:
		case <-ctx.Done():
			return
		}
		h.mu.Lock()
		list := h.reading
		h.mu.Unlock()
		within, cancel := context.WithTimeout(ctx, heldLong)
		list.err = rescue.Call("list what is held", func() (err error) { list.streams, err = from.Held(within); return err })
		cancel()
		if list.err != nil && ctx.Err() == nil {
			figures.listFails.Add(1)
		}
		slices.SortFunc(list.streams, func(a, b Held) int { return cmp.Or(b.Newest.Compare(a.Newest), cmp.Compare(a.Stream, b.Stream)) })
		list.at = time.Now()
		h.mu.Lock()
		h.last, h.reading = list, nil
		h.mu.Unlock()
		close(list.there)
	}
}

// matchHeld opens the streams that match, that the archive holds, and that are not live, as far
// as the request is about what was before: all that have something of the time that is wanted;
// without one, those that the reader's id names, or all. Those that were written last come
// first.
func (s *session) matchHeld(ctx context.Context) error {
	past := !s.request.since.IsZero() || s.request.want.Named || s.request.want.Last > 0
	if s.proxy.cfg.History == nil || len(s.request.patterns) == 0 || !past {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, heldWait)
	defer cancel()
	list, err := s.proxy.heldStreams.get(within)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("it takes long to list what is held: ask again later")
		}
		s.unheard = append(s.unheard, unheard{s.request.title(), "history unavailable: " + err.Error()})
		return nil
	}
	steps, left := 0, map[string]int{}
	first := map[string]string{}
	for i := range list {
		name := list[i].Stream
		if steps += perName; steps >= maxSteps {
			s.unheard = append(s.unheard, unheard{s.request.title(), fmt.Sprintf("the patterns take long to compare: %d streams that are held were not: ask for fewer", len(list)-i)})
			break
		}
		if s.joins.known[name] || !s.request.grant.May(name) || !s.wantsHeld(&list[i]) || !s.matches(name, &steps) {
			continue
		}
		reason := ""
		if len(s.parts)+len(s.joins.waiting) >= maxParts {
			reason = fewStreams
		} else if t, err := s.proxy.tails.acquire(within, s.proxy.draining, name); err == nil {
			s.openPart(name, t)
		} else if ctx.Err() != nil || errors.Is(err, errDraining) {
			return err
		} else {
			reason = "too many streams that are not live begin to be read at once: ask again later"
		}
		if reason != "" {
			if left[reason]++; left[reason] == 1 {
				first[reason] = name
			}
		}
	}
	for reason, n := range left {
		name := first[reason]
		if n > 1 {
			reason = fmt.Sprintf("%s; %d more match", reason, n-1)
		}
		s.unheard = append(s.unheard, unheard{name, reason})
	}
	return nil
}

// wantsHeld reports whether a stream that is held may have something for the session.
func (s *session) wantsHeld(h *Held) bool {
	switch {
	case !s.request.since.IsZero():
		return !h.Newest.Before(s.request.since.Truncate(time.Millisecond))
	case s.request.want.Named:
		return slices.ContainsFunc(h.Consolidators, func(c string) bool {
			key := httpapi.PositionKey(h.Stream, c)
			return slices.ContainsFunc(s.request.id.Positions, func(k httpapi.KeyPosition) bool { return k.Key == key })
		})
	}
	return true
}

// unheard is a stream of which the session is to be told, once it has begun, that it does not
// come.
type unheard struct{ name, reason string }

// tellUnheard tells of these.
func (s *session) tellUnheard() {
	for _, u := range s.unheard {
		s.refuseStream(u.name, u.reason)
	}
	s.unheard = nil
}
