package alert

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxCount bounds the number in a rate.
const MaxCount = 100_000

// Rate is so many within a time. The zero value is one, whenever it comes.
type Rate struct {
	Count int
	Per   time.Duration
}

var units = []struct {
	letter string
	per    time.Duration
}{{"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}}

// ParseRate reads a rate such as 10/m: ten within a minute; /s and /h are others.
func ParseRate(text string) (Rate, error) {
	number, unit, ok := strings.Cut(text, "/")
	n, err := strconv.Atoi(number)
	for _, u := range units {
		if ok && err == nil && n >= 1 && n <= MaxCount && unit == u.letter {
			return Rate{n, u.per}, nil
		}
	}
	return Rate{}, fmt.Errorf("rate %q: write it as 10/m, with a number up to %d, and s, m or h", text, MaxCount)
}

// String is the rate as [ParseRate] reads it; "" for the zero value.
func (r Rate) String() string {
	for _, u := range units {
		if r.Per == u.per {
			return strconv.Itoa(r.Count) + "/" + u.letter
		}
	}
	return ""
}

// UnmarshalText is [ParseRate].
func (r *Rate) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRate(string(text))
	return err
}

// Counter counts what comes, in the order in which it comes.
type Counter struct {
	rate  Rate
	times []int64 // of the last that came, a ring
	next  int
}

// NewCounter returns one for a rate.
func NewCounter(r Rate) *Counter { return &Counter{rate: r} }

// Add counts one that came at a time, in nanoseconds, and reports whether the rate is
// reached with it. Then it begins anew.
func (c *Counter) Add(at int64) bool {
	if c.rate.Count <= 1 {
		return true
	}
	if len(c.times) < c.rate.Count {
		c.times = append(c.times, at)
	} else {
		c.times[c.next] = at
	}
	c.next = (c.next + 1) % c.rate.Count
	if len(c.times) < c.rate.Count || at-c.times[c.next%len(c.times)] > int64(c.rate.Per) {
		return false
	}
	c.times, c.next = c.times[:0], 0
	return true
}

// Bell says when somebody may be told. The zero value rings whenever it is asked.
type Bell struct {
	Pause  time.Duration // between two times at least
	rang   time.Time
	silent int
}

// Ring reports whether it rings now, and how often it did not since it rang last.
func (b *Bell) Ring(now time.Time) (missed int, rings bool) {
	if since := now.Sub(b.rang); !b.rang.IsZero() && since >= 0 && since < b.Pause {
		b.silent++
		return 0, false
	}
	missed, b.silent, b.rang = b.silent, 0, now
	return missed, true
}
