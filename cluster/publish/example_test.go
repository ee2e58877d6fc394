package publish_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"sluice/cluster/publish"
	"sluice/consolidator"
)

// The three lines that make a service publish what it logs.
func Example() {
	endpoint, stop := machine() // usually there, on tcp://127.0.0.1:5551
	defer stop()

	logs, _ := publish.Open(publish.Config{Endpoint: endpoint, Shed: true, Linger: 30 * time.Second})
	slog.SetDefault(slog.New(publish.NewHandler(logs, "tenant/acme", nil)))

	slog.Info("request done", "method", "GET", "status", 200)

	stats := logs.Close(context.Background())
	fmt.Println(stats.Acknowledged, "acknowledged,", stats.Shed, "shed")
	// Output: 1 acknowledged, 0 shed
}

// machine runs what every machine of a cluster has.
func machine() (endpoint string, stop func()) {
	c, err := consolidator.New(consolidator.Config{Publish: []string{"tcp://127.0.0.1:0"}, Subscribe: []string{"tcp://127.0.0.1:0"}})
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	return c.PublishAddrs()[0], func() { cancel(); <-ended }
}
