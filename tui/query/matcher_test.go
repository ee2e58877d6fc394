package query_test

import (
	"testing"

	grammar "sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/tui/query"
	"sluice/tui/rows"
)

// rowOf is a row of one record; without trust no fast path is taken.
func rowOf(data []byte, trust bool) *query.Row {
	head := record.Peek(data)
	return &query.Row{
		Entry: &rows.Entry{Time: head.Time, Own: head.Time != 0, Foreign: head.Foreign, Level: int16(min(int(head.Level), 1<<15-1)), Plain: trust && !head.Encoded && grammar.Plain(data)},
		Data:  data,
		Names: &rows.Names{Sources: []string{"vm-1"}, Streams: []string{"tenant/acme"}},
	}
}

// The fast path of the search finds exactly what the slow one finds.
func FuzzMatcher(f *testing.F) {
	f.Add("status=500", []byte(`{"msg":"x","status":500}`))
	f.Add("nant=ac", []byte(`{"msg":"x","tenant":"acme"}`))
	f.Add("nant=ac", []byte(`{"msg":"x","tenant":"ac me"}`))
	f.Add("nant=ac", []byte(`{"msg":"x","tenant":"ACme","tenant":"b"}`))
	f.Add("Tenant=", []byte(`{"msg":"x","Tenant":""}`))
	f.Add("=a", []byte(`{"msg":"x","tenant":"a=b"}`))
	f.Add("a=[1", []byte(`{"msg":"x","a":[1]}`))
	f.Add("name=a", []byte(`{"msg":"x","name":"a","component":"b","err":{"name":"a"}}`))
	f.Add("kELVIN", []byte("{\"msg\":\"\u212aelvin\"}"))
	f.Add("skip", []byte("{\"msg\":\"\u017f\u212aip\"}"))
	f.Add("a b", []byte(`{"msg":"A","b":"\u0062"}`))
	f.Add("x ⏎ y", []byte(`{"msg":"x\ny"}`))
	f.Add("abc", []byte(`{"msg":"abc","msg":"x"}`))
	f.Add("(?:wörd|wird)+abc[0-9]{2,}", []byte(`{"msg":"wirdABC123","level":`))
	f.Fuzz(func(t *testing.T, pattern string, data []byte) {
		if len(pattern) > 256 {
			return
		}
		m := query.NewMatcher(pattern)
		if m.Match(rowOf([]byte(`{}`), false)) {
			return // it matches the names of every row
		}
		if fast, slow := m.Match(rowOf(data, true)), m.Match(rowOf(data, false)); fast != slow {
			t.Fatalf("%q in %q: the fast path says %v, the slow one %v", pattern, data, fast, slow)
		}
	})
}

// A match of the usual record costs no memory.
func TestMatchesAllocateNothing(t *testing.T) {
	data := []byte(`{"v":0,"name":"webtask","hostname":"vm-1","pid":4711,"level":30,"time":"2026-03-04T12:00:00.000Z","msg":"request 7 completed","tenant":"acme","status":200}`)
	for _, pattern := range []string{"request", "needle", "status=200", "completed  tenant"} {
		m, row := query.NewMatcher(pattern), rowOf(data, true)
		m.Match(row)
		if n := testing.AllocsPerRun(100, func() { m.Match(row) }); n != 0 {
			t.Errorf("a match of %q allocates %v times", pattern, n)
		}
	}
}
