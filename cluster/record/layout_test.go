package record_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sluice/cluster/record"
)

// The golden files are what the bunyan command (npm package bunyan, 2.0.5,
// node 20) writes, taken in testdata with
//
//	for m in short long json; do
//		bunyan --no-color --no-pager -o $m <bunyan.log >bunyan.$m.golden
//	done
//	for m in short long; do
//		grep -v -e first -e windows bunyan.log |
//			bunyan --color --no-pager -o $m | sed 's/\x1b\[0m$//' >bunyan.$m.colour.golden
//	done
//
// The two records that the coloured ones leave out have a message of several
// lines: bunyan lets its colour run across them, Append colours each line.
func TestAppendWritesWhatBunyanWrites(t *testing.T) {
	log, err := os.ReadFile("testdata/bunyan.log")
	if err != nil {
		t.Fatal(err)
	}
	for _, layout := range []record.Layout{record.LayoutShort, record.LayoutLong, record.LayoutJSON} {
		t.Run(layout.String(), func(t *testing.T) {
			golden(t, log, layout, record.Style{}, "testdata/bunyan."+layout.String()+".golden")
		})
	}
	var oneLine []byte
	for line := range bytes.Lines(log) {
		if !bytes.Contains(line, []byte("first")) && !bytes.Contains(line, []byte("windows")) {
			oneLine = append(oneLine, line...)
		}
	}
	for _, layout := range []record.Layout{record.LayoutShort, record.LayoutLong} {
		t.Run(layout.String()+" in colour", func(t *testing.T) {
			golden(t, oneLine, layout, record.Style{Colour: true}, "testdata/bunyan."+layout.String()+".colour.golden")
		})
	}
}

func golden(t *testing.T, log []byte, layout record.Layout, style record.Style, file string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for line := range bytes.Lines(log) {
		got = record.Append(got, bytes.TrimSuffix(line, []byte("\n")), layout, style)
	}
	gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Errorf("line %d:\n got %q\nwant %q", i+1, gotLines[i], wantLines[i])
		}
	}
	if len(gotLines) != len(wantLines) {
		t.Errorf("got %d lines, want %d", len(gotLines), len(wantLines))
	}
}

const head = `{"v":0,"name":"a","hostname":"h","pid":1,"level":30,"time":"2026-01-02T03:04:05.678Z",`

