package publish

import (
	"bytes"

	"sluice/cluster/zmtp"
)

// maxSubscriptions is how many prefixes of a foreign peer are kept; with more
// it gets everything, and leaves out by itself what it does not want.
const maxSubscriptions = 1000

// subscriptions are the prefixes that a foreign peer wants.
type subscriptions struct {
	prefixes map[string]struct{}
	all      bool // too many to keep
}

func (s *subscriptions) any() bool { return s.all || len(s.prefixes) > 0 }

// everything reports whether the peer wants all streams.
func (s *subscriptions) everything() bool {
	_, empty := s.prefixes[""]
	return s.all || empty
}

func (s *subscriptions) match(stream []byte) bool {
	if s.everything() {
		return true
	}
	for p := range s.prefixes {
		if bytes.HasPrefix(stream, []byte(p)) {
			return true
		}
	}
	return false
}

// subscribe notes what a peer wants, or no longer.
func (l *link) subscribe(prefix []byte, cancel bool) {
	if l.conn.Peer.Sluice {
		return // it takes everything
	}
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	subs := &l.subscribed
	switch {
	case cancel:
		delete(subs.prefixes, string(prefix))
	case len(subs.prefixes) >= maxSubscriptions:
		subs.all = true
	default:
		if subs.prefixes == nil {
			subs.prefixes = make(map[string]struct{})
		}
		subs.prefixes[string(prefix)] = struct{}{}
	}
	l.c.poke()
}

// wanted returns the messages of a region that a foreign peer has subscribed
// to, and notes how many it has not. all reports that it wants all of them.
func (l *link) wanted(region []byte) (messages []byte, all bool) {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	l.unwanted = l.unwanted[:0]
	if l.subscribed.everything() {
		return nil, true
	}
	for len(region) > 0 {
		size, _ := zmtp.NextMessage(region)
		stream, _ := zmtp.SplitMessage(region[:size])
		ok := l.subscribed.match(stream)
		if ok {
			messages = append(messages, region[:size]...)
		}
		l.unwanted = append(l.unwanted, !ok)
		region = region[size:]
	}
	return messages, false
}

// before is how many bytes of a region stand before the first message that was
// not whole in what was written of the wanted ones.
func (l *link) before(region []byte, written int) (n int) {
	for _, unwanted := range l.unwanted {
		size, _ := zmtp.NextMessage(region[n:])
		if !unwanted {
			if written < size {
				break
			}
			written -= size
		}
		n += size
	}
	return n
}

// unacknowledged is done with what was written to a peer that acknowledges
// nothing; the write may have broken. c.mu is held.
func (l *link) unacknowledged(broke bool) {
	c := l.c
	written := &c.stats.Unacknowledged
	if broke {
		written = &c.stats.Uncertain
	}
	for i := uint64(0); c.q.flying > 0; i++ {
		n, count := c.q.flying, written
		if i < uint64(len(l.unwanted)) {
			n = 1
			if l.unwanted[i] {
				count = &c.stats.Refused
			}
		}
		c.q.pop(n, func(records, _ uint64) { *count += records })
	}
}
