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
	keys := func() string { // each is the beginning of the path
		var b strings.Builder
		for i := range 120 {
			fmt.Fprintf(&b, `"%s":{},`, "a"+strings.Repeat(".a", i))
		}
		return b.String()
	}
	text := func(n int) string { return `"z":"` + strings.Repeat("xx", n) + `"}` }
	for name, c := range map[string]struct {
		where string
		data  func(n int) string
	}{
		"empty elements": {`msg~(?:x?){450}\b`, func(n int) string { return `{"msg":[` + strings.Repeat(`"",`, n) + `""]}` }},
		"a long path":    {"a" + strings.Repeat(".a", 120) + "=1", func(n int) string { return `{` + keys() + text(n) }},
		"many terms":     {strings.Repeat("b.c=1 ", 31), func(n int) string { return `{"b":{},` + text(20*n) }},
	} {
		terms, err := query.Parse(c.where)
		if err != nil {
			t.Fatal(err)
		}
		d := query.NewDeadline(time.Now())
		for i := range terms {
			terms[i].MatchRaw(&query.Record{Data: []byte(c.data(22_000)), Until: &d})
		}
		if !d.Passed() {
			t.Errorf("%s: they went on after their time", name)
		}
		// With time, they say what they say without a deadline.
		little, later := []byte(c.data(50)), query.NewDeadline(time.Now().Add(time.Hour))
		if got, want := terms[0].Match(&query.Record{Data: little, Until: &later}), terms[0].Match(&query.Record{Data: little}); got != want {
			t.Errorf("%s: %t before the deadline, %t without one", name, got, want)
		}
	}
}
