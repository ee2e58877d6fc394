package devenv

import (
	"math/rand/v2"
	"time"
)

// A burst comes every burstEvery and lasts burstFor, on average; it is
// burstFactor times the rate.
const (
	burstEvery  = 45 * time.Second
	burstFor    = 3 * time.Second
	burstFactor = 10
)

// pace decides when the records of one publisher come: at random around its
// rate, as independent users make them, with bursts.
type pace struct {
	rate   float64 // records a second, without the bursts
	gaps   *rand.Rand
	bursts *rand.Rand
	due    time.Time // of the next record
	turn   time.Time // when the burst begins, or ends
	burst  bool
}

// newPace returns the pace of one publisher, beginning at now. The publishers
// of one stream share its bursts, since they share the stream's seed.
func newPace(rate float64, seed uint64, host, stream string, now time.Time) *pace {
	p := &pace{
		rate:   rate,
		gaps:   rand.New(rand.NewPCG(seed, hash(host+"\x01"+stream))),
		bursts: rand.New(rand.NewPCG(seed, hash("\x02"+stream))),
		due:    now,
	}
	p.turn = now.Add(time.Duration((0.2 + p.bursts.Float64()) * float64(burstEvery)))
	p.step(now)
	return p
}

// next reports whether a record is due at now; if so it is taken, and next may
// be asked again. wait is how long the next one will take otherwise.
func (p *pace) next(now time.Time) (wait time.Duration, ok bool) {
	if wait = p.due.Sub(now); wait > 0 {
		return wait, false
	}
	if wait < -time.Second { // the machine slept; what was due is not made up for
		p.due = now
	}
	p.step(now)
	return 0, true
}

func (p *pace) step(now time.Time) {
	rate := p.rate
	if now.After(p.turn) {
		mean := burstEvery
		if p.burst = !p.burst; p.burst {
			mean = burstFor
		}
		p.turn = now.Add(time.Duration((0.5 + p.bursts.Float64()) * float64(mean)))
	}
	if p.burst {
		rate *= burstFactor
	}
	p.due = p.due.Add(time.Duration(p.gaps.ExpFloat64() / rate * float64(time.Second)))
}
