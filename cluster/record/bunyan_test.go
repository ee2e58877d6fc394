package record_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sluice/cluster/record"
)

var mapped = record.NewBunyan("app", "vm-1")

var mappedAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestBunyanPasses(t *testing.T) {
	for _, line := range []string{
		`{"v":0,"level":30,"name":"a","hostname":"h","pid":1,"time":"2026-01-02T03:04:05.678Z","msg":"x"}`,
		`{ "msg" : "x" , "v":0, "level":35,"name":"","hostname":"h","pid":0, "time":"2026-01-02T03:04:05+02:00","src":{"a":[1]}}`,
		`{"\u006dsg":"x","v":1,"level":30,"name":"a","hostname":"h","pid":1,"time":"2026-01-02T03:04:05.123456789Z"}`,
	} {
		out, form := mapped.AppendObject(nil, []byte(line), mappedAt)
		if form != record.FormBunyan || string(out) != line {
			t.Errorf("%s\nbecomes (%d) %s", line, form, out)
		}
	}
	line := "{\"v\":0,\"level\":30,\"name\":\"a\",\"hostname\":\"h\",\"pid\":1,\"time\":\"2026-01-02T03:04:05.678Z\",\"msg\":\"\xff\u2028\"}"
	out, form := mapped.AppendObject(nil, []byte(line), mappedAt)
	if form != record.FormBunyan || string(out) != strings.NewReplacer("\xff", "\ufffd", "\u2028", `\u2028`).Replace(line) {
		t.Errorf("becomes (%d) %s", form, out)
	}
}

