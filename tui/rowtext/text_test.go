package rowtext_test

import (
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

func TestOf(t *testing.T) {
	for data, want := range map[string]string{
		`{"msg":"done","tenant":"acme","n":1}`: "done  tenant=acme  n=1",
		`{"msg":"a\nb\tc"}`:                    "a ⏎ b  c",
		`{"msg":"GET /a 200 5ms","req":{"method":"GET","url":"/a"},"res":{"statusCode":200}}`:        "GET /a 200 5ms",
		`{"msg":"x","req":{"method":"GET","url":"/a"},"res":{"statusCode":500}}`:                     "x  GET /a  → 500",
		`{"msg":"x","k":1,"err":{"name":"Error","message":"boom"}}`:                                  "x  err=Error: boom  k=1",
		`{"msg":"👩‍👩","s":"a b"}`:                                                                    "👩👩  s=\"a b\"",
		`{"ts":1772366400.5,"level":"error","logger":"http","message":"boom","error":"e","n":1}`:     "boom  error=e  n=1",
		`{"log":"{\"msg\":\"boom\",\"n\":1}\n","stream":"stderr","time":"2026-03-01T12:00:00.000Z"}`: "boom  n=1  stream=stderr",
		`no json`: "no json",
	} {
		if got := rowtext.Of(&rows.Entry{}, []byte(data), rowtext.OnScreen).Body; got != want {
			t.Errorf("%s says %q, want %q", data, got, want)
		}
	}
	text := rowtext.Of(&rows.Entry{Level: 50}, []byte(`{"name":"web","component":"db","msg":"`+strings.Repeat("x", 100)+`"}`), 10)
	if text.Label != "web/db" || text.Short != "db" || text.Level != 50 || text.Body != strings.Repeat("x", 10)+"…" {
		t.Errorf("the text is %+v", text)
	}
	if end := text.Spans[len(text.Spans)-1].End; end != len(text.Body) {
		t.Errorf("the spans end at %d of %d", end, len(text.Body))
	}
}

func TestNotices(t *testing.T) {
	for want, n := range map[string]*stream.Notice{
		"1,284 records lost at vm-1 (consolidator): too slow": {Count: 1284, Source: "vm-1", Hop: "consolidator", Reason: "too slow"},
		"1 record lost at proxy":                              {Count: 1, Hop: "proxy"},
		"an unknown number of records lost":                   {Unknown: true},
		"5 records lost, and an unknown number more at vm-2":  {Unknown: true, Count: 5, Source: "vm-2"},
	} {
		if got := string(rowtext.AppendGap(nil, n)); got != want {
			t.Errorf("a gap says %q, want %q", got, want)
		}
	}
	lost := &stream.Notice{Source: "vm-1", State: stream.StateLost, Err: "connection\x1b refused", Time: time.Now()}
	if got, want := string(rowtext.AppendState(nil, lost)), "vm-1 lost: connection"; !strings.HasPrefix(got, want) || strings.ContainsRune(got, 0x1b) {
		t.Errorf("a lost source says %q", got)
	}
	if got, want := string(rowtext.AppendState(nil, &stream.Notice{Source: "vm-1", State: stream.StateLive})), "vm-1 is back"; got != want {
		t.Errorf("a source says %q, want %q", got, want)
	}
}
