package query_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"sluice/cluster/query"
)

// alternatives are n different ones, between ^ and $.
func alternatives(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "|%c%c", rune(0x4e00+i), 'a'+rune(i%26))
	}
	return "^(?:" + b.String()[1:] + ")$"
}

// What is kept of an expression grows with its instructions, and no faster.
func TestACompiledExpressionIsSmall(t *testing.T) {
	const n = 20
	for name, source := range map[string]string{
		"alternatives":   alternatives(200),
		"optional parts": "^" + strings.Repeat(`(?:a|bc)?`, 100) + "$",
		"classes":        "^" + strings.Repeat(`[^a-c]`, 160) + "$",
	} {
		var kept []any
		before := inUse()
		for range n {
			e, err := query.Compile(source)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			terms, err := query.Parse("msg~" + source)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			kept = append(kept, e, terms)
		}
		if each := (inUse() - before) / (2 * n); each > 100_000 {
			t.Errorf("%s: %d bytes are kept of one expression of %d", name, each, len(source))
		}
		runtime.KeepAlive(kept)
	}
}

func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools held
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What a record makes a term do besides the matching of bytes counts, too: it looks for
// its field through all of the record, and matches each element of a list, be that empty.
func TestADeadlineEndsAllThatATermDoes(t *testing.T) {
	const size = 250_000
	var keys strings.Builder // each is the beginning of the path
	for i := range 120 {
		fmt.Fprintf(&keys, `"%s":{},`, "a"+strings.Repeat(".a", i))
	}
	for name, c := range map[string]struct{ where, data string }{
		"empty elements": {`msg~(?:x?){450}z`, `{"msg":[` + strings.Repeat(`"",`, size/3) + `""]}`},
		"a long path":    {"a" + strings.Repeat(".a", 120) + "=1", `{` + keys.String() + `"z":"` + strings.Repeat("x", size) + `"}`},
		"many terms":     {strings.Repeat("b.c=1 ", 31), `{"b":{},"z":"` + strings.Repeat("x", size) + `"}`},
	} {
		terms, err := query.Parse(c.where)
		if err != nil {
			t.Fatal(err)
		}
		d := query.NewDeadline(time.Now())
		for i := range terms {
			terms[i].MatchRaw(&query.Record{Data: []byte(c.data), Until: &d})
		}
		if !d.Passed() {
			t.Errorf("%s: they went on after their time", name)
		}
		// With time, they say what they say without a deadline.
		later := query.NewDeadline(time.Now().Add(time.Hour))
		if got, want := terms[0].Match(&query.Record{Data: []byte(c.data), Until: &later}), terms[0].Match(&query.Record{Data: []byte(c.data)}); got != want {
			t.Errorf("%s: %t before the deadline, %t without one", name, got, want)
		}
	}
}
