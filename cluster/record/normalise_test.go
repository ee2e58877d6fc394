package record_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sluice/cluster/record"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.FixedZone("", 3600))

const unknown = `{"v":0,"name":"unknown","hostname":"unknown","pid":0,"level":30,"time":"2026-01-02T02:04:05.678Z","msg":`

func TestNormalise(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"one line", `{"a":1}`, `{"a":1}`},
		{"one line, strangely written", "  {\t\"a\" : 1.0E+2, \"a\":\"\\u2028\\/\\ud800é\"} ", "  {\t\"a\" : 1.0E+2, \"a\":\"\\u2028\\/\\ud800é\"} "},
		{"line break at its end", "{\"a\":1}\r\n", `{"a":1}`},
		{"line breaks between tokens", "{\n  \"a\":\r\n  [1,\n2]}", `{  "a":  [1,2]}`},
		{"separators", "{\"a\u2028\":\"\u2029é\u2027\u202a\"}", "{\"a\\u2028\":\"\\u2029é\u2027\u202a\"}"},
		{"next line", "{\"a\u0085\":\"0123456789\u0085\u0084\u0086Å\"}", "{\"a\\u0085\":\"0123456789\\u0085\u0084\u0086Å\"}"},
		{"text with a next line", "one\u0085two", unknown + `"one\u0085two"}`},
		{"bad UTF-8 in a string", "{\"a\":\"\xff\xe2\x80\"}", "{\"a\":\"\ufffd\ufffd\ufffd\"}"},
		{"text", `hello "you"`, unknown + `"hello \"you\""}`},
		{"text of several lines", "one\ntwo\u2028\n", unknown + `"one\ntwo\u2028"}`},
		{"binary", "\x00\xff", unknown + `"\u0000` + "\ufffd" + `"}`},
		{"nothing", "", unknown + `""}`},
		{"array", `[1]`, unknown + `"[1]"}`},
		{"number", `1`, unknown + `"1"}`},
		{"two objects", `{}{}`, unknown + `"{}{}"}`},
		{"raw line break in a string", "{\"a\":\"\n\"}", unknown + `"{\"a\":\"\n\"}"}`},
		{"cut off", `{"a":1`, unknown + `"{\"a\":1"}`},
		{"bad escape", `{"a":"\x"}`, unknown + `"{\"a\":\"\\x\"}"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(record.NormaliseAt([]byte("x"), []byte(tt.in), now)); got != "x"+tt.want {
				t.Errorf("got\n%s, want\n%s", got[1:], tt.want)
			}
			if got, want := record.IsLine([]byte(tt.in)), tt.in == tt.want; got != want {
				t.Errorf("IsLine = %v, want %v", got, want)
			}
		})
	}
}

func TestNormaliseTakesThePresent(t *testing.T) {
	before := time.Now().Truncate(time.Millisecond)
	r := record.Parse(record.Normalise(nil, []byte("text")))
	if r.Msg != "text" || r.Level != record.Info || r.Time.Before(before) || r.Time.After(time.Now()) {
		t.Errorf("got %+v", r)
	}
}

func TestDepth(t *testing.T) {
	for _, depth := range []int{1, 64, 9_999, 10_000, 1_000_000} {
		in := []byte(strings.Repeat(`{"a":`, depth-1) + "{}" + strings.Repeat("}", depth-1))
		if got, want := record.IsLine(in), json.Valid(in); got != want {
			t.Errorf("IsLine of depth %d = %v, encoding/json says %v", depth, got, want)
		}
		if out := record.Normalise(nil, in); !json.Valid(out) {
			t.Errorf("depth %d became no JSON", depth)
		}
		record.Peek(in)
		record.Parse(in)
	}
}

func TestAppendNotice(t *testing.T) {
	out := record.AppendNotice([]byte("x"), now, record.Warn, "12 records dropped\n\u2028",
		"dropped", uint64(12), "stream", "tenant/\u2028a\"", "err", errors.New("broken"), "n", -1, "ok", true, "at", []string{"\u0085"}, "ch", make(chan int), "last")
	if !record.IsLine(out[1:]) {
		t.Fatalf("%s is no line", out)
	}
	r := record.Parse(out[1:])
	if r.Name != "sluice" || r.Hostname == "" || r.PID != os.Getpid() || r.Level != record.Warn || !r.Time.Equal(now) || r.Msg != "12 records dropped\n\u2028" {
		t.Errorf("got %+v", r)
	}
	for key, want := range map[string]string{"dropped": "12", "stream": "tenant/\u2028a\"", "err": "broken", "n": "-1", "ok": "true", "at": `["\u0085"]`} {
		if got, ok := r.Field(key); !ok || got != want {
			t.Errorf("field %q = %q, %v, want %q", key, got, ok, want)
		}
	}
	if _, ok := r.Field("last"); ok {
		t.Error("a key without a value was written")
	}
}

// The answer of encoding/json, which FuzzNormalise compares with.
func isLine(data []byte) bool {
	return json.Valid(data) && bytes.HasPrefix(bytes.TrimLeft(data, " \t"), []byte("{")) && utf8.Valid(data) &&
		!bytes.ContainsAny(data, "\r\n\u0085\u2028\u2029")
}

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{
		`{"a":1}`, "{\n}", "{\"\u2028\":\"\xff\"}", "[1]", "text", `{"a":"\ud800"}`, `{"a":-0.1e+9,"b":[{},[],null,true,false]}`,
		`{"a":01}`, `{"a":1,}`, `{"a":[1 2]}`, `{"a"}`, `{"a":"\u12g4"}`, `{"a":{"b":]}`, `{,"a":1}`, `{"a":tru}`, `{"a":1}x`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, want := record.IsLine(data), isLine(data); got != want {
			t.Fatalf("IsLine(%q) = %v, encoding/json says %v", data, got, want)
		}
		out := record.NormaliseAt(nil, data, now)
		if !isLine(out) {
			t.Fatalf("%q became %q, which is no line", data, out)
		}
		if isLine(data) && !bytes.Equal(out, data) {
			t.Fatalf("the line %q became %q", data, out)
		}
		if len(out) > 6*len(data)+128 {
			t.Fatalf("%d bytes became %d", len(data), len(out))
		}
		var before, after map[string]any
		if json.Unmarshal(data, &before) == nil && before != nil {
			if err := json.Unmarshal(out, &after); err != nil {
				t.Fatalf("%q became %q: %v", data, out, err)
			}
			b, _ := json.Marshal(before)
			a, _ := json.Marshal(after)
			if !bytes.Equal(a, b) {
				t.Fatalf("%q became %q, which means something else", data, out)
			}
		}
	})
}

func BenchmarkIsLine(b *testing.B) {
	b.SetBytes(int64(len(sample)))
	for b.Loop() {
		if !record.IsLine(sample) {
			b.Fatal("is no line")
		}
	}
}

// Of bytes alone only those of ASCII stand in a line, wherever they do.
func TestIsLineKnowsEachByte(t *testing.T) {
	for c := range 256 {
		want := c >= ' ' && c < 0x80 && c != '"' && c != '\\'
		for at := range 9 {
			text := []byte("abcdefghi")
			text[at] = byte(c)
			data := append(append([]byte(`{"msg":"`), text...), `"}`...)
			if c == '\\' && at < 8 || c == '"' {
				continue // what follows decides
			}
			if got := record.IsLine(data); got != want {
				t.Errorf("%q is a line: %v", data, got)
			}
		}
	}
}
