package otlp_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	logs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
	"sluice/headless/collector/otlp"
)

var came = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// records are those of a request.
func records(request *logs.ExportLogsServiceRequest) (all []string) {
	for _, of := range request.GetResourceLogs() {
		for _, scope := range of.GetScopeLogs() {
			from := &otlp.Origin{Resource: of.GetResource(), Scope: scope.GetScope(), Host: "vm-1", Came: came}
			for _, r := range scope.GetLogRecords() {
				all = append(all, string(otlp.AppendRecord(nil, from, r)))
			}
		}
	}
	return all
}

func TestAppendRecord(t *testing.T) {
	for of, want := range map[string]string{
		`{"body":{"stringValue":"text"}}`:                                                                        `"level":30,"time":"2026-01-01T00:00:00.000Z","msg":"text"`,
		`{"observedTimeUnixNano":1000000000,"severityNumber":"SEVERITY_NUMBER_FATAL2"}`:                          `"level":60,"time":"1970-01-01T00:00:01.000Z","msg":""`,
		`{"severityText":"error","eventName":"e"}`:                                                               `"level":50,"time":"2026-01-01T00:00:00.000Z","msg":"e","event_name":"e","severity_text":"error"`,
		`{"timeUnixNano":"18446744073709551615"}`:                                                                `"level":30,"time":"2026-01-01T00:00:00.000Z","msg":""`,
		`{"body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"9007199254740993"}}]}}}`:              `"level":30,"time":"2026-01-01T00:00:00.000Z","msg":"{\"a\":9007199254740993}","body":{"a":9007199254740993}`,
		`{"body":{"arrayValue":{"values":[{"boolValue":true},{},{"doubleValue":"NaN"},{"bytesValue":"AA=="}]}}}`: `"level":30,"time":"2026-01-01T00:00:00.000Z","msg":"[true,null,\"NaN\",\"AA==\"]"`,
		`{"attributes":[{"key":"msg","value":{"stringValue":"x"}},{"key":"k","value":{"doubleValue":1.5}},{"key":"k","value":{"intValue":2}}],"droppedAttributesCount":3}`: `"level":30,"time":"2026-01-01T00:00:00.000Z","msg":"","fields.msg":"x","k":1.5,"dropped_attributes_count":3`,
	} {
		request, err := otlp.ParseJSON([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + of + `]}]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		want = `{"v":0,"name":"otlp","hostname":"vm-1","pid":0,` + want + `}`
		if got := records(request)[0]; got != want {
			t.Errorf("%s is\n%s, expected\n%s", of, got, want)
		}
	}
}

// Attributes of the record come before those of its resource, which name the program,
// the host and the process.
func TestResource(t *testing.T) {
	request, err := otlp.ParseJSON([]byte(`{"resourceLogs":[{"resource":{"attributes":[
		{"key":"service.name","value":{"stringValue":"api"}},{"key":"host.name","value":{"stringValue":"vm-7"}},{"key":"process.pid","value":{"intValue":42}},{"key":"k","value":{"stringValue":"resource"}}]},
		"scopeLogs":[{"scope":{"name":"lib","version":"1"},"logRecords":[{"attributes":[{"key":"k","value":{"stringValue":"record"}}]}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"v":0,"name":"api","hostname":"vm-7","pid":42,"level":30,"time":"2026-01-01T00:00:00.000Z","msg":"","k":"record","scope":"lib","scope_version":"1","service.name":"api","host.name":"vm-7","process.pid":42}`
	if got := records(request)[0]; got != want {
		t.Errorf("it is\n%s, expected\n%s", got, want)
	}
}

// What nests deeper than anybody reads is left out.
func TestDepth(t *testing.T) {
	deep := strings.Repeat(`{"arrayValue":{"values":[`, 40) + `{}` + strings.Repeat(`]}}`, 40)
	request, err := otlp.ParseJSON([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":` + deep + `}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := record.Parse([]byte(records(request)[0])).Msg; !strings.Contains(got, "…") || len(got) > 100 {
		t.Errorf("%s", got)
	}
}

// Whatever can be read becomes valid records, the same by protobuf and by JSON.
func FuzzRequest(f *testing.F) {
	for _, text := range []string{
		`{"resourceLogs":[{"resource":{"attributes":[{"key":"v","value":{"kvlistValue":{"values":[{"key":"\u0000"}]}}}]},"scopeLogs":[{"logRecords":[{"body":{"stringValue":"text"},"severityNumber":9}]}]}]}`,
		`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"5b8efff798038103d269b633813fc60c","timeUnixNano":"1"}]}]}]}`,
		`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"doubleValue":"-Infinity"},"attributes":[{"key":"fields.msg"},{"key":"msg"}]}]}]}]}`,
	} {
		request, err := otlp.ParseJSON([]byte(text))
		if err != nil {
			f.Fatal(err)
		}
		binary, err := proto.Marshal(request)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(binary)
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parse := range []func([]byte) (*logs.ExportLogsServiceRequest, error){otlp.Parse, otlp.ParseJSON} {
			request, err := parse(data)
			if err != nil {
				continue
			}
			for _, rec := range records(request) {
				if !jsonscan.ValidObject([]byte(rec)) || !json.Valid([]byte(rec)) {
					t.Fatalf("%q is no object", rec)
				}
				out, form := record.NewBunyan("x", "y").AppendObject(nil, []byte(rec), came)
				if r := record.Parse(out); form != record.FormBunyan || r.Level < 10 || r.Level > 60 || r.Time.Year() > int(math.MaxInt16) {
					t.Errorf("%q became %q", rec, out)
				}
			}
		}
	})
}
