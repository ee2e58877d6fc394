package direct

import (
	"slices"
	"sync"
	"time"

	"sluice/cluster/zmtp"
)

// The times of rates.
const (
	liveFor   = time.Minute             // a stream is live for so long after a record
	maxListed = 200_000                 // streams of one consolidator that are known
	quietFrom = 2500 * time.Millisecond // changes are reported each second: without one for so long, the rate is 0
)

// rates are the live streams of one consolidator. They are one piece of memory, so that
// a copy is quick.
type rates struct {
	mu    sync.Mutex
	list  []rate
	index map[string]int // in list, by name
}

// rate follows the count of one stream.
type rate struct {
	name    string
	epoch   uint64
	next    uint64
	bytes   uint64
	seen    time.Time // of the last change, as far as rates go by it
	told    time.Time // when it was told last
	perSec  float64
	bytesPS float64
}

func (r *rates) update(now time.Time, stats []zmtp.StreamStat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.index == nil {
		r.index = make(map[string]int)
	}
	for _, s := range stats {
		i, known := r.index[s.Name]
		switch {
		case known:
			r.list[i].update(now, s)
		case len(r.list) < maxListed:
			r.index[s.Name] = len(r.list)
			r.list = append(r.list, rate{name: s.Name, epoch: s.Epoch, next: s.Next, bytes: s.Bytes, seen: now, told: now})
		}
	}
}

func (r *rate) update(now time.Time, s zmtp.StreamStat) {
	defer func() { r.told = now }()
	if r.epoch != s.Epoch || s.Next < r.next {
		*r = rate{name: r.name, epoch: s.Epoch, next: s.Next, bytes: s.Bytes, seen: now}
		return
	}
	if dt := now.Sub(r.seen).Seconds(); dt > 0.1 {
		records, bytes := r.at(now)
		r.perSec = (records + 3*float64(s.Next-r.next)/dt) / 4
		r.bytesPS = (bytes + 3*float64(s.Bytes-r.bytes)/dt) / 4
		if records == 0 {
			r.perSec = float64(s.Next-r.next) / dt
			r.bytesPS = float64(s.Bytes-r.bytes) / dt
		}
		r.seen = now
	}
	r.next, r.bytes = s.Next, s.Bytes
}

// at is the rate in records and bytes a second.
func (r *rate) at(now time.Time) (records, bytes float64) {
	if now.Sub(r.seen) > quietFrom {
		return 0, 0
	}
	return r.perSec, r.bytesPS
}

// appendLive appends the live streams as they are now, and forgets the others. Whoever
// reads from the consolidator waits meanwhile: it does nothing else.
func (r *rates) appendLive(dst []rate, now time.Time) []rate {
	r.mu.Lock()
	n := len(r.list)
	r.mu.Unlock()
	dst = slices.Grow(dst, n) // before, since that takes longer than the copy
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prune(now)
	return append(dst, r.list...)
}

// prune forgets the streams that are not live any more. r.mu is held.
func (r *rates) prune(now time.Time) {
	for i := 0; i < len(r.list); {
		if now.Sub(r.list[i].seen) <= liveFor {
			i++
			continue
		}
		last := len(r.list) - 1
		delete(r.index, r.list[i].name)
		if i < last {
			r.list[i] = r.list[last]
			r.index[r.list[i].name] = i
		}
		r.list[last] = rate{}
		r.list = r.list[:last]
	}
}

func (r *rates) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list, r.index = nil, nil
}
