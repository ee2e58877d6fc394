package direct

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/cluster/discovery"
	"sluice/cluster/zmtp"
)

// Consolidators that are not named any more are remembered, with the positions there, as
// long as both are no more than so many. A position takes about 200 bytes.
const (
	maxAway       = 1024
	maxAwayPlaces = 1 << 20
)

var (
	errNotNamed = errors.New("it is not named any more where consolidators are found")
	errMoved    = errors.New("it has another endpoint now")
)

// missedText is why a live connection is going to end, as it stands in a status.
const missedText = "it is not named any more where consolidators are found: this connection is kept for a while"

// missing is what is known of a link whose endpoint is not named any more.
type missing struct {
	since   time.Time   // zero while it is named
	partial bool        // it may be a part of the cluster all the same
	expiry  *time.Timer // looks at it again; nil while it is named
}

// found makes links to the consolidators that are new, goes on with those that are
// back, and ends those to the ones that are gone, in time.
func (d *backend) found(f discovery.Found) {
	named := make(map[zmtp.Endpoint]discovery.Consolidator)
	var order []zmtp.Endpoint
	for _, c := range f.Consolidators {
		e, err := zmtp.ParseEndpoint(c.Subscribe)
		if err != nil {
			d.cfg.Logger.Warn("consolidator passed over", "error", err)
			continue
		}
		if _, twice := named[e]; !twice {
			named[e] = c
			order = append(order, e)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.looking.see(f) {
		_ = d.out.PutState(d.looking.notice()) // once it is closed, nobody wants it
	}
	for e, l := range d.links {
		if _, ok := named[e]; !ok {
			d.miss(l, f.Partial)
		}
	}
	for _, e := range order {
		if l := d.links[e]; l != nil {
			d.keep(l, named[e])
		} else {
			d.come(e, named[e])
		}
	}
	if f.Known || len(named) > 0 {
		d.beginMerges()
	}
}

// come begins the link to an endpoint, where it stood if there was one. d.mu is held.
func (d *backend) come(e zmtp.Endpoint, c discovery.Consolidator) {
	l, back := d.away[e]
	delete(d.away, e)
	if !back {
		l = newLink(d, e)
	}
	ctx, cancel := context.WithCancel(d.running.Context())
	before, ended := l.ended, make(chan struct{})
	l.cancel, l.ended = cancel, ended
	l.missing = missing{}
	d.links[e], d.order = l, nil
	l.come(d.claimLocked(l, cmp.Or(c.Name, l.current().Name)), c.Key)
	d.log("consolidator found", l)
	for _, t := range d.tails {
		t.merge.expect(l)
		if !back {
			l.tail(t)
		}
	}
	d.running.Go("read from consolidators", func() {
		defer close(ended)
		if before != nil {
			<-before // it hands on what it has read
		}
		l.run(ctx)
	})
}

// keep goes on with a link whose endpoint is named again, or still. d.mu is held.
func (d *backend) keep(l *link, c discovery.Consolidator) {
	if l.missing.expiry != nil {
		l.missing.expiry.Stop()
	}
	l.missing = missing{}
	l.named(c.Key)
}

// miss notes that a link's endpoint is not named any more. A live connection is kept for
// the grace: what is not registered for a moment need not be gone. d.mu is held.
func (d *backend) miss(l *link, partial bool) {
	l.missing.partial = partial
	if l.missing.since.IsZero() {
		l.missing.since = time.Now()
		l.missed()
	}
	d.expire(l)
}

// expire ends a link whose endpoint is not named any more, if it is time, or looks again
// when it is. d.mu is held.
func (d *backend) expire(l *link) {
	if l.missing.expiry != nil {
		l.missing.expiry.Stop()
	}
	connected, had, broke := l.connection()
	from := l.missing.since
	switch {
	case !had, !connected && !l.missing.partial:
		d.leave(l, errNotNamed)
		return
	case !l.missing.partial:
	case connected:
		from = time.Now() // it is there, whatever is answered
	case broke.After(from):
		from = broke
	}
	left := time.Until(from.Add(d.cfg.Grace))
	if left <= 0 {
		d.leave(l, errNotNamed)
		return
	}
	since := l.missing.since
	l.missing.expiry = time.AfterFunc(left, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.links[l.endpoint] == l && l.missing.since.Equal(since) && d.running.Context().Err() == nil {
			d.expire(l)
		}
	})
}

// broken notes that a link has no connection any more.
func (d *backend) broken(l *link) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.links[l.endpoint] == l && !l.missing.since.IsZero() {
		d.expire(l)
	}
}

