package main

import (
	"context"
	"fmt"

	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	"sluice/internal/relay"
)

// proxiedReader reads with a stream.Source, through the proxy.
type proxiedReader struct {
	*tally
	url string

	got []blended // by stream; guarded by tally.mu
}

func newProxied(w *world, id string, relayed bool) (*proxiedReader, error) {
	p := &proxiedReader{tally: newTally(w, kindProxied, id, -1), got: newBlended(w)}
	address, err := p.relayed(w.proxy.listen, relayed)
	p.url = "http://" + address
	return p, err
}

func newBlended(w *world) []blended {
	all := make([]blended, len(w.streams))
	for s := range all {
		all[s] = blended{began: make([]position, len(w.machines)), at: make([]position, len(w.machines))}
	}
	return all
}

// relayed is an address that leads to another, through a relay if wanted.
func (t *tally) relayed(to string, relayed bool) (string, error) {
	if !relayed {
		return to, nil
	}
	r, err := relay.Open(to)
	if err != nil {
		return "", err
	}
	t.relays = append(t.relays, r)
	return r.Addr(), nil
}

func (p *proxiedReader) run(ctx context.Context) error {
	source, err := proxied.New(proxied.Config{URL: p.url, Inbox: 64<<10 + p.rnd.IntN(1<<20)})
	if err != nil {
		return err
	}
	for _, name := range p.w.streams {
		source.Tail(name, stream.Backfill{})
	}
	err = p.readAll(ctx, source, p.rnd, func(b *stream.Batch) (more bool, err error) { return true, p.batch(b) })
	if err != nil {
		return p.w.violation(p, err)
	}
	return nil
}

func (p *proxiedReader) batch(b *stream.Batch) error {
	n := 0
	for i := 0; i <= len(b.Records); i++ {
		for ; n < len(b.Notices) && b.Notices[n].At == i; n++ {
			p.notice(&b.Notices[n])
		}
		if i < len(b.Records) {
			if err := p.take(&b.Records[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *proxiedReader) take(r *stream.Record) error {
	m, s := p.w.machine(r.Source), p.w.stream([]byte(r.Stream))
	if m < 0 || s < 0 {
		return fmt.Errorf("a record of stream %q at %q, which was not asked for", r.Stream, r.Source)
	}
	id, err := p.record(s, r.Data)
	if err != nil {
		return err
	}
	at := position{r.Position.Epoch, r.Position.Seq}
	p.recent.add(event{stream: s, machine: m, place: at, id: id})
	p.got[s].received++
	if err := p.got[s].place(m, at); err != nil {
		return err
	}
	return p.w.truth.log(m, s).saw(at, id)
}

func (p *proxiedReader) notice(n *stream.Notice) {
	switch n.Kind {
	case stream.KindGap:
		p.notef("gap in %s at %s: %d, unknown %t, %s, %q", n.Stream, n.Source, n.Count, n.Unknown, n.Hop, n.Reason)
		p.lost(n.Count, n.Unknown)
		if s := p.w.stream([]byte(n.Stream)); s >= 0 {
			p.got[s].tell(n.Count, n.Unknown, n.Source+", "+n.Hop+", "+n.Reason)
		}
	case stream.KindState:
		p.notef("%s is %v %s", n.Source, n.State, n.Err)
	case stream.KindAway:
		p.notef("%s", n.AwayText())
	case stream.KindBackfill:
		p.notef("the backfill of %s is there", n.Stream)
	}
}

func (p *proxiedReader) check(q *quiet) error {
	// Positions lead over a break and over the end of a proxy. Only when a
	// consolidator ended in order while there was none, nobody heard it.
	mayUnknown := q.anyRestarted() && (q.proxy || p.hurt.Load())
	return checkBlended(p.tally, p.got, q, mayUnknown)
}

// checkBlended checks all streams of a reader, and starts over.
func checkBlended(t *tally, got []blended, q *quiet, mayUnknown bool) error {
	for s := range got {
		if q.counted {
			if err := got[s].check(t.w, q, s, mayUnknown); err != nil {
				return fmt.Errorf("%q: %w", t.w.streams[s], err)
			}
		}
		got[s].begin(q, s)
	}
	return nil
}
