package proxy

import (
	"context"
	"sync/atomic"

	"sluice/cluster/fanout"
	"sluice/cluster/stream"
)

// firstBackfill is how many records, over all consolidators together, a tail
// begins with.
const firstBackfill = 1000

// intake is the one goroutine that writes to the logs.
type intake struct {
	source Source
	tails  *tails
	peers  *consolidators

	gathering *atomic.Int64 // as the proxy has it

	to  *fanout.Appender
	buf []byte

	known map[string]*tail // those of which records have come
	ended uint64           // tails.ended when none of them had
}

// run moves what arrives into the logs until the source has ended.
func (in *intake) run(ctx context.Context) {
	for {
		b, err := in.source.Take(ctx)
		if err != nil {
			return
		}
		in.batch(b)
		b.Release()
		in.source.Linger(linger(gather(in.gathering.Load())), ticks.Add(-readAhead))
	}
}

func (in *intake) batch(b *stream.Batch) {
	// The records of a tail that has begun anew were put after the one before had ended.
	if ended := in.tails.ended.Load(); ended != in.ended || in.known == nil {
		in.known, in.ended = make(map[string]*tail), ended
	}
	done := 0
	for i := range b.Notices {
		n := &b.Notices[i]
		in.records(b.Records[done:n.At])
		done = n.At
		in.notice(n)
	}
	in.records(b.Records[done:])
}

// records appends run by run: consecutive records of one stream.
func (in *intake) records(records []stream.Record) {
	for len(records) > 0 {
		name := records[0].Stream
		n := 1
		for n < len(records) && records[n].Stream == name {
			n++
		}
		if t := in.tail(name); t != nil {
			in.buf = t.append(in.to, records[:n], in.buf)
		}
		records = records[n:]
	}
}

// tail is tails.find, and faster.
func (in *intake) tail(name string) *tail {
	t := in.known[name]
	if t == nil {
		if t = in.tails.find(name); t != nil {
			in.known[name] = t
		}
	}
	return t
}

func (in *intake) notice(n *stream.Notice) {
	switch n.Kind {
	case stream.KindGap:
		if t := in.tails.find(n.Stream); t != nil {
			t.appendGap(in.to, n)
		}
	case stream.KindBackfill:
		if t := in.tails.find(n.Stream); t != nil {
			t.setReady()
		}
	case stream.KindPosition:
		if t := in.tails.find(n.Stream); t != nil {
			t.begin(n.Source, n.Position)
		}
	case stream.KindAway:
		in.tails.each(func(t *tail) { t.away(n) })
	case stream.KindState:
		_, known := in.tails.status()
		in.peers.changed(n.Source, n.State, n.Err, known)
		in.tails.each(func(t *tail) { t.state(n.Source, n.State, known) })
	}
}