func TestBunyanMaps(t *testing.T) {
	const now = `"2026-03-01T12:00:00.000Z"`
	for _, test := range []struct{ line, level, time, msg, rest string }{
		{`{}`, `30`, now, `""`, ``},
		{`{"message":"hi","a":1.0e2,"b":{"c" : [ 1 ]}}`, `30`, now, `"hi"`, `,"a":1.0e2,"b":{"c" : [ 1 ]}`},
		// pino
		{`{"level":40,"time":1531171074631,"msg":"hi"}`, `40`, `"2018-07-09T21:17:54.631Z"`, `"hi"`, ``},
		// zap
		{`{"level":"info","ts":1531171074.6315289,"caller":"x.go:1","msg":"hi"}`, `30`, `"2018-07-09T21:17:54.631528900Z"`, `"hi"`, `,"caller":"x.go:1"`},
		// slog, zerolog, logrus, Python, Logstash
		{`{"time":"2022-11-08T15:28:26.123456789-05:00","level":"WARN+1","msg":"hi"}`, `42`, `"2022-11-08T15:28:26.123456789-05:00"`, `"hi"`, ``},
		{`{"level":"error","time":"2022-11-08T15:28:26Z","message":"hi"}`, `50`, `"2022-11-08T15:28:26Z"`, `"hi"`, ``},
		{`{"@timestamp":"2022-11-08 15:28:26,123Z","severity":"CRITICAL","message":"hi"}`, `60`, `"2022-11-08T15:28:26.123Z"`, `"hi"`, ``},
		{`{"timestamp":"1531171074631529","lvl":"W","message":"hi"}`, `40`, `"2018-07-09T21:17:54.631529Z"`, `"hi"`, ``},
		{`{"timestamp":1531171074631529001,"severity":3,"message":"hi"}`, `50`, `"2018-07-09T21:17:54.631529001Z"`, `"hi"`, ``},
		{`{"ts":1.531171074e9,"severity":"notice"}`, `30`, `"2018-07-09T21:17:54.000Z"`, `""`, ``},
		{`{"ts":"1531171074","severity":300}`, `30`, `"2018-07-09T21:17:54.000Z"`, `""`, ``},
		{`{"level":300}`, `40`, now, `""`, ``},
		// A number below 10 is a severity of syslog where the form says so.
		{`{"version":"1.1","host":"web-1","short_message":"hi","level":3}`, `50`, now, `"hi"`, `,"version":"1.1"`},
		{`{"level":"7"}`, `0`, now, `""`, `,"fields.level":"7"`},
		{`{"level":"chatty"}`, `0`, now, `""`, `,"fields.level":"chatty"`},
		// The first that is understood is taken, the others stay.
		{`{"ts":1531171074,"time":"noon","severity":"ERR","level":"chatty","message":"b","msg":"a"}`, `50`, `"2018-07-09T21:17:54.000Z"`, `"a"`, `,"fields.time":"noon","fields.level":"chatty","message":"b"`},
		{`{"time":12.5,"level":null,"msg":{"a":1},"message":"m"}`, `30`, now, `"m"`, `,"fields.time":12.5,"fields.level":null,"fields.msg":{"a":1}`},
		{`{"msg":1,"fields.msg":2}`, `30`, now, `""`, `,"fields.fields.msg":1,"fields.msg":2`},
		{`{"msg":"first","msg":"last"}`, `30`, now, `"last"`, `,"fields.msg":"first"`},
	} {
		host := `vm-1`
		if strings.Contains(test.line, "web-1") {
			host = `web-1`
		}
		want := `{"v":0,"name":"app","hostname":"` + host + `","pid":0,"level":` + test.level + `,"time":` + test.time + `,"msg":` + test.msg + test.rest + `}`
		out, form := mapped.AppendObject(nil, []byte(test.line), mappedAt)
		if form != record.FormObject || string(out) != want {
			t.Errorf("%s\nbecomes %s\nwant    %s", test.line, out, want)
		}
	}
	// What is there of bunyan's own stays.
	const line = `{"name":"a","hostname":"h","pid":7,"v":1}`
	if out, _ := mapped.AppendObject(nil, []byte(line), mappedAt); string(out) != `{"v":1,"name":"a","hostname":"h","pid":7,"level":30,"time":`+now+`,"msg":""}` {
		t.Errorf("%s becomes %s", line, out)
	}
	const wrong = `{"name":1,"hostname":null,"pid":"x7","v":"1.2"}`
	if out, _ := mapped.AppendObject(nil, []byte(wrong), mappedAt); !strings.HasSuffix(string(out), `"msg":"","fields.name":1,"fields.hostname":null,"fields.pid":"x7","fields.v":"1.2"}`) {
		t.Errorf("%s becomes %s", wrong, out)
	}
	for _, line := range []string{``, `text`, `[1]`, `{"a":1} x`, `{"a"}`, `"a"`} {
		if out, form := mapped.AppendObject(nil, []byte(line), mappedAt); form != record.FormText || len(out) != 0 {
			t.Errorf("%q becomes (%d) %s", line, form, out)
		}
	}
}

func TestLevelOf(t *testing.T) {
	for word, want := range map[string]record.Level{
		"WARNING": 40, "Err": 50, "i": 30, "E": 50, "emerg": 60, "DEBUG-4": 10, " info: ": 30, "NOTICE": 30, "FINE": 20,
		"\x1b[31mERROR\x1b[0m": 50, "[warn]": 40, "DEBUG3": 20, "D2": 20, "lvl35": 35, "ERROR2": 50, "Warn4": 40, "info5": 0, "\x1b[": 0, "error1": 0,
		"": 0, "loud": 0, "info+": 0, "info+999": 0, strings.Repeat("e", 30): 0,
	} {
		if got, ok := record.LevelOfWord([]byte(word)); got != want || ok != (want != 0) {
			t.Errorf("%q is %d, %t, want %d", word, got, ok, want)
		}
	}
}

