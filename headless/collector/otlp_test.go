package collector_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	logs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logsv1 "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"sluice/consolidator"
	"sluice/headless/collector"
	"sluice/headless/collector/naming"
	"sluice/internal/testcluster"
	"sluice/internal/wait"
)

// exported is how logs of OpenTelemetry are taken, on free ports.
func exported(t testing.TB, rule string) collector.OTLP {
	t.Helper()
	stream, err := naming.Parse(rule)
	if err != nil {
		t.Fatal(err)
	}
	return collector.OTLP{GRPC: "127.0.0.1:0", HTTP: "127.0.0.1:0", Stream: stream}
}

// exporting runs a collector of OpenTelemetry's logs, and returns where it takes them.
func exporting(t testing.TB, to string, cfg collector.Config, rule string) (r *running, byGRPC, byHTTP string) {
	t.Helper()
	cfg.OTLP = exported(t, rule)
	r = collect(t, to, cfg)
	wait.For(t, "listening", func() bool { byGRPC, byHTTP = r.OTLPAddrs(); return byGRPC != "" && byHTTP != "" })
	return r, byGRPC, "http://" + byHTTP + "/v1/logs"
}

func attribute(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}

// export is an export of records of one tenant.
func export(tenant string, texts ...string) *logs.ExportLogsServiceRequest {
	scope := &logsv1.ScopeLogs{}
	for _, text := range texts {
		scope.LogRecords = append(scope.LogRecords, &logsv1.LogRecord{
			TimeUnixNano: uint64(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()), SeverityNumber: 17,
			Body: attribute("", text).Value,
		})
	}
	return &logs.ExportLogsServiceRequest{ResourceLogs: []*logsv1.ResourceLogs{{
		Resource:  &resource.Resource{Attributes: []*common.KeyValue{attribute("service.namespace", tenant), attribute("service.name", "api"), attribute("host.name", "vm-7")}},
		ScopeLogs: []*logsv1.ScopeLogs{scope},
	}}}
}

func dialed(t testing.TB, at string) logs.LogsServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(at, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return logs.NewLogsServiceClient(conn)
}

// post sends a body by HTTP, and returns the status and the answer.
func post(t testing.TB, url, form, encoding string, body []byte) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", form)
	if encoding != "" {
		request.Header.Set("Content-Encoding", encoding)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var text bytes.Buffer
	_, _ = text.ReadFrom(response.Body)
	return response, text.String()
}

func packed(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// An answer comes when the records are acknowledged, in the streams of their resources.
func TestOTLP(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	r, byGRPC, byHTTP := exporting(t, to, collector.Config{}, "tenant/{service.namespace}")
	wait.For(t, "a consolidator", func() bool { return r.client.Status().Connected })
	if got, err := dialed(t, byGRPC).Export(t.Context(), export("acme", "one", "two")); err != nil || got.GetPartialSuccess() != nil {
		t.Fatalf("%v: %v", got, err)
	}
	if n := r.client.Stats().Acknowledged; n != 2 {
		t.Errorf("answered when %d are acknowledged", n)
	}
	binary, err := proto.Marshal(export("a/b", "three"))
	if err != nil {
		t.Fatal(err)
	}
	json := `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.namespace","value":{"stringValue":"globex"}}]},"scopeLogs":[{"logRecords":[
		{"timeUnixNano":"1767225600000000000","severityText":"WARNING","traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","body":{"stringValue":"four"},"unknown":1}]}]}]}`
	for _, tt := range []struct {
		form, encoding string
		body           []byte
		answer         string
	}{
		{"application/x-protobuf", "", binary, ""},
		{"application/x-protobuf", "gzip", packed(t, binary), ""},
		{"application/json", "", []byte(json), "{}"},
		{"application/json; charset=utf-8", "gzip", packed(t, []byte(json)), "{}"},
	} {
		if got, text := post(t, byHTTP, tt.form, tt.encoding, tt.body); got.StatusCode != 200 || text != tt.answer {
			t.Errorf("%s, %s: %s, %q", tt.form, tt.encoding, got.Status, text)
		}
	}
	got := stands(t, at, "tenant/acme", 2)
	if got[0].Msg != "one" || got[1].Msg != "two" || got[0].Level != 50 || got[0].Name != "api" || got[0].Hostname != "vm-7" || got[0].Time.Year() != 2026 {
		t.Errorf("%+v", got)
	}
	if got := messages(t, at, "tenant/a%2Fb", 2); !slices.Equal(got, []string{"three", "three"}) {
		t.Errorf("%q", got)
	}
	if got := stands(t, at, "tenant/globex", 2)[0]; got.Msg != "four" || got.Level != 40 || field(got, "trace_id") != `"5b8efff798038103d269b633813fc60c"` || field(got, "span_id") != `"eee19b7ec3c1b174"` {
		t.Errorf("%+v", got)
	}
	r.end()
}

// What cannot be read is refused for good, with what to do, and takes no memory.
func TestOTLPRefuses(t *testing.T) {
	t.Parallel()
	to, _ := pump(t)
	r, byGRPC, byHTTP := exporting(t, to, collector.Config{}, "tenant/{service.namespace}")
	bomb := packed(t, make([]byte, 100<<20))
	for _, tt := range []struct {
		form, encoding string
		body           []byte
		code           int
		why            string
	}{
		{"text/plain", "", nil, 415, "send application/x-protobuf"},
		{"application/json", "br", nil, 415, "gzip"},
		{"application/json", "", []byte("{"), 400, "proto:"},
		{"application/json", "gzip", []byte("{}"), 400, "unpack"},
		{"application/x-protobuf", "", []byte("\xff\xff"), 400, "cannot parse"},
		{"application/x-protobuf", "gzip", bomb, 413, "fewer records"},
		{"application/x-protobuf", "", make([]byte, 5<<20), 413, "fewer records"},
	} {
		if got, text := post(t, byHTTP, tt.form, tt.encoding, tt.body); got.StatusCode != tt.code || !strings.Contains(text, tt.why) {
			t.Errorf("%s, %s: %s, %q", tt.form, tt.encoding, got.Status, text)
		}
	}
	if got, text := post(t, strings.TrimSuffix(byHTTP, "logs")+"traces", "application/json", "", nil); got.StatusCode != 404 || !strings.Contains(text, "/v1/logs") {
		t.Errorf("%s, %q", got.Status, text)
	}
	_, err := dialed(t, byGRPC).Export(t.Context(), export("acme", strings.Repeat("x", 5<<20)))
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("5 MiB: %v", err)
	}
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, byHTTP, http.NoBody)
	request.Host = "evil.example"
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("another host: %v, %v", response, err)
	}
	response.Body.Close()
	if s := r.end(); s.Records != 0 {
		t.Errorf("%+v", s)
	}
}

