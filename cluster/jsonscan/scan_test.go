package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/jsonscan"
)

// sample is a record of the usual size.
const sample = `{"name":"api","hostname":"vm-1","pid":4711,"level":30,"msg":"GET /api/orders 200 12ms","time":"2026-03-01T12:00:00.123Z","v":0,` +
	`"tenant":"acme","req":{"method":"GET","url":"/api/orders?page=2","headers":{"host":"api.example.com"}},"tags":["a",1,null,true,-1.5e3]}`

// objects are valid JSON objects.
var objects = []string{
	`{}`, " {\t} \r\n", `{"a":1}`, ` { "a" : [ 1 , {"b":"}"} ] , "c" : null } `, `{"a":1,"a":2}`, `{"":""}`,
	`{"\u0061":"\"\\\/\b\f\n\r\t","é":"\ud83d\ude00 \ud800 \udc00"}`, `{"a":{"b":{"c":[[],{},[{}]]}},"d":-0.5E+10}`, "{\"\xff\":\"\xe2\x80\"}", sample,
}

// faulty are none.
var faulty = []string{
	"", " ", "null", "[1]", `"a"`, "{", `{"`, `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,"a":1}`, `{"a" 1}`, `{"a":1 "b":2}`, `{"a":1}}`, `{"a":1} x`, `{a:1}`,
	`{"a":01}`, `{"a":1.}`, `{"a":-}`, `{"a":1e}`, `{"a":tru}`, `{"a":nul`, `{"a":"\x"}`, `{"a":"\u12g4"}`, "{\"a\":\"\n\"}", `{"a":[1,]}`, `{"a":[1}`, `{"a":{]}`, `{"a":"\`, `{"a":[`,
}

type member struct{ key, value string }

func scanned(data []byte) (all []member) {
	for key, value := range jsonscan.Members(data) {
		all = append(all, member{string(key), string(value)})
	}
	return all
}

func checked(data []byte) (all []member, valid bool) {
	c := jsonscan.Check(data)
	for {
		key, value, ok := c.Next()
		if !ok {
			if _, _, again := c.Next(); again {
				panic("a member after the end")
			}
			return all, c.Valid()
		}
		all = append(all, member{string(key), string(value)})
	}
}

func TestMembers(t *testing.T) {
	got := scanned([]byte(` { "a" : [ 1 , {"b":"}"} ] , "\u0063" : null,"a":"x" } `))
	want := []member{{"a", `[ 1 , {"b":"}"} ]`}, {`\u0063`, "null"}, {"a", `"x"`}}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for data, want := range map[string][]member{"": nil, "null": nil, `{"a":1,"b"`: {{"a", "1"}}, `{"a":[`: nil, `{"a":1 "b":2`: {{"a", "1"}, {"b", "2"}}} {
		if got := scanned([]byte(data)); !slices.Equal(got, want) {
			t.Errorf("of %q: got %q, want %q", data, got, want)
		}
	}
}

func TestElements(t *testing.T) {
	for array, want := range map[string][]string{
		`[1, "2" ,{"g":[3,4]} , [5] ]`: {"1", `"2"`, `{"g":[3,4]}`, "[5]"},
		`[]`:                           nil, `[ ]`: nil, `{"a":1}`: nil, ``: nil, `[1,`: {"1"}, `[1 2]`: {"1"},
	} {
		var got []string
		for e := range jsonscan.Elements([]byte(array)) {
			got = append(got, string(e))
		}
		if !slices.Equal(got, want) {
			t.Errorf("elements of %q are %q, want %q", array, got, want)
		}
	}
}

func TestFind(t *testing.T) {
	const data = `{"a":1,"\u0062":"x","a":{"b":2}}`
	for key, want := range map[string]string{"a": `{"b":2}`, "b": `"x"`, "c": "", "": "", `\u0062`: ""} {
		if got := jsonscan.Find([]byte(data), key); string(got) != want || (want == "") != (got == nil) {
			t.Errorf("%q is %q, want %q", key, got, want)
		}
	}
}

func TestLookup(t *testing.T) {
	const data = `{"a":1,"b":{"c":"x","d.e":{"f":[1, "2" ,{"g":3}]},"c":"y"},"a.b":{"c":true},"\u0061a":null,"msg":"m"}`
	for path, want := range map[string]string{
		"a": "1", "b.c": `"y"`, "b.d.e": `{"f":[1, "2" ,{"g":3}]}`, "aa": "null", "msg": `"m"`, "a.b.c": "true",
		"b.d": "", "b.d.f": "", "": "", ".": "", "c": "", "a.": "",
	} {
		value, ok := jsonscan.Lookup([]byte(data), path)
		if string(value) != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", path, value, ok, want)
		}
	}
	for _, bad := range []string{"", "null", "[1]", `"a"`, `{`, `{"a"`, `{"a":`} {
		if value, ok := jsonscan.Lookup([]byte(bad), "a"); ok {
			t.Errorf("a is %q in %q", value, bad)
		}
	}
}

func TestValidity(t *testing.T) {
	for _, data := range objects {
		checkValidity(t, []byte(data))
	}
	for _, data := range faulty {
		checkValidity(t, []byte(data))
		if jsonscan.ValidObject([]byte(data)) {
			t.Errorf("%q is taken for an object", data)
		}
	}
	for _, depth := range []int{9_999, 10_000, 10_001, 1_000_000} {
		for _, open := range []string{"[", `{"a":`} {
			shut := map[string]string{"[": "]", `{"a":`: "}"}[open]
			checkValidity(t, []byte(`{"x":`+strings.Repeat(open, depth-1)+"1"+strings.Repeat(shut, depth-1)+"}"))
			checkValidity(t, []byte(strings.Repeat(open, depth)))
		}
	}
}

// checkValidity holds validator, checker and scanner to encoding/json.
func checkValidity(t *testing.T, data []byte) {
	t.Helper()
	want := json.Valid(data) && bytes.TrimLeft(data, " \t\r\n")[0] == '{'
	if got := jsonscan.ValidObject(data); got != want {
		t.Errorf("%.200q is valid: %v, want %v", data, got, want)
	}
	all, valid := checked(data)
	if valid != want {
		t.Errorf("%.200q is valid when checked: %v, want %v", data, valid, want)
	}
	members := scanned(data)
	if !want {
		return
	}
	if !slices.Equal(all, members) {
		t.Errorf("%.200q has %.200q when checked, %.200q when scanned", data, all, members)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string, len(members))
	for _, m := range members {
		got[jsonscan.Decode([]byte(m.key))] = m.value
	}
	if len(got) != len(object) {
		t.Errorf("%.200q has %d keys, want %d", data, len(got), len(object))
	}
	for key, value := range object {
		if got[key] != string(value) || string(jsonscan.Find(data, key)) != string(value) {
			t.Errorf("%q of %.200q is %.200q, want %.200q", key, data, got[key], value)
		}
		checkElements(t, value)
	}
}

func checkElements(t *testing.T, value []byte) {
	t.Helper()
	var elements []json.RawMessage
	if value[0] != '[' || json.Unmarshal(value, &elements) != nil {
		return
	}
	i := 0
	for e := range jsonscan.Elements(value) {
		if i == len(elements) || string(e) != string(elements[i]) {
			t.Fatalf("element %d of %.200q is %.200q", i, value, e)
		}
		i++
	}
	if i != len(elements) {
		t.Errorf("%.200q has %d elements, want %d", value, i, len(elements))
	}
}

func FuzzObject(f *testing.F) {
	for _, data := range slices.Concat(objects, faulty) {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkValidity(t, data)
		for range jsonscan.Elements(data) {
		}
		for i := range data {
			if end := jsonscan.SkipValue(data, i); end > len(data) {
				t.Fatalf("the value at %d of %q ends at %d", i, data, end)
			}
		}
	})
}

func TestScanningAllocatesNothing(t *testing.T) {
	data := []byte(sample)
	n := 0
	if allocs := testing.AllocsPerRun(100, func() {
		for key, value := range jsonscan.Members(data) {
			n += len(key)
			for e := range jsonscan.Elements(value) {
				n += len(e)
			}
		}
		c := jsonscan.Check(data)
		for _, _, ok := c.Next(); ok; _, _, ok = c.Next() {
			n++
		}
		value, _ := jsonscan.Lookup(data, "req.headers.host")
		n += len(value)
		if !jsonscan.ValidObject(data) {
			t.Error("the sample is not valid")
		}
	}); allocs != 0 {
		t.Errorf("scanning allocates %v times", allocs)
	}
}

func BenchmarkScan(b *testing.B) {
	data := []byte(sample)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for range jsonscan.Members(data) {
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	data := []byte(sample)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		c := jsonscan.Check(data)
		for _, _, ok := c.Next(); ok; _, _, ok = c.Next() {
		}
	}
}

func BenchmarkValidObject(b *testing.B) {
	data := []byte(sample)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		jsonscan.ValidObject(data)
	}
}

func BenchmarkLookup(b *testing.B) {
	data := []byte(sample)
	for _, path := range []string{"tenant", "req.method", "none"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				jsonscan.Lookup(data, path)
			}
		})
	}
}
