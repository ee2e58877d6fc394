package record_test

import (
	"strings"
	"testing"

	"sluice/cluster/record"
)

var timed = []string{
	`{"v":0,"name":"app","hostname":"vm-1","pid":7,"level":30,"time":"2026-03-01T12:00:00.123Z","msg":"hello","a":1}`,
	`{"time":"2026-03-01T12:00:00.123Z"}`,
	`{ "level": 30 , "time" : "2026-03-01T12:00:00.123Z" , "msg" : "x" }`,
	`{"time":1772366400123}`, `{"time":1772366400123 ,"a":1}`, `{"time":null}`, `{"time":{"time":1}}`, `{"time":[1]}`, `{"time":""}`,
	`{"a":"time"}`, `{"a":"time","time":"2026-03-01T12:00:00Z"}`, `{"time":"2026-03-01T12:00:00Z","time":5}`,
	`{"req":{"time":"2026-03-01T12:00:00Z"}}`, `{"req":{"time":"2026-03-01T12:00:00Z"},"time":"2026-03-02T12:00:00Z"}`,
	`{"time":"2026-03-02T12:00:00Z","req":{"time":"2026-03-01T12:00:00Z"}}`, `{"a":[{"time":5}],"b":1}`,
	`{"msg":"a \",\"time\":\"2026-03-01T12:00:00Z"}`, `{"\u0074ime":"2026-03-01T12:00:00Z"}`, `{"time":"2026-03-01T12:00:00Z","\u0074ime":7}`,
	`{"msg":"{","time":"2026-03-01T12:00:00Z"}`, `{"times":1,"xtime":2}`, `{}`, ` {"time":5}`, "{\"a\":1,\n\t\"time\"\n:\r5}",
	`{"":"time","time":5}`, `{"a":"b","time":-5}`, `{"a":",","time":5}`,
}

// heads are read in the quick way or in the slow one; both must find the same.
func checkHead(t *testing.T, data []byte) {
	t.Helper()
	head := record.Peek(data)
	if got := record.PeekTime(data); got != head.Time {
		t.Errorf("time of %q is %d, Peek says %d", data, got, head.Time)
	}
	if level := record.PeekLevel(data); level != head.Level {
		t.Errorf("level of %q is %v, Peek says %v", data, level, head.Level)
	}
	r := record.Parse(data)
	if !r.JSON {
		return
	}
	at := int64(0)
	if !r.Time.IsZero() {
		at = r.Time.UnixMilli()
	}
	if at != head.Time || r.Level != head.Level {
		t.Errorf("head of %q is %+v, parsed it is %+v", data, head, r)
	}
	want, ok := record.SlowHead(data)
	want.Encoded, want.Foreign = head.Encoded, head.Foreign // how it was found
	if ok && head != want {
		t.Errorf("head of %q is %+v, want %+v", data, head, want)
	}
}

func TestPeekQuickAndSlow(t *testing.T) {
	for _, s := range timed {
		checkHead(t, []byte(s))
		// The same with other things around it, at all places of a word.
		for i := range 9 {
			checkHead(t, []byte(`{"`+strings.Repeat("x", i)+`":"t","level":40,`+strings.TrimPrefix(s, "{")))
		}
	}
	// Whatever else comes is no reason to fail.
	for _, s := range []string{"", "{", `{"time"`, `{"time":`, `{"time":"`, `,"time":5`, "text", `{"level":`, `{"level":-`, `{"level":,`, `{"level":}`, `{"time":}`} {
		checkHead(t, []byte(s))
	}
}

func FuzzPeekTime(f *testing.F) {
	for _, s := range timed {
		f.Add([]byte(s))
		f.Add([]byte(strings.ReplaceAll(s, "time", "level")))
	}
	for i := range foreign {
		f.Add([]byte(foreign[i].record))
	}
	f.Fuzz(checkHead)
}

func BenchmarkPeekPlain(b *testing.B) {
	data := []byte(`{"v":0,"name":"webtask","hostname":"vm-1","pid":4711,"level":30,"time":"2026-03-01T12:00:00.123Z","msg":"request 0000000000 completed","tenant":"acme","status":200,"ms":12,"word":"______","pad":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}`)
	for b.Loop() {
		record.Peek(data)
	}
}

func BenchmarkPeekSlow(b *testing.B) {
	data := []byte(`{"v":0,"name":"webtask","hostname":"vm-1","pid":4711,"level":30,"time":"2026-03-01T12:00:00.123Z","msg":"request 0000000000 completed","tenant":"acme","status":200,"ms":12,"word":"______","pad":"xxxxxxxxxxxxxxxxxxxxxxxxxxxx\\"}`)
	for b.Loop() {
		record.Peek(data)
	}
}
