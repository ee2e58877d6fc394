package consolidator

import "time"

// Hurry makes a Consolidator that does not run yet look at its peers more
// often, and wait less for them.
func (c *Consolidator) Hurry(handshake, ping, silent time.Duration) {
	c.times.handshake, c.times.ping, c.times.silent = handshake, ping, silent
	c.times.list = min(c.times.list, ping/2)
	c.times.ack = min(c.times.ack, ping/2)
}

// BePatient makes a Consolidator that does not run yet wait longer for its peers
// than any test takes, on the busiest machine.
func (c *Consolidator) BePatient() {
	c.times.handshake, c.times.silent = time.Hour, time.Hour
}

// WaitForHandshakes makes a Consolidator that does not leave yet wait so long, at
// its end, for handshakes that have begun.
func (c *Consolidator) WaitForHandshakes(d time.Duration) { c.times.finish = d }

// LeaveBehind makes a Consolidator that does not leave yet wait so long, at its end,
// for connections that do not end.
func (c *Consolidator) LeaveBehind(after time.Duration) { c.times.stuck = after }

// Leaving reports whether the end has begun.
func (c *Consolidator) Leaving() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.phase != running
}

// LimitSubscriptions bounds those of all readers of a Consolidator that does not
// run yet.
func (c *Consolidator) LimitSubscriptions(n int) { c.subscriptions.limit = n }

// Counts are what was passed over and closed, by reason.
type Counts struct {
	TooLarge, TooFewFrames, BadName uint64 // messages
	Subscriptions                   uint64
	Handshakes, Protocol, Silent    uint64 // connections
	NotReading, Held, Most          uint64 // connections
	HandshakeTimeouts               uint64 // connections, of Handshakes
}

// Counts are the counts of now.
func (c *Consolidator) Counts() Counts {
	return Counts{
		TooLarge:      c.counts.tooLarge.Load(),
		TooFewFrames:  c.counts.tooFewFrames.Load(),
		BadName:       c.counts.badName.Load(),
		Subscriptions: c.counts.subscriptions.Load(),
		Handshakes:    c.counts.handshakes.Load(),
		Protocol:      c.counts.protocol.Load(),
		Silent:        c.counts.silent.Load(),
		NotReading:    c.counts.notReading.Load(),
		Held:          c.counts.held.Load(),
		Most:          c.counts.most.Load(),

		HandshakeTimeouts: c.counts.handshakeTimeouts.Load(),
	}
}

// Connections are how many peers of each kind there are.
func (c *Consolidator) Connections() (publishers, readers, shaking int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.doors {
		shaking += len(d.shaking)
	}
	return len(c.publishers), len(c.subscribers), shaking
}

// Open is how many connections there are at all, which the limits count.
func (c *Consolidator) Open() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.doors {
		n += len(d.open)
	}
	return n
}

// Subscriptions are how many all readers have.
func (c *Consolidator) Subscriptions() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.subscribers {
		n += s.reader.Subscriptions()
	}
	return n
}

// Published is how many records a stream has had.
func (c *Consolidator) Published(stream string) uint64 {
	st, _ := c.hub.Stat(stream)
	return st.Next
}

// AllSubscriptions are what is counted against the bound on all readers.
func (c *Consolidator) AllSubscriptions() int {
	c.subscriptions.mu.Lock()
	defer c.subscriptions.mu.Unlock()
	return c.subscriptions.sum
}

// Held is what waiting connections make it hold, in bytes, as far as it counts.
func (c *Consolidator) Held() (sum int) {
	for _, h := range []*heldMemory{c.heldIn, c.heldOut} {
		h.mu.Lock()
		sum += h.sum
		h.mu.Unlock()
	}
	return sum
}

// ReportEvery makes a Consolidator that does not run yet publish its state so
// often.
func (c *Consolidator) ReportEvery(d time.Duration) { c.times.state = d }

// ReadKeysEvery makes a Consolidator that does not run yet look so often whether its
// lists of keys have changed.
func (c *Consolidator) ReadKeysEvery(d time.Duration) { c.times.keys = d }

// MarkEvery makes a Consolidator that does not run yet send periodic marks so often.
func (c *Consolidator) MarkEvery(d time.Duration) { c.times.mark = d }

// Stalled is how many readers do not take what is written to them.
func (c *Consolidator) Stalled() int { return c.state().stalled }

// Received is how many records of publishers were appended.
func (c *Consolidator) Received() int { return int(c.counts.in.records.Load()) }
