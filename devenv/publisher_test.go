package devenv

import (
	"context"
	"regexp"
	"sync"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/internal/wait"
)

// pump is a consolidator on endpoints that stay the same.
type pump struct {
	config consolidator.Config
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

func (p *pump) start(t *testing.T) {
	t.Helper()
	c, err := consolidator.New(p.config)
	if err != nil {
		t.Fatal(err)
	}
	p.config.Publish, p.config.Subscribe = c.PublishAddrs(), c.SubscribeAddrs()
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.Background())
	p.ended.Go(func() {
		if err := c.Run(ctx); err != nil {
			t.Errorf("run consolidator: %v", err)
		}
	})
}

func (p *pump) stop() {
	p.cancel()
	p.ended.Wait()
}

var timestamp = regexp.MustCompile(`"time":"[^"]*"`)

// What is made while the consolidator is away is there when it is back: nothing that
// was made is missing, nothing jumps.
func TestNothingIsShedWhileTheConsolidatorIsAway(t *testing.T) {
	vm := pump{config: consolidator.Config{
		Name: "vm-1", Publish: []string{"tcp://127.0.0.1:0"}, Subscribe: []string{"tcp://127.0.0.1:0"}, Grace: grace,
	}}
	vm.start(t)
	source, err := direct.New(direct.Config{Consolidators: vm.config.Subscribe})
	if err != nil {
		t.Fatal(err)
	}
	wait.Run(t, source.Run)
	source.Tail("system", stream.Backfill{Last: 1 << 20})
	p := &publisher{
		endpoint: vm.config.Publish[0], stream: "system",
		records: newGenerator(1, "vm-1", "system"), pace: newPace(500, 1, "vm-1", "system", time.Now()),
	}
	wait.Run(t, p.run)

	twin := newGenerator(1, "vm-1", "system") // makes the same, but for the times
	got := 0
	take := func(until int) {
		t.Helper()
		for got < until {
			b, err := source.Take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.Records {
				is := timestamp.ReplaceAllString(string(b.Records[i].Data), "")
				if want := timestamp.ReplaceAllString(string(twin.next(nil, time.Now())), ""); is != want {
					t.Fatalf("record %d is\n%s\nwant\n%s", got, is, want)
				}
				got++
			}
			for i := range b.Notices {
				if n := &b.Notices[i]; n.Kind == stream.KindGap {
					t.Errorf("%d lost, unknown %t: %s", n.Count, n.Unknown, n.Reason)
				}
			}
			b.Release()
		}
	}
	for range 3 {
		take(got + 50)
		vm.stop()
		vm.start(t)
	}
	take(got + 50)
	vm.stop()
}
