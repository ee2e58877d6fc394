package direct

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/cluster/zmtp"
)

// maxAway is how many consolidators that are not named any more are remembered, with
// the positions there.
const maxAway = 1024

var errNotNamed = errors.New("it is not named any more where consolidators are found")

// found makes links to the consolidators that are new, goes on with those that are
// back, and ends those to the ones that are gone.
func (d *backend) found(names []string) {
	endpoints := make([]zmtp.Endpoint, 0, len(names))
	for _, name := range names {
		e, err := zmtp.ParseEndpoint(name)
		if err != nil {
			d.cfg.Logger.Warn("consolidator passed over", "error", err)
			continue
		}
		endpoints = append(endpoints, e)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for e, l := range d.links {
		if !slices.Contains(endpoints, e) {
			d.leave(l)
		}
	}
	for _, e := range endpoints {
		if d.links[e] == nil {
			d.come(e)
		}
	}
	for _, t := range d.tails {
		t.merge.begin(d.running)
	}
}

// come begins the link to an endpoint, where it stood if there was one. d.mu is held.
func (d *backend) come(e zmtp.Endpoint) {
	l, back := d.away[e]
	delete(d.away, e)
	if !back {
		l = newLink(d, e)
	}
	ctx, cancel := context.WithCancel(d.running.Context())
	before, ended := l.ended, make(chan struct{})
	l.cancel, l.ended = cancel, ended
	d.links[e] = l
	l.come(d.claimLocked(l, l.current().Name))
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

// leave ends a link whose endpoint is not named any more. d.mu is held.
func (d *backend) leave(l *link) {
	l.cancel()
	delete(d.links, l.endpoint)
	delete(d.named, l.claimed)
	l.claimed = ""
	if !l.leave() {
		return // it has no position
	}
	l.left = time.Now()
	d.away[l.endpoint] = l
	if len(d.away) > maxAway {
		oldest := slices.MinFunc(slices.Collect(maps.Values(d.away)), func(a, b *link) int { return a.left.Compare(b.left) })
		delete(d.away, oldest.endpoint)
		d.cfg.Logger.Warn("positions forgotten at a consolidator that is away", "endpoint", oldest.endpoint.String())
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

// sorted are the links in the order of their addresses.
func (d *backend) sorted() []*link {
	d.mu.Lock()
	defer d.mu.Unlock()
	links := make([]*link, 0, len(d.links))
	for _, l := range d.links {
		links = append(links, l)
	}
	slices.SortFunc(links, func(a, b *link) int { return strings.Compare(a.endpoint.String(), b.endpoint.String()) })
	return links
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
	for d.named[name] != nil && d.named[name] != l {
		name += "@" + l.endpoint.Address
	}
	if d.links[l.endpoint] == l { // or it is about to end
		delete(d.named, l.claimed)
		d.named[name], l.claimed = l, name
	}
	return name
}
