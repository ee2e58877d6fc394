package consolidator

import "time"

// ReportEvery makes a Consolidator that does not run yet publish its state so
// often.
func (c *Consolidator) ReportEvery(d time.Duration) { c.times.state = d }

// Received is how many records of publishers were appended.
func (c *Consolidator) Received() int { return int(c.counts.in.records.Load()) }