// leave ends a link whose endpoint is not named any more. d.mu is held.
func (d *backend) leave(l *link, why error) {
	if l.missing.expiry != nil {
		l.missing.expiry.Stop()
	}
	l.missing = missing{}
	l.cancel()
	delete(d.links, l.endpoint)
	d.order = nil
	delete(d.claims, l.claimed)
	l.claimed = ""
	if !l.leave(why) {
		return // it has no position
	}
	d.log("consolidator left: "+why.Error(), l)
	l.left = time.Now()
	d.away[l.endpoint] = l
	d.forgetAway()
}

// forgetAway forgets those that have been away for the longest time, where there is too
// much to remember. d.mu is held.
func (d *backend) forgetAway() {
	places := 0
	for _, l := range d.away {
		places += l.places()
	}
	for len(d.away) > maxAway || places > maxAwayPlaces {
		oldest := slices.MinFunc(slices.Collect(maps.Values(d.away)), func(a, b *link) int { return a.left.Compare(b.left) })
		places -= oldest.places()
		delete(d.away, oldest.endpoint)
		d.cfg.Logger.Warn("positions forgotten at a consolidator that is away", "endpoint", oldest.address)
	}
}

// log tells of a link that comes or goes, where that is news.
func (d *backend) log(text string, l *link) {
	if d.looking.place.Name != "" {
		d.cfg.Logger.Info(text, "consolidator", l.current().Name, "endpoint", l.endpoint.String(), "in", d.looking.place.String())
	}
}

// supersede ends the link of this name that another one has, if its endpoint is not
// named any more: the consolidator has moved here.
func (d *backend) supersede(l *link, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if other := d.claims[name]; other != nil && other != l && !other.missing.since.IsZero() {
		d.leave(other, errMoved)
	}
}

// succeed lets a link go on where one of the same name stood, whose endpoint is not
// named any more: the consolidator has another one now.
func (d *backend) succeed(ctx context.Context, l *link, name string) {
	d.mu.Lock()
	var before *link
	for _, other := range d.away {
		if other.current().Name == name && (before == nil || before.left.Before(other.left)) {
			before = other
		}
	}
	d.mu.Unlock()
	if before == nil {
		return
	}
	select {
	case <-before.ended: // it is no more than handing on what it has read
	case <-ctx.Done():
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away[before.endpoint] == before {
		delete(d.away, before.endpoint)
		l.adopt(before)
	}
}

// sorted are the links in the order of their addresses. The list is never changed.
func (d *backend) sorted() []*link {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.order == nil {
		d.order = slices.SortedFunc(maps.Values(d.links), func(a, b *link) int { return strings.Compare(a.address, b.address) })
	}
	return d.order
}

// claim gives a link a name for its own, instead of the one that it had: one that
// differs from those of all other links.
func (d *backend) claim(l *link, name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.claimLocked(l, name)
}

// claimLocked is claim with d.mu held.
func (d *backend) claimLocked(l *link, name string) string {
	for d.claims[name] != nil && d.claims[name] != l {
		name += "@" + l.endpoint.Address
	}
	if d.links[l.endpoint] == l { // or it is about to end
		delete(d.claims, l.claimed)
		d.claims[name], l.claimed = l, name
	}
	return name
}
