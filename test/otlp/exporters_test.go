// Package otlp_test has what services run that log by OpenTelemetry's Go SDK hand its
// records to a collector.
package otlp_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/log"
	sdk "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"

	"sluice/cluster/publish"
	"sluice/cluster/record"
	"sluice/consolidator"
	"sluice/headless/collector"
	"sluice/headless/collector/naming"
	"sluice/internal/testcluster"
	"sluice/internal/testpeer"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// The exporters of the Go SDK, by gRPC and by HTTP, wait while no consolidator is there,
// and lose nothing.
func TestExportersOfTheGoSDK(t *testing.T) {
	volume.Check(t)
	to := "ipc://" + filepath.Join(t.TempDir(), "p")
	_, byGRPC, byHTTP := collecting(t, to)
	ctx := t.Context()
	grpc, err := otlploggrpc.New(ctx, otlploggrpc.WithEndpoint(byGRPC), otlploggrpc.WithInsecure(), otlploggrpc.WithCompressor("gzip"))
	if err != nil {
		t.Fatal(err)
	}
	http, err := otlploghttp.New(ctx, otlploghttp.WithEndpoint(byHTTP), otlploghttp.WithInsecure(), otlploghttp.WithCompression(otlploghttp.GzipCompression))
	if err != nil {
		t.Fatal(err)
	}
	const n = 1000
	providers := make(map[string]*sdk.LoggerProvider)
	for tenant, exporter := range map[string]sdk.Exporter{"by-grpc": grpc, "by-http": http} {
		of := resource.NewSchemaless(attribute.String("service.namespace", tenant), attribute.String("service.name", "api"))
		provider := sdk.NewLoggerProvider(sdk.WithResource(of), sdk.WithProcessor(sdk.NewBatchProcessor(exporter, sdk.WithExportMaxBatchSize(100), sdk.WithMaxQueueSize(10*n))))
		providers[tenant] = provider
		logger := provider.Logger("test", log.WithInstrumentationVersion("1"))
		for i := range n {
			var r log.Record
			r.SetTimestamp(time.Now())
			r.SetSeverity(log.SeverityWarn)
			r.SetBody(attribute.StringValue(fmt.Sprint("record ", i)))
			r.AddAttributes(attribute.Int("n", i))
			logger.Emit(ctx, r)
		}
	}
	c, _ := testcluster.Consolidator(t, consolidator.Config{Publish: []string{to}})
	for tenant, provider := range providers {
		if err := provider.Shutdown(ctx); err != nil {
			t.Errorf("%s: %v", tenant, err)
		}
		seen := make(map[string]bool)
		for _, text := range testpeer.Last(t, c.SubscribeAddrs()[0], "tenant/"+tenant, n) {
			r := record.Parse([]byte(text))
			seen[r.Msg] = true
			if r.Name != "api" || r.Level != record.Warn || r.Time.IsZero() {
				t.Fatalf("%s", text)
			}
		}
		if len(seen) != n {
			t.Errorf("%s: %d of %d records arrived", tenant, len(seen), n)
		}
	}
}

// collecting runs a collector, and returns where it takes logs.
func collecting(t *testing.T, to string) (c *collector.Collector, byGRPC, byHTTP string) {
	t.Helper()
	rule, err := naming.Parse("tenant/{service.namespace}")
	if err != nil {
		t.Fatal(err)
	}
	client, err := publish.Open(publish.Config{Endpoint: to})
	if err != nil {
		t.Fatal(err)
	}
	c, err = collector.New(collector.Config{
		Client: client, Endpoint: to, OTLP: collector.OTLP{GRPC: "127.0.0.1:0", HTTP: "127.0.0.1:0", Stream: rule},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	wait.For(t, "listening", func() bool { byGRPC, byHTTP = c.OTLPAddrs(); return byGRPC != "" && byHTTP != "" })
	return c, byGRPC, byHTTP
}
