package devenv

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"sluice/consolidator"
)

// pump is a consolidator on endpoints that stay the same.
type pump struct {
	config consolidator.Config
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

func (p *pump) start(t *testing.T) *consolidator.Consolidator {
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
	return c
}

func (p *pump) stop() {
	p.cancel()
	p.ended.Wait()
}

// receive returns the first message that a new SUB socket gets.
func receive(ctx context.Context, endpoint, stream string) (zmq4.Msg, error) {
	sub := zmq4.NewSub(ctx)
	defer sub.Close()
	if err := sub.SetOption(zmq4.OptionSubscribe, stream); err != nil {
		return zmq4.Msg{}, err
	}
	if err := sub.Dial(endpoint); err != nil {
		return zmq4.Msg{}, err
	}
	return sub.Recv()
}

func newPublisher(endpoint string, rate float64) *publisher {
	return &publisher{
		endpoint: endpoint,
		stream:   "system",
		records:  newGenerator(1, "vm-1", "system"),
		pace:     newPace(rate, 1, "vm-1", "system", time.Now()),
	}
}

// Its lives are short, so that connections break in their handshakes, too.
func TestPublisherComesBackWithItsConsolidator(t *testing.T) {
	vm := pump{config: consolidator.Config{
		Name: "vm-1", Publish: []string{"tcp://127.0.0.1:0"}, Subscribe: []string{"tcp://127.0.0.1:0"}, Grace: grace,
	}}
	c := vm.start(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	publisher := newPublisher(c.PublishAddrs()[0], 500)
	var published sync.WaitGroup
	published.Go(func() { publisher.run(ctx) })
	for life := range 4 {
		if life > 0 {
			vm.start(t)
		}
		started := time.Now()
		msg, err := receive(ctx, vm.config.Subscribe[0], "system")
		if err != nil || len(msg.Frames) != 2 || string(msg.Frames[0]) != "system" {
			t.Fatalf("life %d: got %q, %v", life, msg.Frames, err)
		}
		if took := time.Since(started); took > 15*time.Second {
			t.Errorf("life %d: the publisher took %v", life, took)
		}
		vm.stop()
	}
	cancel()
	published.Wait()
}
