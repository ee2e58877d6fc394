package record_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"sluice/cluster/record"
)

// sample is a record of 240 bytes, as bunyan writes them.
var sample = []byte(`{"name":"api","hostname":"vm-1.example.com","pid":4711,"component":"http","level":30,"tenant":"acme","req":{"method":"GET","url":"/login","level":50},"ms":12.5,"msg":"request \"done\", all well","time":"2026-01-02T03:04:05.678Z","v":0}     `)

var sampleTime = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

func TestPeek(t *testing.T) {
	at := func(s string) int64 {
		tm, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return tm.UnixMilli()
	}
	for _, tt := range []struct {
		name, in string
		want     record.Head
	}{
		{"bunyan", string(sample), record.Head{Time: sampleTime.UnixMilli(), Level: record.Info}},
		{"another order", `{"time":"2026-01-02T03:04:05.678Z","a":[{"level":60}],"level":50}`, record.Head{Time: sampleTime.UnixMilli(), Level: record.Error}},
		{"nested only", `{"req":{"level":50,"time":"2026-01-02T03:04:05.678Z"},"a":["level",50]}`, record.Head{}},
		{"in a string", `{"msg":"\"level\":50,\"time\":\"2026-01-02T03:04:05.678Z\""}`, record.Head{}},
		{"spaces", "\t{ \"level\" :\n 40 , \"x\":1 }", record.Head{Level: record.Warn}},
		{"twice: the last", `{"level":10,"level":60}`, record.Head{Level: record.Fatal}},
		{"twice, the last none", `{"level":10,"time":1767323045678,"level":{},"time":null}`, record.Head{}},
		{"key escaped", `{"lev\u0065l":20,"\u0074\u0069\u006d\u0065":"2026\u002d01-02T03:04:05.678Z"}`, record.Head{Time: sampleTime.UnixMilli(), Level: record.Debug}},
		{"another's case of keys", `{"Level":20,"TIME":1767323045678}`, record.Head{Level: record.Debug, Time: 1767323045678}},
		{"level by name", `{"level":"Warning"}`, record.Head{Level: record.Warn}},
		{"level 30.0", `{"level":30.0}`, record.Head{Level: record.Info}},
		{"level 30.5", `{"level":30.5}`, record.Head{Level: record.Unknown}},
		{"level huge", `{"level":99999999999999999999999}`, record.Head{Level: record.Unknown}},
		{"level negative", `{"level":-30}`, record.Head{Level: record.Unknown}},
		{"milliseconds", `{"time":1767323045678}`, record.Head{Time: 1767323045678}},
		{"time with offset", `{"time":"2026-01-02T05:04:05.678+02:00"}`, record.Head{Time: sampleTime.UnixMilli()}},
		{"time with offset, no colon", `{"time":"2026-01-01T21:34:05.678-0530"}`, record.Head{Time: sampleTime.UnixMilli()}},
		{"time without decimals", `{"time":"2026-01-02T03:04:05Z"}`, record.Head{Time: at("2026-01-02T03:04:05Z")}},
		{"time with nanoseconds", `{"time":"2026-01-02T03:04:05.678999999Z"}`, record.Head{Time: sampleTime.UnixMilli()}},
		{"leap day", `{"time":"2024-02-29T00:00:00Z"}`, record.Head{Time: at("2024-02-29T00:00:00Z")}},
		{"no leap day", `{"time":"2025-02-29T00:00:00Z"}`, record.Head{}},
		{"month 13", `{"time":"2025-13-01T00:00:00Z"}`, record.Head{}},
		{"before 1970", `{"time":"1969-12-31T23:59:59.999Z"}`, record.Head{Time: -1}},
		{"Go's zero time", `{"time":"0001-01-01T00:00:00Z"}`, record.Head{}},
		{"year 0", `{"time":"0000-01-01T00:00:00Z"}`, record.Head{Time: at("0000-01-01T00:00:00Z")}},
		{"year 9999", `{"time":"9999-12-31T23:59:59.999Z"}`, record.Head{Time: at("9999-12-31T23:59:59.999Z")}},
		{"no zone", `{"time":"2026-01-02T03:04:05.678"}`, record.Head{Time: time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.Local).UnixMilli()}},
		{"a date", `{"time":"2026-01-02"}`, record.Head{}},
		{"nothing", ``, record.Head{}},
		{"text", `level 50`, record.Head{}},
		{"array", `["level",50]`, record.Head{}},
		{"cut off", `{"level":50,"time":"2026-01-`, record.Head{Level: record.Error}},
		{"a backslash at the end", `{"level":50,"time\`, record.Head{Level: record.Error}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := record.Peek([]byte(tt.in))
			if tt.want.Foreign = got.Time == 0 || got.Level == 0 || tt.name == "another's case of keys"; got != tt.want {
				t.Errorf("Peek(%s) = %+v, want %+v", tt.in, got, tt.want)
			}
		})
	}
}

func TestPeekDoesNotAllocate(t *testing.T) {
	for _, in := range []string{string(sample), `{"lev\u0065l":20,"time":"2026\u002d01-02T03:04:05.678Z"}`, "text", `{"level":"info","time":1767323045678}`} {
		data := []byte(in)
		if n := testing.AllocsPerRun(100, func() { record.Peek(data) }); n != 0 {
			t.Errorf("Peek(%s) allocates %v times", in, n)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     record.Record
	}{
		{"bunyan", `{"v":0,"name":"a","component":"c","hostname":"h","pid":7,"level":30,"time":"2026-01-02T03:04:05.678Z","msg":"m \ud83c\udf89\n","req":{"a":1},"t":"x"}`, record.Record{
			JSON: true, Name: "a", Component: "c", Hostname: "h", PID: 7, Level: record.Info, Time: sampleTime, Msg: "m 🎉\n",
			Fields: []record.Field{{Key: "req", Value: json.RawMessage(`{"a":1}`)}, {Key: "t", Value: json.RawMessage(`"x"`)}},
		}},
		{"wrong types stay fields", `{"msg":{"a":1},"x":1,"name":2,"level":"loud","time":"soon","pid":"p","v":"v"}`, record.Record{
			JSON: true, Level: record.Unknown,
			Fields: []record.Field{
				{Key: "msg", Value: json.RawMessage(`{"a":1}`)},
				{Key: "x", Value: json.RawMessage(`1`)},
				{Key: "name", Value: json.RawMessage(`2`)},
				{Key: "level", Value: json.RawMessage(`"loud"`)},
				{Key: "time", Value: json.RawMessage(`"soon"`)},
				{Key: "pid", Value: json.RawMessage(`"p"`)},
				{Key: "v", Value: json.RawMessage(`"v"`)},
			},
		}},
		{"twice: the last", `{"a":1,"msg":"x","b":2,"\u0061":3,"msg":"y"}`, record.Record{
			JSON: true, Msg: "y",
			Fields: []record.Field{{Key: "a", Value: json.RawMessage(`3`)}, {Key: "b", Value: json.RawMessage(`2`)}},
		}},
		{"surrogates alone", `{"msg":"a\ud800b\udc00\ud800\ud83c\udf89"}`, record.Record{JSON: true, Msg: "a\ufffdb\ufffd\ufffd🎉", Fields: []record.Field{}}},
		{"bad UTF-8", "{\"msg\":\"a\xff\"}", record.Record{JSON: true, Msg: "a\ufffd", Fields: []record.Field{}}},
		{"empty", `{}`, record.Record{JSON: true}},
		{"text", "te\xffxt\n", record.Record{Msg: "te\ufffdxt\n"}},
		{"array", "[1]", record.Record{Msg: "[1]"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := record.Parse([]byte(tt.in))
			if len(got.Fields) == 0 && len(tt.want.Fields) == 0 {
				got.Fields, tt.want.Fields = nil, nil
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got\n%+v, want\n%+v", got, tt.want)
			}
		})
	}
}

// A record of very many keys must not cost their square.
func TestParseManyFields(t *testing.T) {
	var b strings.Builder
	const n = 50_000
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":%d,"k%d":%d`, i, i, i, i+1)
	}
	start := time.Now()
	r := record.Parse([]byte(`{"level":30` + b.String() + "}"))
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	if len(r.Fields) != n {
		t.Fatalf("got %d fields, want %d", len(r.Fields), n)
	}
	for i, f := range r.Fields {
		if want := fmt.Sprint(i + 1); f.Key != fmt.Sprintf("k%d", i) || string(f.Value) != want {
			t.Fatalf("field %d is %s: %s, want %s", i, f.Key, f.Value, want)
		}
	}
}

