package consolidator

import (
	"sort"
	"sync"
	"time"

	"sluice/cluster/zmtp"
)

// liveFor is how long a stream is live after a record.
const liveFor = time.Minute

// listing is which streams were live at one scan, in the order of their names.
// It never changes, and all who watch share it.
type listing struct {
	scan    uint64 // its number, from 1
	at      time.Time
	streams []listed
	changed []int // of streams: what had changed since the scan before
}

type listed struct {
	zmtp.StreamStat
	changed uint64 // the number of the scan that found it changed last
}

// lister makes listings.
type lister struct {
	mu   sync.Mutex
	last *listing
}

// list returns a listing that is not older than age. However many ask, the
// streams are looked at once in that time.
func (c *Consolidator) list(now time.Time, age time.Duration) *listing {
	c.lister.mu.Lock()
	defer c.lister.mu.Unlock()
	last := c.lister.last
	if last == nil {
		last = new(listing)
	} else if now.Sub(last.at) < age {
		return last
	}
	l := &listing{scan: last.scan + 1, at: now, streams: make([]listed, 0, len(last.streams))}
	old := last.streams
	for st := range c.hub.Stats {
		if st.Next == 0 || now.Sub(st.Last) >= liveFor {
			continue
		}
		for len(old) > 0 && old[0].Name < st.Name {
			old = old[1:]
		}
		is := listed{zmtp.StreamStat{Name: st.Name, Epoch: st.Epoch, Next: st.Next, Bytes: st.Bytes}, l.scan}
		if len(old) > 0 && old[0].StreamStat == is.StreamStat {
			is.changed = old[0].changed
		} else {
			l.changed = append(l.changed, len(l.streams))
		}
		l.streams = append(l.streams, is)
	}
	c.lister.last = l
	return l
}

// listEach wakes those who watch when there is something new.
func (c *Consolidator) listEach(now time.Time) {
	var watchers []*subscriber
	c.mu.Lock()
	for s := range c.subscribers {
		s.mu.Lock()
		if s.watch.on {
			watchers = append(watchers, s)
		}
		s.mu.Unlock()
	}
	c.mu.Unlock()
	if len(watchers) == 0 {
		return
	}
	l := c.list(now, 0)
	for _, s := range watchers {
		s.mu.Lock()
		s.watch.to = l
		s.mu.Unlock()
		s.wake()
	}
}

// watch is how much of the list of live streams a reader has been sent. It keeps no
// list but the shared one: a reader that does not read is sent later what is true
// then. The zero value watches nothing. It is guarded by subscriber.mu.
type watch struct {
	on      bool
	to      *listing // the newest
	sent    uint64   // changes up to this scan were sent
	sending uint64   // the scan whose changes are being sent; 0 when none are
	after   string   // all up to this name was sent in it
	empty   bool     // an empty list has to be sent, too
}

// begin starts over, with all streams.
func (w *watch) begin(l *listing) {
	*w = watch{on: true, to: l, empty: true}
}

// maxPiece is about how much of a list, of marks or of final positions is sent at a
// time, in bytes. So little is all that a reader which does not read makes us hold.
const maxPiece = 4 << 10

// next appends the next piece of the list. It appends nothing when all was
// sent.
func (w *watch) next(dst []byte) []byte {
	if !w.on || w.sending == 0 && w.sent == w.to.scan {
		return dst
	}
	if w.sending == 0 {
		w.sending, w.after = w.to.scan, ""
	}
	var piece []zmtp.StreamStat
	size := 0
	add := func(l *listed) (more bool) {
		if l.changed > w.sent {
			piece = append(piece, l.StreamStat)
			size += len(l.Name) + 25
		}
		w.after = l.Name
		return size < maxPiece
	}
	l, whole := w.to, true
	if w.sent > 0 && w.sent == l.scan-1 {
		i := sort.Search(len(l.changed), func(i int) bool { return l.streams[l.changed[i]].Name > w.after })
		for ; i < len(l.changed) && whole; i++ {
			whole = add(&l.streams[l.changed[i]])
		}
	} else {
		i := sort.Search(len(l.streams), func(i int) bool { return l.streams[i].Name > w.after })
		for ; i < len(l.streams) && whole; i++ {
			whole = add(&l.streams[i])
		}
	}
	if whole {
		w.sent, w.sending = w.sending, 0
	}
	if len(piece) > 0 || whole && w.empty {
		dst = zmtp.AppendStreams(dst, piece)
		w.empty = false
	}
	return dst
}
