package rowtext_test

import (
	"testing"

	"sluice/cluster/record"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// A row's text is the same in whichever way it is made.
func FuzzQuickText(f *testing.F) {
	f.Add([]byte(`{"v":0,"name":"a","component":"c","hostname":"h","pid":1,"level":30,"time":"2026-03-04T12:00:00.000Z","msg":"m n","k":"v","e":"","b":"x y","q":"a=b","n":1.5,"o":{"p":[1, 2]}}`))
	f.Add([]byte(`{"msg":"a","msg":"b"}`))
	f.Add([]byte(`{"level":"info","pid":-1,"time":0,"name":null}`))
	f.Add([]byte(`{"time":"2026-03-04T12:00:00.000Z","time":"x","level":30,"level":1e2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e := entryOf(data)
		text, body, ok := rowtext.Quick(nil, e, data)
		if !ok {
			return
		}
		usual := rowtext.Of(e, data, rowtext.InSearch)
		if string(text[:body]) != usual.Body || string(text[body:]) != usual.Label {
			t.Fatalf("%q says %q and %q, and the quick way %q and %q", data, usual.Body, usual.Label, text[:body], text[body:])
		}
	})
}

func entryOf(data []byte) *rows.Entry {
	head := record.Peek(data)
	return &rows.Entry{Time: head.Time, Own: head.Time != 0, Foreign: head.Foreign, Level: int16(min(int(head.Level), 1<<15-1))}
}

func TestMostRecordsHaveAQuickText(t *testing.T) {
	data := []byte(`{"v":0,"name":"webtask","hostname":"vm-1","pid":4711,"level":30,"time":"2026-03-04T12:00:00.000Z","msg":"request 7 completed","tenant":"acme","status":200,"ms":12}`)
	e := entryOf(data)
	var buf []byte
	if n := testing.AllocsPerRun(100, func() {
		text, body, ok := rowtext.Quick(buf[:0], e, data)
		if buf = text; !ok || string(text[:body]) != "request 7 completed  tenant=acme  status=200  ms=12" || string(text[body:]) != "webtask" {
			t.Fatalf("the usual record says %q", text)
		}
	}); n != 0 {
		t.Errorf("a quick text allocates %v times", n)
	}
}
