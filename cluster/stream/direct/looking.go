package direct

import (
	"time"

	"sluice/cluster/discovery"
	"sluice/cluster/stream"
)

// lookLimit is how long a backfill waits for consolidators to be found.
const lookLimit = 2 * time.Second

// looking is what is known of the place where consolidators are found. It is guarded by
// backend.mu.
type looking struct {
	place discovery.Place
	known bool         // a set of consolidators was seen, or is waited for no longer
	state stream.State // connecting, until one was seen; lost, while it cannot be had anew; else live
	since time.Time
	err   string
	empty bool // there is no consolidator in the set
}

// see takes what was found, and reports whether it is to be told.
func (l *looking) see(f discovery.Found) (tell bool) {
	state, text := stream.StateLive, f.Trouble
	l.empty = len(f.Consolidators) == 0
	switch {
	case !f.Known && l.empty:
		state = stream.StateConnecting
	case f.Trouble != "":
		state = stream.StateLost
	case l.empty:
		text = "there is no consolidator yet"
	}
	tell = state == stream.StateConnecting && (l.state != state || l.err != text)
	if l.state != state {
		l.since = time.Now()
	}
	l.state, l.err = state, text
	return tell && l.place.Name != ""
}

// notice tells the state of the place.
func (l *looking) notice() stream.Notice {
	return stream.Notice{Kind: stream.KindState, Time: time.Now(), Source: l.place.Name, State: l.state, Err: l.err}
}

// status is the place's, if there is anything to say of it.
func (l *looking) status() (s stream.Status, ok bool) {
	if l.place.Name == "" || l.state == stream.StateLive && !l.empty {
		return s, false
	}
	return stream.Status{Name: l.place.Name, Address: l.place.Address, Finder: true, State: l.state, Since: l.since, Err: l.err}, true
}

// beginMerges starts the clocks of all backfills. d.mu is held.
func (d *backend) beginMerges() {
	d.looking.known = true
	for _, t := range d.tails {
		t.merge.begin(d.running)
	}
}
