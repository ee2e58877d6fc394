package proxy

import (
	"context"

	"sluice/cluster/fanout"
	"sluice/cluster/stream"
)

// firstBackfill is how many records, over all consolidators together, a tail
// begins with.
const firstBackfill = 1000

// pump is the one goroutine that writes to the logs.
type pump struct {
	source Source
	tails  *tails
	to     *fanout.Appender
	buf    []byte
}

// run moves what arrives into the logs until the source has ended.
func (p *pump) run(ctx context.Context) {
	for {
		b, err := p.source.Take(ctx)
		if err != nil {
			return
		}
		p.batch(b)
		b.Release()
	}
}

func (p *pump) batch(b *stream.Batch) {
	done := 0
	for i := range b.Notices {
		n := &b.Notices[i]
		p.records(b.Records[done:n.At])
		done = n.At
		p.notice(n)
	}
	p.records(b.Records[done:])
}

// records appends run by run: consecutive records of one stream.
func (p *pump) records(records []stream.Record) {
	for len(records) > 0 {
		name := records[0].Stream
		n := 1
		for n < len(records) && records[n].Stream == name {
			n++
		}
		if t := p.tails.find(name); t != nil {
			p.buf = t.append(p.to, records[:n], p.buf)
		}
		records = records[n:]
	}
}

func (p *pump) notice(n *stream.Notice) {
	switch n.Kind {
	case stream.KindGap:
		if t := p.tails.find(n.Stream); t != nil {
			t.appendGap(p.to, n)
		}
	case stream.KindBackfill:
		if t := p.tails.find(n.Stream); t != nil {
			t.setReady()
		}
	case stream.KindPosition:
		if t := p.tails.find(n.Stream); t != nil {
			t.begin(n.Source, n.Position)
		}
	case stream.KindState:
		known := make(map[string]bool)
		for _, s := range p.source.Status() {
			known[s.Name] = true
		}
		p.tails.each(func(t *tail) { t.state(n.Source, n.State, known) })
	}
}
