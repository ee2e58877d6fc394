// Package uptime is the clock for whatever is to come after a while. People and machines
// set the clock of the day, forward and back; this one only goes on.
//
// A [time.Time] that [time.Now] returned has such a clock, too, as long as it is kept as
// it is: what was a number in between, or came from elsewhere, has not.
package uptime

import "time"

var began = time.Now()

// Clock is how long this process had been running, at some moment: a number that can be
// kept in an atomic one. It costs what time.Now does, and allocates nothing.
type Clock int64

// Now is the moment now.
func Now() Clock { return Clock(time.Since(began)) }

// Since is how long ago a moment was.
func Since(c Clock) time.Duration { return time.Duration(Now() - c) }
