package record_test

import (
	"encoding/json"
	"slices"
	"testing"

	"sluice/cluster/record"
)

func TestLookup(t *testing.T) {
	const data = `{"a":1,"b":{"c":"x","d.e":{"f":[1, "2" ,{"g":3}]},"c":"y"},"a.b":{"c":true},"\u0061a":null,"msg":"m"}`
	for path, want := range map[string]string{
		"a": "1", "b.c": `"y"`, "b.d.e": `{"f":[1, "2" ,{"g":3}]}`, "aa": "null", "msg": `"m"`, "a.b.c": "true",
		"b.d": "", "b.d.f": "", "": "", ".": "", "c": "", "a.": "",
	} {
		value, ok := record.Lookup([]byte(data), path)
		if string(value) != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", path, value, ok, want)
		}
	}
	for _, bad := range []string{"", "null", "[1]", `"a"`, `{`, `{"a"`, `{"a":`} {
		if value, ok := record.Lookup([]byte(bad), "a"); ok {
			t.Errorf("a is %q in %q", value, bad)
		}
	}
}

func TestElements(t *testing.T) {
	for array, want := range map[string][]string{
		`[1, "2" ,{"g":[3,4]} , [5] ]`: {"1", `"2"`, `{"g":[3,4]}`, "[5]"},
		`[]`:                           nil, `[ ]`: nil, `{"a":1}`: nil, ``: nil, `[1,`: {"1"}, `[1 2]`: {"1"},
	} {
		var got []string
		for e := range record.Elements([]byte(array)) {
			got = append(got, string(e))
		}
		if !slices.Equal(got, want) {
			t.Errorf("elements of %q are %q, want %q", array, got, want)
		}
	}
}

// Lookup finds what the parsed record has.
func FuzzLookup(f *testing.F) {
	f.Add([]byte(`{"a":{"b":"c","b.c":1},"a.b":2,"a":{"b":null}}`), "a.b")
	f.Add([]byte(`{"req":{"method":"GET"},"\u0061":"\ud800"}`), "req.method")
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		value, ok := record.Lookup(data, path)
		if text := record.Text(value); ok && len(text) > 3*len(data) {
			t.Fatalf("%q is %q", path, text)
		}
		if !json.Valid(data) {
			return
		}
		for range record.Elements(value) {
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
		if got := record.Text(value); has && (!ok || got != want) {
			t.Fatalf("%q is %q, %v; want %q", path, got, ok, want)
		}
	})
}