func TestAppend(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	for _, tt := range []struct {
		name   string
		layout record.Layout
		style  record.Style
		in     string
		want   string
	}{
		{"local short", record.LayoutShort, record.Style{Location: berlin}, head + `"msg":"m"}`, "04:04:05.678  INFO a: m\n"},
		{"local long", record.LayoutLong, record.Style{Location: berlin}, head + `"msg":"m"}`, "[2026-01-02T04:04:05.678+01:00]  INFO: a/1 on h: m\n"},
		{"colour of several lines", record.LayoutShort, record.Style{Colour: true}, head + `"msg":"m\n\nn"}`, "03:04:05.678Z \x1b[36m INFO\x1b[39m a:\n    \x1b[36mm\x1b[39m\n    \n    \x1b[36mn\x1b[39m\n"},
		{"escape in message", record.LayoutShort, record.Style{}, head + `"msg":"\u001b]0;x\u0007\u009b1m"}`, "03:04:05.678Z  INFO a: ␛]0;x␇\\u009b1m\n"},
		{"escape everywhere", record.LayoutLong, record.Style{}, `{"v":0,"name":"\u001ba","component":"\u001bc","hostname":"\u001bh","pid":1,"level":30,"time":"2026-01-02T03:04:05.678Z","msg":"\u001bm","\u001bk":"\u001bv","o\n":{"\u001bk":"\u001bv"},"q":" \u001b","src":{"file":"\u001bf","line":1}}`, "[2026-01-02T03:04:05.678Z]  INFO: ␛a/␛c/1 on ␛h (␛f:1): ␛m (␛k=␛v, q=\" \\u001b\")\n    o\n    : {\n      \"\\u001bk\": \"\\u001bv\"\n    }\n"},
		{"forged record in a message", record.LayoutShort, record.Style{}, head + `"msg":"m\r\n03:04:05.678Z  INFO a: forged\r03:04"}`, "03:04:05.678Z  INFO a:\n    m\n    03:04:05.678Z  INFO a: forged␍03:04\n"},
		{"bidi and tags", record.LayoutShort, record.Style{}, head + `"msg":"a\u202eb\udb40\udc41"}`, "03:04:05.678Z  INFO a: a\\u202eb\\u{e0041}\n"},
		{"tab", record.LayoutShort, record.Style{}, head + `"msg":"a\tb"}`, "03:04:05.678Z  INFO a: a\tb\n"},
		{"level by name, time in milliseconds", record.LayoutShort, record.Style{}, `{"level":"WARN","time":1767323045678,"msg":"m"}`, "03:04:05.678Z  WARN: m\n"},
		{"time in seconds", record.LayoutShort, record.Style{}, `{"level":30,"time":1795865547,"msg":"m"}`, "11:32:27.000Z  INFO: m\n"},
		{"zap", record.LayoutShort, record.Style{}, `{"level":"error","ts":1767323045.678,"logger":"http","caller":"a/b.go:1","msg":"m"}`, "03:04:05.678Z ERROR http: m (caller=a/b.go:1)\n"},
		{"Python, long", record.LayoutLong, record.Style{}, `{"asctime":"2026-01-02 03:04:05,678Z","levelname":"CRITICAL","name":"app","message":"m","process":7}`, "[2026-01-02T03:04:05.678Z] FATAL: app/7 on <no-hostname>: m\n"},
		{"docker", record.LayoutShort, record.Style{}, `{"log":"{\"level\":\"warn\",\"msg\":\"m\",\"a\":1}\n","stream":"stderr","time":"2026-01-02T03:04:05.678Z"}`, "03:04:05.678Z  WARN: m (a=1, stream=stderr)\n"},
		{"a level that is not understood", record.LayoutShort, record.Style{}, `{"level":"BOOM","time":1795865547,"msg":"m"}`, `{"level":"BOOM","time":1795865547,"msg":"m"}` + "\n"},
		{"no name, long", record.LayoutLong, record.Style{}, `{"level":"WARN","time":1767323045678,"msg":"m"}`, "[2026-01-02T03:04:05.678Z]  WARN: <no-name>/0 on <no-hostname>: m\n"},
		{"no time", record.LayoutShort, record.Style{}, `{"level":30,"msg":"m"}`, "{\"level\":30,\"msg\":\"m\"}\n"},
		{"message that is none", record.LayoutLong, record.Style{}, head + `"msg":{"a":1}}`, head + `"msg":{"a":1}}` + "\n"},
		{"no JSON", record.LayoutShort, record.Style{}, "plain \x1b[1m text", "plain ␛[1m text\n"},
		{"no JSON, several lines", record.LayoutShort, record.Style{}, "one\ntwo\r\nthree\n", "one\n    two\n    three\n"},
		{"nothing", record.LayoutShort, record.Style{}, "", "\n"},
		{"raw", record.LayoutRaw, record.Style{}, `{ "a":"` + "\x7f\u202e" + `"}`, `{ "a":"` + "\x7f\u202e" + `"}` + "\n"},
		{"raw with a line break at its end", record.LayoutRaw, record.Style{}, "{}\r\n", "{}\n"},
		{"raw of several lines", record.LayoutRaw, record.Style{}, "{\n\"a\":1\n}", "{\"a\":1}\n"},
		{"raw text", record.LayoutRaw, record.Style{}, "pl\xffain", "pl\xffain\n"},
		{"raw to a terminal", record.LayoutRaw, record.Style{Terminal: true}, `{ "a":"` + "\x7f\u009b\u202e\U000e0041é\xff" + `\u001b"}`, `{ "a":"\u007f\u009b\u202e\udb40\udc41é` + "\ufffd" + `\u001b"}` + "\n"},
		{"raw text to a terminal", record.LayoutRaw, record.Style{Terminal: true}, "pl\x1bain", "pl␛ain\n"},
		{"json", record.LayoutJSON, record.Style{}, `{"a":"\u00e9\/\ud800\u001b\n` + "\u202e" + `","n":1.0e5}`, "{\n  \"a\": \"é/\\ud800\\u001b\\n\\u202e\",\n  \"n\": 1.0e5\n}\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(record.Append(nil, []byte(tt.in), tt.layout, tt.style)); got != tt.want {
				t.Errorf("got\n%q, want\n%q", got, tt.want)
			}
		})
	}
}