func TestField(t *testing.T) {
	r := record.Parse([]byte(`{"name":"api","pid":7,"level":30,"time":"2026-01-02T03:04:05.678Z","msg":"m","hostname":"h","component":"c",
		"tenant":"acme\u0021","n":1.50,"ok":true,"none":null,"req":{"method":"GET","headers":{"x.y":"dotted","h\u006fst":"e"}},"a.b":"flat","a":{"b":"deep","c":[1]}}`))
	for path, want := range map[string]string{
		"tenant": "acme!", "n": "1.50", "ok": "true", "none": "null", "req.method": "GET", "req.headers.x.y": "dotted", "req.headers.host": "e",
		"a.b": "flat", "a.c": "[1]", "name": "api", "pid": "7", "level": "info", "time": "2026-01-02T03:04:05.678Z", "msg": "m", "hostname": "h", "component": "c",
	} {
		if got, ok := r.Field(path); !ok || got != want {
			t.Errorf("Field(%q) = %q, %v, want %q", path, got, ok, want)
		}
	}
	for _, path := range []string{"", ".", "nothing", "req.", "req.nothing", "tenant.x", "req.method.x"} {
		if got, ok := r.Field(path); ok {
			t.Errorf("Field(%q) = %q, want none", path, got)
		}
	}
}

