package rows

import "time"

// rateSeconds is over how many seconds a rate is taken.
const rateSeconds = 5

// rateMeter counts records by the second.
type rateMeter struct {
	counts [rateSeconds + 1]uint64 // by second, modulo; the newest is not complete
	second int64                   // Unix second of the newest
	start  int64                   // Unix second of the oldest that counts
}

func (r *rateMeter) advance(now time.Time) {
	second := now.Unix()
	if second-r.second > rateSeconds || r.second-second > rateSeconds {
		r.counts = [rateSeconds + 1]uint64{}
		r.second, r.start = second, second
		return
	}
	for r.second < second {
		r.second++
		r.counts[bucket(r.second, rateSeconds+1)] = 0
	}
}

// add counts what arrived in a second, as it is taken now. What arrived longer ago
// than is measured does not count.
func (r *rateMeter) add(now time.Time, second int64, n uint64) {
	r.advance(now)
	second = min(second, r.second)
	if r.second-second > rateSeconds {
		return
	}
	r.start = min(r.start, second)
	r.counts[bucket(second, rateSeconds+1)] += n
}

// bucket is where a second is counted in a table of n; a recording may be from before
// 1970.
func bucket(second int64, n uint64) int { return int(uint64(second) % n) }

// perSecond is the mean over the last complete seconds.
func (r *rateMeter) perSecond(now time.Time) float64 {
	r.advance(now)
	var sum uint64
	for i, n := range r.counts {
		if i != bucket(r.second, rateSeconds+1) {
			sum += n
		}
	}
	return float64(sum) / float64(min(max(r.second-r.start, 1), rateSeconds))
}

// idle reports whether nothing came within the time that is measured.
func (r *rateMeter) idle(now time.Time) bool {
	r.advance(now)
	for _, n := range r.counts {
		if n > 0 {
			return false
		}
	}
	return true
}
