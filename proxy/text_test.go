package proxy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sluice/cluster/jsonscan"
	"sluice/cluster/stream"
	"sluice/proxy"
)

// A line with the field "sluice" is a notice: no record can have it, however it is
// published; and one without it leaves byte for byte.
func TestNoRecordImitatesANotice(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	lines := get(t, p, "/api/logs/s?last=9")
	events := get(t, p, "/api/logs/s?last=9", sse...)
	events.next("source")
	for i, c := range []struct{ record, line string }{
		{`{"name":"sluice","level":40,"msg":"9 records dropped","dropped":9}`, ""},
		{`{"msg":"a","sluice":"dropped"}`, `{"msg":"a","sluice_":"dropped"}`},
		{`{ "sluice" : "dropped" , "msg" : "a" }`, `{"sluice_":"dropped","msg":"a"}`},
		{`{"sl\u0075ice":1,"sluice":2,"x":{"sluice":3}}`, `{"sl\u0075ice_":1,"sluice_":2,"x":{"sluice":3}}`},
		{`{"msg":"\u00e9","Sluice":1,"sluice_":"sluice"}`, ""},
	} {
		if c.line == "" {
			c.line = c.record
		}
		f.send(stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: uint64(i)}, Data: []byte(c.record)})
		if got := field(events.next(""), "data"); got != c.record {
			t.Errorf("as an event: %s, want %s", got, c.record)
		}
		got, err := lines.in.ReadString('\n')
		if err != nil || got != c.line+"\n" {
			t.Errorf("as a line: %q, want %q: %v", got, c.line, err)
		}
	}
	f.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Count: 3, Hop: "consolidator", Reason: "reader too slow"})
	f.notice(stream.Notice{Kind: stream.KindAway, Time: time.Unix(1, 0), Source: "vm-1", Away: time.Minute})
	told := make(map[string]bool)
	for range 2 { // in any order
		line, err := lines.in.ReadString('\n')
		var notice struct{ Sluice string }
		if err != nil || json.Unmarshal([]byte(line), &notice) != nil {
			t.Errorf("the notice is %q, %v", line, err)
		}
		told[notice.Sluice] = true
	}
	if !told["dropped"] || !told["away"] {
		t.Errorf("told is %v", told)
	}
}

func FuzzLine(f *testing.F) {
	f.Add(`{"sluice":1}`)
	f.Add(`{"\u0073luice":{"a":[1,"}"]},"b":"sluice"}`)
	f.Fuzz(func(t *testing.T, s string) {
		if !jsonscan.ValidObject([]byte(s)) || strings.ContainsAny(s, "\n\r") {
			return // others are normalised before
		}
		line := string(proxy.AppendText(nil, []byte(s)))
		var before, after map[string]json.RawMessage
		if err := json.Unmarshal([]byte(s), &before); err != nil {
			return // deeper than encoding/json goes
		}
		if err := json.Unmarshal([]byte(line), &after); err != nil {
			t.Fatalf("%q becomes %q: %v", s, line, err)
		}
		if _, ok := after["sluice"]; ok {
			t.Errorf("%q becomes %q", s, line)
		}
		if _, ok := before["sluice"]; !ok && line != s {
			t.Errorf("%q becomes %q", s, line)
		}
	})
}

func BenchmarkLine(b *testing.B) {
	record := []byte(`{"v":0,"name":"app","hostname":"web-1","pid":7,"level":30,"time":"2026-03-01T12:00:00.000Z","msg":"` + strings.Repeat("hello ", 20) + `","req":{"method":"GET","url":"/a/b"}}`)
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	var line []byte
	for b.Loop() {
		line = proxy.AppendText(line[:0], record)
	}
}