// While no consolidator is there exporters are told to come again, and nothing is taken.
func TestOTLPAway(t *testing.T) {
	t.Parallel()
	to := "ipc://" + filepath.Join(t.TempDir(), "p")
	r, byGRPC, byHTTP := exporting(t, to, collector.Config{}, "tenant/{service.namespace}")
	client := dialed(t, byGRPC)
	_, err := client.Export(t.Context(), export("acme", "one"))
	told := status.Convert(err)
	if told.Code() != codes.Unavailable || len(told.Details()) != 1 {
		t.Fatalf("%v, %v", err, told.Details())
	}
	if info, ok := told.Details()[0].(*errdetails.RetryInfo); !ok || info.GetRetryDelay().AsDuration() <= 0 {
		t.Errorf("%v", told.Details())
	}
	if got, text := post(t, byHTTP, "application/json", "", []byte("{}")); got.StatusCode != 503 || got.Header.Get("Retry-After") == "" || !strings.Contains(text, "come again") {
		t.Errorf("%s, %q", got.Status, text)
	}
	c, _ := testcluster.Consolidator(t, consolidator.Config{Publish: []string{to}})
	wait.For(t, "a consolidator", func() bool { return r.client.Status().Connected })
	if _, err := client.Export(t.Context(), export("acme", "two")); err != nil {
		t.Error(err)
	}
	if got := messages(t, c.SubscribeAddrs()[0], "tenant/acme", 1); got[0] != "two" {
		t.Errorf("%q", got)
	}
	if s := r.end(); s.Records != 1 {
		t.Errorf("%+v", s)
	}
}

// An export that is not acknowledged within its deadline is to be sent again, and the
// records of an exporter that does not come back are no loss of this program's.
func TestOTLPUnacknowledged(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to := "tcp://" + ln.Addr().String()
	ln.Close()
	c, stop := testcluster.Consolidator(t, consolidator.Config{Publish: []string{to}, MaxStreams: 3})
	_ = c
	r, byGRPC, _ := exporting(t, to, collector.Config{}, "tenant/{service.namespace}")
	wait.For(t, "a consolidator", func() bool { return r.client.Status().Connected })
	client := dialed(t, byGRPC)
	refused := int64(0)
	for i := range 5 {
		got, err := client.Export(t.Context(), export(fmt.Sprint("tenant-", i), "one"))
		if err != nil {
			t.Fatal(err)
		}
		refused += got.GetPartialSuccess().GetRejectedLogRecords()
	}
	if refused == 0 {
		t.Error("streams above the limit are not told")
	}
	stop()
	wait.For(t, "no consolidator", func() bool { return !r.client.Status().Connected })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := client.Export(ctx, export("acme", "two")); status.Code(err) != codes.Unavailable {
		t.Errorf("%v", err)
	}
	if s, err := r.stop(); err == nil || s.Refused == 0 || s.Dropped == 0 {
		t.Errorf("%+v: %v", s, err)
	}
}
