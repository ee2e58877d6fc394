package record_test

import (
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

func TestPeekTime(t *testing.T) {
	for _, s := range timed {
		if got, want := record.PeekTime([]byte(s)), record.Peek([]byte(s)).Time; got != want {
			t.Errorf("time of %s is %d, want %d", s, got, want)
		}
	}
	// Whatever else comes is no reason to fail.
	for _, s := range []string{"", "{", `{"time"`, `{"time":`, `{"time":"`, `,"time":5`, "text"} {
		record.PeekTime([]byte(s))
	}
}

func FuzzPeekTime(f *testing.F) {
	for _, s := range timed {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := record.PeekTime(data)
		if want := record.Peek(data).Time; got != want && record.Parse(data).JSON {
			t.Errorf("time of %q is %d, want %d", data, got, want)
		}
	})
}
