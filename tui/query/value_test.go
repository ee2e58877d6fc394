package query_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
	"unicode/utf8"

	"sluice/cluster/stream"
	"sluice/tui/query"
	"sluice/tui/rows"
)

// passes reports whether a record of system at vm-1 passes a probe.
func passes(t testing.TB, p query.Probe, data string) bool {
	t.Helper()
	all := rows.NewStores(10, 1<<20)
	s, _ := all.Open([]string{"system"}, time.Time{})
	defer all.Close(s)
	s.Add(&stream.Record{Stream: "system", Source: "vm-1", Data: []byte(data), Backfill: true}, time.Time{})
	e := s.Entry(0)
	return p.Test(&query.Row{Entry: e, Data: s.Data(e), Names: s.Names()})
}

func TestValue(t *testing.T) {
	for _, tt := range []struct {
		name, value, data string
		want              bool
	}{
		{"req_id", "r-17", `{"req_id":"r-17"}`, true},
		{"req_id", "r-17", `{"ctx":{"a":[{"req_id":"r-17"}]}}`, true},
		{"ctx.req_id", "r-17", `{"req_id":"r-17"}`, true},
		{"req_id", "r-17", `{"req_id":["x","r-17"]}`, true},
		{"req_id", "r-17", `{"req\u005fid":"r-\u0031\u0037"}`, true},
		{"req_id", "r-17", `{"req_id":"r-171"}`, false},
		{"req_id", "r-17", `{"id":"r-17","msg":"r-17"}`, false},
		{"tries", "3", `{"tries":3}`, true},
		{"tries", "3", `{"tries":"3"}`, true},
		{"tries", "3", `{"tries":30}`, false},
		{"ok", "true", `{"ok":true}`, true},
		{"said", `he "so"`, `{"said":"he \"so\""}`, true},
		{"path", "/api/x", `{"path":"\/api\/x"}`, true},
		{"free", "[1,2]", `{"free":[1,2]}`, true},
		{"source", "vm-1", `{"msg":"x"}`, true},
		{"source", "vm-2", `{"msg":"x"}`, false},
		{"stream", "system", `{"msg":"x"}`, true},
		{"level", "error", `{"level":50}`, true},
		{"level", "error", `{"level":30}`, false},
		{"a b", "x", `{"a b":"x"}`, true},
		{"", "r-17", `{"id":"r-17"}`, true},
		{"", "r-17", `{"msg":"gave r-17 up"}`, true},
		{"", "r-17", `{"msg":"r-171 xr-17, r-17"}`, true},
		{"", "r-17", `{"msg":"r-171 xr-17"}`, false},
		{"", "r-17", `{"r-17":1}`, false},
		{"", "3", `{"a":[1,2,3]}`, true},
		{"", "3", `{"a":"1.3.5"}`, true},
		{"", "", `{"a":""}`, true},
		{"id", "x", `not JSON x`, false},
		{"id", "x", `{"id":`, false},
	} {
		if got := passes(t, query.Value(tt.name, tt.value), tt.data); got != tt.want {
			t.Errorf("%s=%q in %s: %t, want %t", tt.name, tt.value, tt.data, got, tt.want)
		}
	}
}

// What a scan finds in the background by a word is what the test finds one by one.
func TestValueIsFoundInTheBackground(t *testing.T) {
	s := newStore(t)
	const records = 100_000
	for i := range records {
		data := record240(i)
		switch {
		case i%10_000 == 77:
			data = []byte(`{"level":30,"msg":"x","ctx":{"id":"needle-7"}}`)
		case i%10_000 == 78: // its letters are written by their numbers
			data = []byte(`{"level":30,"msg":"x","ctx":{"id":"n\u0065edle-7"}}`)
		}
		s.append("vm-1", data)
	}
	scan := query.NewScan(s.Store, records, query.Value("id", "needle-7"))
	for !s.step(scan) {
	}
	if scan.Count() != 20 {
		t.Fatalf("%d are found", scan.Count())
	}
}

// Whatever a record is, the test ends, and finds what encoding a value puts into it.
func FuzzValue(f *testing.F) {
	f.Add("req_id", "r-17", `{"a":[{"b":"r-17"}]}`)
	f.Add("", "7", `[[[[7]]]]`)
	f.Add("a.b", "\"\\\u2028", "{")
	f.Fuzz(func(t *testing.T, name, value, data string) {
		if len(data) > 1<<16 {
			return
		}
		passes(t, query.Value(name, value), data)
		passes(t, query.Value("", value), fmt.Sprintf(`{"x":%s}`, data))
		if name == "" || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return
		}
		record, err := json.Marshal([]any{1, map[string]any{"in": map[string]string{name: value}}})
		if err != nil {
			t.Fatal(err)
		}
		nested := fmt.Sprintf(`{"x":%s}`, record)
		for _, field := range []string{name, ""} {
			if !passes(t, query.Value(field, value), nested) {
				t.Errorf("%q=%q is not found in %s", field, value, nested)
			}
		}
	})
}
