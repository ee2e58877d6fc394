package publish

import "time"

// Stats counts what became of the records that Publish was given. At all times
//
//	Published = Acknowledged + Unacknowledged + Refused + Uncertain + Shed + Unsent + Waiting
//
// and after Close nothing is Waiting.
type Stats struct {
	Published      uint64 // taken by Publish
	Acknowledged   uint64 // the consolidator has them in its logs
	Unacknowledged uint64 // written to a peer that acknowledges nothing, which is no consolidator of Sluice
	Refused        uint64 // the peer had no place for them: too many streams, or it did not subscribe to theirs
	Uncertain      uint64 // sent, and nobody knows whether they arrived: the connection broke, or Close could wait no longer
	Shed           uint64 // given up before they were sent, to make room
	Unsent         uint64 // never sent: Close could wait no longer
	Waiting        uint64 // still in the buffer, sent or not

	Repeated uint64 // of Acknowledged, those that were sent more than once: they may stand twice
	Invalid  uint64 // not taken: above the limit, or a name that cannot be a stream's. Not in Published
	Bytes    uint64 // of the records in Published
	Lost     uint64 // how often a connection broke
}

// Status is how a Client is connected.
type Status struct {
	Connected    bool
	Had          bool      // it was connected at some time
	Acknowledges bool      // connected to a consolidator of Sluice
	Name         string    // of the consolidator, when it is one of Sluice; foreign input
	Since        time.Time // since when it is connected, or not
	Moved        time.Time // when something was last acknowledged, or written to a peer that does not acknowledge
	Err          error     // why it is not connected
}

// Stats returns the counts as they stand.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Waiting = c.q.records
	return s
}

// Status returns how the Client is connected now.
func (c *Client) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}
