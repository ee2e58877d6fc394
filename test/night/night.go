package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

// What happens when: a version of the shop that lets connections to its database leak is
// deployed, and taken back half an hour later.
var (
	begin     = time.Date(2026, 3, 3, 20, 0, 0, 0, time.UTC)
	deployed  = time.Date(2026, 3, 4, 2, 47, 12, 0, time.UTC)
	exhausted = deployed.Add(6*time.Minute + 40*time.Second) // the pool has no connection left
	paged     = exhausted.Add(9 * time.Minute)
	rollback  = deployed.Add(33*time.Minute + 5*time.Second)
	healthy   = rollback.Add(70 * time.Second)
	end       = time.Date(2026, 3, 4, 6, 0, 0, 0, time.UTC)
)

var (
	machines  = []string{"vm-1", "vm-2", "vm-3"}
	products  = []string{"lamp", "chair", "desk", "kettle", "clock", "mirror"}
	customers = []string{"acme", "globex"}
)

// bunyan's levels.
const (
	debug = 10 * (iota + 2)
	info
	warn
	failed // error
	fatal
)

// record is one line, and its time.
type record struct {
	at   time.Time
	line string
}

// fields are members of a record beside those that every record has.
type fields map[string]any

// night makes the records of all streams.
type night struct {
	rng     *rand.Rand
	records map[string][]record
	orders  int
	later   time.Duration // that it happens than the times above
	ticket  string        // the req_id that a customer asks about
}

func newNight(seed uint64, later time.Duration) *night {
	return &night{rng: rand.New(rand.NewPCG(seed, 2)), records: map[string][]record{}, orders: 81200, later: later}
}

// log adds a record of a stream.
func (n *night) log(stream, name, host string, at time.Time, level int, msg string, more fields) {
	at = at.Add(n.later)
	members := fields{}
	for k, v := range more {
		members[k] = v
	}
	members["v"], members["name"], members["hostname"], members["pid"] = 0, name, host, 400+len(name)*31+int(host[3])
	members["level"], members["msg"], members["time"] = level, msg, at.UTC().Format("2006-01-02T15:04:05.000Z")
	line, err := json.Marshal(members)
	if err != nil {
		panic(err) // of what is made here, and always can
	}
	n.records[stream] = append(n.records[stream], record{at, string(line)})
}

// id returns a name for a request or the like, of digits that are hexadecimal.
func (n *night) id(prefix string) string { return fmt.Sprintf("%s%08x", prefix, n.rng.Uint32()) }

// around returns milliseconds with a long tail, mostly near typical.
func (n *night) around(typical float64) time.Duration {
	ms := typical * (0.4 + n.rng.ExpFloat64())
	return time.Duration(ms * float64(time.Millisecond))
}

func pick[T any](n *night, of []T) T { return of[n.rng.IntN(len(of))] }

// often calls what at random times, on average every so often, from begin to end.
func (n *night) often(every time.Duration, begin, end time.Time, what func(at time.Time)) {
	for at := begin; ; {
		at = at.Add(time.Duration(n.rng.ExpFloat64() * float64(every)))
		if !at.Before(end) {
			return
		}
		what(at)
	}
}

// happen is the whole night.
func (n *night) happen() {
	n.often(700*time.Millisecond, begin, end, n.browse)
	n.often(2500*time.Millisecond, begin, end, n.order)
	n.often(400*time.Millisecond, begin, end, n.lease)
	n.often(2*time.Second, begin, end, n.job)
	n.often(5*time.Second, begin, end, n.health)
	n.often(4*time.Minute, begin, end, n.provider)
	n.often(11*time.Minute, begin, end, n.reset)
	n.deploy(deployed, "v2.14.0", "deploys")
	n.deploy(rollback, "v2.13.4", "rolls back to")
	n.deploy(begin.Add(97*time.Minute), "v2.13.4", "deploys")
	n.often(900*time.Millisecond, exhausted, healthy, n.pool)
	n.log("system", "alerts", "vm-1", paged, failed, "page on call: more than 5 % of orders fail", fields{"rule": "orders-failing", "share": 0.31})
	n.ticketed()
}