func TestAppendJSONOfTextIsJSON(t *testing.T) {
	out := record.Append(nil, []byte("plain"), record.LayoutJSON, record.Style{})
	var m map[string]any
	if err := json.Unmarshal(out, &m); err != nil || m["msg"] != "plain" {
		t.Errorf("got %q, %v", out, err)
	}
}

// Brackets must not become megabytes of indentation.
func TestAppendIsBounded(t *testing.T) {
	const n = 9000
	deep := head + `"msg":"m","x":` + strings.Repeat("[", n) + strings.Repeat("1,", 100_000) + "1" + strings.Repeat("]", n) + "}"
	for _, layout := range []record.Layout{record.LayoutShort, record.LayoutLong, record.LayoutJSON, record.LayoutRaw} {
		if got := len(record.Append(nil, []byte(deep), layout, record.Style{})); got > 2*len(deep) {
			t.Errorf("%s: %d bytes became %d", layout, len(deep), got)
		}
	}
	bomb := strings.Repeat("[", 1<<20)
	for _, layout := range []record.Layout{record.LayoutShort, record.LayoutLong, record.LayoutJSON, record.LayoutRaw} {
		record.Append(nil, []byte(`{"a":`+bomb), layout, record.Style{Terminal: true})
	}
}

func TestLayoutNames(t *testing.T) {
	for _, l := range []record.Layout{record.LayoutShort, record.LayoutLong, record.LayoutJSON, record.LayoutRaw} {
		if got, err := record.ParseLayout(l.String()); err != nil || got != l {
			t.Errorf("ParseLayout(%q) = %v, %v", l, got, err)
		}
	}
	if _, err := record.ParseLayout("pretty"); err == nil || !strings.Contains(err.Error(), `"pretty"`) {
		t.Errorf("ParseLayout of an unknown name: %v", err)
	}
}

func FuzzAppend(f *testing.F) {
	log, err := os.ReadFile("testdata/bunyan.log")
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(log) {
		f.Add(line)
	}
	f.Add([]byte(head + `"msg":"\u001b[1m\n\u2028","src":{"file":"\n","line":[]},"req_id":"\u009b","req":{"url":"\r\n"},"res":{"header":"\u0007"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, layout := range []record.Layout{record.LayoutShort, record.LayoutLong, record.LayoutJSON, record.LayoutRaw} {
			out := record.Append(nil, data, layout, record.Style{Terminal: true})
			body, ended := bytes.CutSuffix(out, []byte("\n"))
			if !ended {
				t.Fatalf("%s: %q does not end its line", layout, out)
			}
			for line := range strings.SplitSeq(string(body), "\n") {
				checkSafe(t, strings.ReplaceAll(line, "\t", ""))
			}
			switch layout {
			case record.LayoutJSON:
				if !json.Valid(body) {
					t.Fatalf("%q became %q, which is no JSON", data, body)
				}
			case record.LayoutRaw:
				if bytes.Contains(body, []byte("\n")) {
					t.Fatalf("raw %q has several lines", body)
				}
				if record.IsLine(data) && !sameJSON(t, data, body) {
					t.Fatalf("raw %q became %q, which means something else", data, body)
				}
			default:
				for i, line := range strings.Split(string(body), "\n") {
					if i > 0 && !strings.HasPrefix(line, "    ") {
						t.Fatalf("%s: line %d of %q is not indented", layout, i, body)
					}
				}
			}
		}
	})
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return bytes.Equal(a, b) // a number out of range, say
	}
	s1, _ := json.Marshal(x)
	s2, _ := json.Marshal(y)
	return bytes.Equal(s1, s2)
}

// checkSafe fails when s is not fit for one row of a terminal.
func checkSafe(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("%q is not UTF-8", s)
	}
	for _, r := range s {
		if r < 0x20 || (0x7f <= r && r < 0xa0) || strings.ContainsRune(
			"\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufff9\ufffa\ufffb", r) ||
			(0xe0000 <= r && r <= 0xe007f) {
			t.Fatalf("%q holds %U", s, r)
		}
	}
}
