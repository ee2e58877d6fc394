package collector

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	logs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	"golang.org/x/net/netutil"

	"sluice/cluster/loopback"
	"sluice/headless/collector/naming"
	"sluice/headless/collector/otlp"
	"sluice/headless/shipper"
)

const (
	maxExporters  = 512             // connections to one address
	exportGrace   = 2 * time.Second // for exports under way when a collector ends
	readExport    = 30 * time.Second
	idleExporter  = 2 * time.Minute
	maxOTLPHeader = 16 << 10
)

// OTLP says where logs of OpenTelemetry are taken, and the rule for their streams, whose
// holes are attributes: of the resource, the scope or the record, the first that has it;
// and {scope}.
type OTLP struct {
	GRPC   string // HOST:PORT; "" is none
	HTTP   string // likewise
	Stream *naming.Rule
}

// otlpSource takes logs of OpenTelemetry at one address.
type otlpSource struct {
	OTLP
	open     bool // to other machines
	streams  *streams
	hostname string

	grpcBound, httpBound atomic.Value // of string: the addresses, once they are bound

	messages, refused atomic.Uint64
	exports           atomic.Pointer[otlp.Exports]
}

func (s *otlpSource) label() string { return "otlp" }

// Run takes exports until ctx ends.
func (s *otlpSource) Run(ctx context.Context, out *shipper.Feed) error {
	exports := otlp.NewExports(&otlpTaker{s, out})
	s.exports.Store(exports)
	var serving sync.WaitGroup
	defer serving.Wait()
	for _, each := range []struct {
		kind, address string
		serve         func(context.Context, net.Listener, *otlp.Exports) error
		bound         *atomic.Value
	}{{"gRPC", s.GRPC, s.serveGRPC, &s.grpcBound}, {"HTTP", s.HTTP, s.serveHTTP, &s.httpBound}} {
		if each.address == "" {
			continue
		}
		serving.Go(func() {
			_ = keepTrying(ctx, out, fmt.Sprintf("OTLP by %s on %s", each.kind, each.address), func() error {
				ln, err := net.Listen("tcp", each.address)
				if err != nil {
					return err
				}
				each.bound.Store(ln.Addr().String())
				return each.serve(ctx, netutil.LimitListener(ln, maxExporters), exports)
			})
		})
	}
	return nil
}

func (s *otlpSource) serveGRPC(ctx context.Context, ln net.Listener, exports *otlp.Exports) error {
	server := exports.GRPC()
	ended := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-ended:
			return
		case <-ctx.Done():
		}
		late := time.AfterFunc(exportGrace, server.Stop)
		server.GracefulStop()
		late.Stop()
	}()
	err := server.Serve(ln)
	close(ended)
	<-stopped
	server.Stop()
	return err
}

func (s *otlpSource) serveHTTP(ctx context.Context, ln net.Listener, exports *otlp.Exports) error {
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !s.open && !loopback.Host(r.Host) {
				http.Error(w, "the Host of the request is no loopback name: send to 127.0.0.1, or start with --insecure", http.StatusForbidden)
				return
			}
			exports.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: readExport, IdleTimeout: idleExporter, MaxHeaderBytes: maxOTLPHeader,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	stopped := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-ended:
			return
		case <-ctx.Done():
		}
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportGrace)
		defer cancel()
		if server.Shutdown(late) != nil {
			server.Close()
		}
	}()
	err := server.Serve(ln)
	if !errors.Is(err, http.ErrServerClosed) {
		close(ended)
	}
	<-stopped
	return err
}

// otlpTaker publishes what is exported.
type otlpTaker struct {
	s   *otlpSource
	out *shipper.Feed
}

// Take implements otlp.Taker.
func (t *otlpTaker) Take(ctx context.Context, request *logs.ExportLogsServiceRequest) (refused int64, why string, err error) {
	if !t.out.Connected() {
		return 0, "", otlp.ErrAway
	}
	n := 0
	pipe := t.out.PipeWithin(ctx, "otlp", "")
	var buf []byte
	for _, of := range request.GetResourceLogs() {
		for _, scope := range of.GetScopeLogs() {
			from := &otlp.Origin{Resource: of.GetResource(), Scope: scope.GetScope(), Host: t.s.hostname, Came: time.Now()}
			for _, r := range scope.GetLogRecords() {
				stream, first := t.s.streams.name(func(hole string) string { return otlp.Value(from, r, hole) })
				if first {
					t.out.Notify(fmt.Sprintf("OTLP names more than %d streams, or streams with names that are too long: others go to %s", t.s.streams.most, t.s.streams.fallback))
				}
				buf = otlp.AppendRecord(buf[:0], from, r)
				if err := pipe.Publish(stream, buf, from.Came); err != nil {
					return 0, "", t.again(ctx)
				}
				n++
			}
		}
	}
	lost, err := t.out.Settle(ctx)
	if err != nil {
		return 0, "", t.again(ctx)
	}
	t.s.messages.Add(uint64(n))
	if lost > 0 {
		lost = min(lost, uint64(n))
		t.s.refused.Add(lost)
		why = fmt.Sprintf("up to %d records were not acknowledged: the consolidator holds as many streams as it may, or a connection broke", lost)
		_ = t.out.Lost(t.s.streams.fallback, lost, "OTLP: "+why, "source", t.s.label()) // it counts what is not taken
	}
	return int64(lost), why, nil
}

// again is why records were not taken whose exporter has not waited long enough.
func (t *otlpTaker) again(ctx context.Context) error {
	if t.out.Connected() && ctx.Err() != nil {
		return otlp.ErrBusy
	}
	return otlp.ErrAway
}