// FuzzPeek holds Peek and Parse to one another, and Parse to encoding/json.
func FuzzPeek(f *testing.F) {
	f.Add(sample)
	for _, s := range []string{
		`{"level":10,"level":60}`, `{"lev\u0065l":20,"time":"2026-01-02T03:04:05+02:00"}`, `{"a":{"level":1},"level":"error"}`, `{"time":1767323045678}`,
		`{"time":"0000-01-01T00:00:00.000+23:59"}`, `{"level":-0,"time":-1}`, "{\"\xff\":1,\"level\":30}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		head := record.Peek(data)
		r := record.Parse(data)
		var m map[string]json.RawMessage
		object := json.Unmarshal(data, &m) == nil && m != nil
		if r.JSON != object {
			t.Fatalf("Parse(%q).JSON = %v, encoding/json says %v", data, r.JSON, object)
		}
		if !object {
			return
		}
		var ms int64
		if !r.Time.IsZero() {
			ms = r.Time.UnixMilli()
		}
		if ms != head.Time || r.Level != head.Level {
			t.Fatalf("%q: Peek says %+v, Parse %v and %v", data, head, r.Time, r.Level)
		}
		var text string
		if json.Unmarshal(m["time"], &text) == nil && head.Time != 0 {
			want, err := time.Parse(time.RFC3339Nano, text)
			if err == nil && want.UnixMilli() != head.Time {
				t.Fatalf("time %q was read as %v", text, r.Time)
			}
		}
		for _, field := range r.Fields {
			if want, ok := m[field.Key]; !ok || string(want) != string(field.Value) {
				t.Fatalf("%q: field %q is %s, encoding/json says %s", data, field.Key, field.Value, want)
			}
		}
		if json.Unmarshal(m["msg"], &text) == nil && len(m["msg"]) > 0 && m["msg"][0] == '"' && text != r.Msg {
			t.Fatalf("%q: msg is %q, encoding/json says %q", data, r.Msg, text)
		}
	})
}

func BenchmarkPeek(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(sample)))
	for b.Loop() {
		record.Peek(sample)
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		record.Parse(sample)
	}
}

func BenchmarkAppend(b *testing.B) {
	var dst []byte
	for _, layout := range []record.Layout{record.LayoutShort, record.LayoutLong, record.LayoutJSON, record.LayoutRaw} {
		b.Run(layout.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = record.Append(dst[:0], sample, layout, record.Style{})
			}
		})
	}
}
