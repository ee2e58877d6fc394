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
	if second-r.second > rateSeconds || second < r.second {
		r.counts = [rateSeconds + 1]uint64{}
		r.second, r.start = second, second
		return
	}
	for r.second < second {
		r.second++
		r.counts[r.second%(rateSeconds+1)] = 0
	}
}

func (r *rateMeter) add(now time.Time, n uint64) {
	r.advance(now)
	r.counts[r.second%(rateSeconds+1)] += n
}

// perSecond is the mean over the last complete seconds.
func (r *rateMeter) perSecond(now time.Time) float64 {
	r.advance(now)
	var sum uint64
	for i, n := range r.counts {
		if int64(i) != r.second%(rateSeconds+1) {
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