func FuzzBunyan(f *testing.F) {
	for _, s := range []string{
		`{"level":"info","ts":1531171074.63,"msg":"hi"}`, `{"msg":1,"fields.msg":2,"time":"x"}`, "text\xff\u2028\"", `{"\u006dsg":"a","msg":"b","a":{"b":[1,{}]}}`,
		`{"severity":"WARNING","@timestamp":"2022-11-08T15:28:26Z","message":"\ud800"}`,
	} {
		f.Add([]byte(s))
	}
	for i := range foreign {
		f.Add([]byte(foreign[i].record))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		out, form := mapped.AppendObject([]byte("x"), line, mappedAt)
		if isObject := json.Valid(line) && bytes.HasPrefix(bytes.TrimLeft(line, " \t\r\n"), []byte("{")); isObject != (form != record.FormText) {
			t.Fatalf("%q is taken for %d", line, form)
		}
		if form == record.FormText {
			if len(out) != 1 {
				t.Fatalf("appended %q", out)
			}
			out, _ = mapped.BeginText(out, line, mappedAt)
			out = mapped.EndText(mapped.AppendText(out, line), 0, 0)
		}
		out = out[1:]
		if !record.IsLine(out) {
			t.Fatalf("%q becomes %q", line, out)
		}
		var got map[string]json.RawMessage
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"v", "name", "hostname", "pid", "level", "time", "msg"} {
			if got[key] == nil {
				t.Fatalf("%q becomes %q, without %s", line, out, key)
			}
		}
		if again, form := mapped.AppendObject(nil, out, mappedAt); form != record.FormBunyan || !bytes.Equal(again, out) {
			t.Fatalf("%q is no bunyan record (%d): %s", out, form, again)
		}
		if form == record.FormText {
			var msg string
			if err := json.Unmarshal(got["msg"], &msg); err != nil || msg != valid(line) {
				t.Fatalf("%q becomes the msg %q", line, msg)
			}
			return
		}
		var had map[string]json.RawMessage
		if utf8.Valid(line) && json.Unmarshal(line, &had) == nil {
			kept(t, had, got)
		}
	})
}

// valid is text with U+FFFD for each bad byte.
func valid(b []byte) string {
	var out strings.Builder
	for _, r := range string(b) {
		out.WriteRune(r)
	}
	return out.String()
}

// kept wants every field that is not one of those that were understood.
func kept(t *testing.T, had, got map[string]json.RawMessage) {
	t.Helper()
	missing := 0
	for key, value := range had {
		found := false
		for prefix := ""; len(prefix) < 7*(len(had)+1) && !found; prefix += "fields." {
			found = canonical(got[prefix+key]) == canonical(value)
		}
		if found {
			continue
		}
		if !record.Known(key) {
			t.Fatalf("field %q: %s is missing in %v", key, value, got)
		}
		missing++
	}
	if missing > 6 { // one each of name, hostname, pid, level, time and msg
		t.Fatalf("%d fields are missing: %v becomes %v", missing, had, got)
	}
}

func canonical(value json.RawMessage) string {
	if value == nil {
		return ""
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return "?"
	}
	return fmt.Sprintf("%T %v", v, v)
}

func BenchmarkBunyan(b *testing.B) {
	for name, line := range map[string]string{
		"bunyan": `{"v":0,"name":"app","hostname":"vm-1","pid":7,"level":30,"time":"2026-03-01T12:00:00.000Z","msg":"request done","req":{"method":"GET","url":"/api/items/42"},"res":{"status":200},"took":12.5,"fill":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}`,
		"object": `{"severity":"INFO","ts":1772366400.123,"message":"request done","req":{"method":"GET","url":"/api/items/42"},"res":{"status":200},"took":12.5,"caller":"server/handler.go:42","fill":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","logger":"http"}`,
	} {
		b.Run(name, func(b *testing.B) {
			var out []byte
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			in := []byte(line)
			for b.Loop() {
				out, _ = mapped.AppendObject(out[:0], in, mappedAt)
			}
		})
	}
}

// Nesting is limited as encoding/json has it.
func TestBunyanNesting(t *testing.T) {
	for depth, want := range map[int]record.Form{9_999: record.FormObject, 10_000: record.FormText} { // within one object
		line := []byte(`{"a":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`)
		if _, form := mapped.AppendObject(nil, line, mappedAt); form != want || json.Valid(line) != (want == record.FormObject) {
			t.Errorf("%d deep: taken for %d", depth, form)
		}
	}
}
