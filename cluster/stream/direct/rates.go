package direct

import (
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

// rates are the live streams of one consolidator.
type rates struct {
	mu      sync.Mutex
	streams map[string]*rate
}

// rate follows the count of one stream.
type rate struct {
	epoch   uint64
	next    uint64
	bytes   uint64
	seen    time.Time // of the last change
	perSec  float64
	bytesPS float64
}

func (r *rates) update(now time.Time, stats []zmtp.StreamStat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.streams == nil {
		r.streams = make(map[string]*rate)
	}
	for _, s := range stats {
		old := r.streams[s.Name]
		if old == nil && len(r.streams) >= maxListed {
			continue
		}
		if old == nil || old.epoch != s.Epoch || s.Next < old.next {
			r.streams[s.Name] = &rate{epoch: s.Epoch, next: s.Next, bytes: s.Bytes, seen: now}
			continue
		}
		if dt := now.Sub(old.seen).Seconds(); dt > 0.1 {
			records, bytes := old.at(now)
			old.perSec = (records + 3*float64(s.Next-old.next)/dt) / 4
			old.bytesPS = (bytes + 3*float64(s.Bytes-old.bytes)/dt) / 4
			if records == 0 {
				old.perSec = float64(s.Next-old.next) / dt
				old.bytesPS = float64(s.Bytes-old.bytes) / dt
			}
			old.seen = now
		}
		old.next, old.bytes = s.Next, s.Bytes
	}
}

// at is the rate in records and bytes a second.
func (r *rate) at(now time.Time) (records, bytes float64) {
	if now.Sub(r.seen) > quietFrom {
		return 0, 0
	}
	return r.perSec, r.bytesPS
}

func (r *rates) each(now time.Time, f func(string, *rate)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, s := range r.streams {
		if now.Sub(s.seen) > liveFor {
			delete(r.streams, name)
			continue
		}
		f(name, s)
	}
}

func (r *rates) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.streams)
}
