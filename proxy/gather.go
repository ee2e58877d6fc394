package proxy

import "time"

// A session that has written waits before it writes again, so that what comes
// meanwhile goes out at once: for as long as lets all sessions together write 20,000
// times a second, within these bounds. What comes to one that has not written for so
// long, in a crowd for twice that, does not wait.
const (
	minGather  = maxGather / 64
	maxGather  = 50 * time.Millisecond
	gatherEach = 50 * time.Microsecond
)

// crowded is how long sessions gather when they are a crowd: then the source waits for
// their ticks, too.
const crowded = 10 * time.Millisecond

// readAhead is how long before a tick of a crowd the source is read, so that what came
// is in the logs by then.
const readAhead = 1500 * time.Microsecond

// ticks is when the ticks began at which sessions write, so that many do one after
// another while the machine is awake.
var ticks = time.Now()

// gather is how long a session waits now; gathering sessions do so. It is so many ticks.
func gather(gathering int64) time.Duration {
	wait := min(max(time.Duration(gathering)*gatherEach, minGather), maxGather)
	tick := tickOf(wait)
	return (wait + tick - 1) / tick * tick
}

// shortTick is the shortest tick, in which minGather has two.
const shortTick = minGather / 2

// tickOf is how far the ticks are apart of sessions that gather for so long: from a
// quarter to half of that. The ticks of a longer time are some of a shorter one's.
func tickOf(gather time.Duration) time.Duration {
	tick := maxGather / 4
	for gather <= 2*tick && tick > shortTick {
		tick /= 2
	}
	return tick
}

// together is when a session that wrote at a time writes again, having waited for a
// time or a little less: at a tick.
func together(wrote time.Time, gather time.Duration) time.Time {
	tick := tickOf(gather)
	return ticks.Add(wrote.Sub(ticks)/tick*tick + gather)
}

// linger is how far the times are apart at which the source is read, when little comes,
// while sessions gather for so long: 0, at any time, for a few sessions.
func linger(gather time.Duration) time.Duration {
	if gather < crowded {
		return 0
	}
	return tickOf(gather)
}
