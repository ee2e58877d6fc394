package record_test

import (
	"encoding/json"
	"testing"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
)

// A parsed record has the fields that are looked up in its JSON.
func FuzzField(f *testing.F) {
	f.Add([]byte(`{"a":{"b":"c","b.c":1},"a.b":2,"a":{"b":null}}`), "a.b")
	f.Add([]byte(`{"req":{"method":"GET"},"\u0061":"\ud800"}`), "req.method")
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		value, ok := jsonscan.Lookup(data, path)
		if text := jsonscan.Text(value); ok && len(text) > 3*len(data) {
			t.Fatalf("%q is %q", path, text)
		}
		if !json.Valid(data) {
			return
		}
		r := record.Parse(data)
		if !r.JSON {
			return
		}
		for _, own := range []string{"name", "hostname", "component", "msg", "level", "time", "pid", "v"} {
			if path == own {
				return // as it stands, and not as it is understood
			}
		}
		want, has := r.Field(path)
		if got := jsonscan.Text(value); has && (!ok || got != want) {
			t.Fatalf("%q is %q, %v; want %q", path, got, ok, want)
		}
	})
}
