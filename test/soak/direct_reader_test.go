package main

import (
	"testing"
	"time"

	"sluice/cluster/stream"
)

// testWorld has one machine and one stream.
func testWorld() *world {
	w := &world{streams: []string{"s"}, machines: []*machine{{server: &server{name: "vm-1"}}}, truth: newTruth(1, 1)}
	w.rnd = newRand(1)
	n := &numbers{}
	n.open()
	for range 10 {
		n.send(accepted)
	}
	w.truth.log(0, 0).numbers[1] = n
	return w
}

func TestDirect(t *testing.T) {
	begin := stream.Notice{Kind: stream.KindPosition, Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: epoch1, Seq: 5}}
	again := begin
	again.Position = stream.Position{Epoch: epoch2, Seq: 1}
	lost := func(n uint64, unknown bool) stream.Notice {
		return stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Count: n, Unknown: unknown}
	}
	type at struct{ epoch, seq, number uint64 }
	for _, c := range []struct {
		what  string
		got   []any
		old   func(e *life) // how the first epoch ended
		final position
		want  string
	}{
		{"in order", []any{begin, at{epoch1, 5, 0}, at{epoch1, 6, 1}}, nil, position{epoch1, 7}, ""},
		{"one left out", []any{begin, at{epoch1, 5, 0}, at{epoch1, 7, 1}}, nil, position{epoch1, 8}, "the one expected"},
		{"one told as lost", []any{begin, at{epoch1, 5, 0}, lost(1, false), at{epoch1, 7, 1}}, nil, position{epoch1, 8}, ""},
		{"two told as lost", []any{begin, at{epoch1, 5, 0}, lost(2, false), at{epoch1, 7, 1}}, nil, position{epoch1, 8}, "the one expected"},
		{"the last told as lost", []any{begin, at{epoch1, 5, 0}, lost(2, false)}, nil, position{epoch1, 8}, ""},
		{"the last not told", []any{begin, at{epoch1, 5, 0}}, nil, position{epoch1, 8}, "and the log at"},
		{"twice", []any{begin, at{epoch1, 5, 0}, at{epoch1, 5, 0}}, nil, position{epoch1, 6}, "came after"},
		{"a record before a position", []any{at{epoch1, 5, 0}}, nil, position{epoch1, 6}, "before a KindPosition"},
		{
			"ended in order",
			[]any{begin, at{epoch1, 5, 0}, lost(3, false), again, at{epoch2, 1, 3}},
			func(e *life) { e.ended, e.known, e.end = true, true, 8 },
			position{epoch2, 2},
			"",
		},
		{
			"ended in order, told too little",
			[]any{begin, at{epoch1, 5, 0}, lost(2, false), again, at{epoch2, 1, 3}},
			func(e *life) { e.ended, e.known, e.end = true, true, 8 },
			position{epoch2, 2},
			"told as lost",
		},
		{
			"ended in order, told as unknown",
			[]any{begin, at{epoch1, 5, 0}, lost(1, true), again, at{epoch2, 1, 3}},
			func(e *life) { e.ended, e.known, e.end = true, true, 8 },
			position{epoch2, 2},
			"unknown number",
		},
		{
			"killed",
			[]any{begin, at{epoch1, 5, 0}, lost(1, true), again, at{epoch2, 1, 3}},
			func(e *life) { e.killed = true },
			position{epoch2, 2},
			"",
		},
		{
			"ended in order, and first seen when the next one was killed",
			[]any{begin, at{epoch1, 5, 0}, lost(3, false), again, at{epoch2, 1, 3}},
			func(e *life) { e.killed, e.known, e.end = true, true, 8 },
			position{epoch2, 2},
			"",
		},
		{
			"killed, and not told",
			[]any{begin, at{epoch1, 5, 0}, lost(1, false), again, at{epoch2, 1, 3}},
			func(e *life) { e.killed = true },
			position{epoch2, 2},
			"no unknown gap",
		},
	} {
		w := testWorld()
		w.closers = nil
		d := &directReader{tally: newTally(w, kindDirect, "direct", -1), at: [][]cursor{{{}}}}
		var err error
		for _, g := range c.got {
			b := &stream.Batch{}
			switch g := g.(type) {
			case stream.Notice:
				b.Notices = append(b.Notices, g)
			case at:
				b.Records = append(b.Records, stream.Record{
					Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: g.epoch, Seq: g.seq},
					Data: appendRecord(nil, identity{1, 1, 0, g.number}, 0, time.Now()),
				})
			}
			if err == nil {
				err = d.batch(b)
			}
		}
		if c.old != nil {
			c.old(w.truth.log(0, 0).lives[0])
		}
		if err == nil {
			err = d.check(&quiet{w: w, final: [][]position{{c.final}}})
		}
		wantError(t, c.what, err, c.want)
	}
}
