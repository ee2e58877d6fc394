package proxy

import (
	"testing"

	"sluice/cluster/fanout"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
)

// A session that cannot be told where the log goes on behind a loss is put at the
// end of the log, is told exactly what it lost by that, and goes on from there.
func TestGiveUpIsExact(t *testing.T) {
	hub, err := fanout.New(fanout.Config{StreamBuffer: 64 << 10, Next: entry.Next})
	if err != nil {
		t.Fatal(err)
	}
	tail, to := newTail(hub, "s", new(upstream), new(streamCounts)), hub.Appender()
	defer tail.close()
	add := func(n int) {
		var list []stream.Record
		for range n {
			list = append(list, stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: tail.sources.Standing("vm-1").Next + uint64(len(list))}, Data: []byte(`{"msg":"x"}`)})
		}
		tail.append(to, list, nil)
		hub.Wake()
	}
	add(1)
	reader := hub.Reader()
	defer reader.Close()
	reader.Tail("s", fanout.From{Kind: fanout.FromLast, Last: 1})
	p, _ := reader.Take(maxBatch)
	p.Release()
	add(10_000)
	p, _ = reader.Take(100)
	before := p.Lost
	positions := tail.giveUp(reader, &p)
	if want := (stream.Position{Epoch: 9, Seq: 10_001}); before == 0 || p.Lost != 10_000 || p.Next != 10_001 || positions["vm-1"] != want {
		t.Errorf("lost %d, then %d and stands at %d, %v", before, p.Lost, p.Next, positions)
	}
	p.Release()
	add(1)
	if p, ok := reader.Take(maxBatch); !ok || p.Lost > 0 || p.Next != 10_001 || p.Count != 1 {
		t.Errorf("goes on with %+v, %v", p, ok)
	} else {
		p.Release()
	}
}
