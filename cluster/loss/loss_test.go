package loss_test

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"sluice/cluster/loss"
)

var (
	noon  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	slow  = loss.Loss{Stream: "tenant/acme", Source: "vm-1", Hop: loss.AtConsolidator, Reason: loss.TooSlow, Count: 1203}
	away  = loss.Loss{Stream: "s", Source: "vm-1", Hop: loss.AtNetwork, Reason: loss.Away, Count: 1}
	ended = loss.Loss{Stream: "s", Source: "vm-1", Hop: loss.AtConsolidator, Reason: loss.Restarted, Count: 5, Unknown: true, After: loss.Position{Epoch: 36, Seq: 5}}
	proxy = loss.Loss{Stream: "s", Hop: loss.AtProxy, Reason: loss.TooLate, Unknown: true}
	evil  = loss.Loss{Stream: "s\u202e", Source: "vm\x1b[2J", Hop: "x\n", Reason: "<y>\u2028\u0085\"", Count: 2}
)

func whole(s string) string { return s }

func TestWords(t *testing.T) {
	for _, tt := range []struct {
		loss        loss.Loss
		text, brief string
	}{
		{slow, "1,203 records of tenant/acme lost at the consolidator vm-1: reader too slow", "1,203 records lost at vm-1 (consolidator): reader too slow"},
		{away, "1 record of s lost on the way from vm-1: disconnected for too long", "1 record lost at vm-1 (network): disconnected for too long"},
		{
			ended, "5 records and an unknown number more of s lost at the consolidator vm-1: consolidator restarted",
			"5 records lost, and an unknown number more at vm-1 (consolidator): consolidator restarted",
		},
		{proxy, "an unknown number of records of s lost at the proxy: asked for too late", "an unknown number of records lost at proxy: asked for too late"},
		{loss.Loss{Stream: "s", Count: 2}, "2 records of s lost", "2 records lost"},
		{loss.Loss{Stream: "s", Source: "vm-1", Count: 2}, "2 records of s lost", "2 records lost at vm-1"},
		{evil, "2 records of s\\u202e lost at the x␊ vm␛[2J: <y>\\u2028\\u0085\"", "2 records lost at vm␛[2J (x␊): <y>\\u2028\\u0085\""},
	} {
		if got := tt.loss.Text(); got != tt.text {
			t.Errorf("text %q, want %q", got, tt.text)
		}
		if got := string(tt.loss.AppendBrief([]byte("- "), whole)); got != "- "+tt.brief {
			t.Errorf("brief %q, want %q", got, tt.brief)
		}
	}
}

// A number that is not known never reads as 0.
func TestSums(t *testing.T) {
	for _, tt := range []struct {
		count                  uint64
		unknown                bool
		number, summary, field string
	}{
		{0, false, "0", "0 dropped", "0"},
		{1203, false, "1,203", "1,203 dropped", "1203"},
		{0, true, "unknown", "dropped: unknown", "unknown"},
		{1203, true, "1,203 + unknown", "dropped: 1,203 + unknown", "1203+unknown"},
	} {
		number, summary, field := loss.Number(tt.count, tt.unknown), loss.Summary(tt.count, tt.unknown, "dropped"), loss.Field(tt.count, tt.unknown)
		if number != tt.number || summary != tt.summary || field != tt.field {
			t.Errorf("%d, %t is %q, %q, %q, want %q, %q, %q", tt.count, tt.unknown, number, summary, field, tt.number, tt.summary, tt.field)
		}
	}
}

// here takes out of a record what differs from machine to machine.
func here(record []byte) string {
	return regexp.MustCompile(`"hostname":"[^"]*","pid":\d+`).ReplaceAllString(string(record), `"hostname":"h","pid":7`)
}

func TestRecords(t *testing.T) {
	event := loss.Event{Loss: slow, Total: 1300, Since: noon}
	own := loss.Event{Loss: proxy, Total: 3, Since: noon}
	both := loss.Event{Loss: ended, Total: 6, Since: noon}
	for _, tt := range []struct {
		got  []byte
		want string
		back loss.Loss
	}{
		{
			slow.AppendRecord(nil, noon),
			`{"v":0,"name":"sluice","hostname":"h","pid":7,"level":40,"time":"2026-03-01T12:00:00.000Z",` +
				`"msg":"1,203 records of tenant/acme lost at the consolidator vm-1: reader too slow","stream":"tenant/acme",` +
				`"dropped":1203,"unknown":false,"source":"vm-1","hop":"consolidator","cause":"reader too slow","sluice":"dropped"}`,
			slow,
		},
		{
			loss.AppendInBand(nil, noon, 1203, loss.TooSlow),
			`{"v":0,"name":"sluice","hostname":"h","pid":7,"level":40,"time":"2026-03-01T12:00:00.000Z",` +
				`"msg":"1203 records dropped: reader too slow","dropped":1203}`,
			loss.Loss{}, // among records nothing is believed
		},
		{
			loss.AppendInBand(nil, noon, 1, loss.TooLarge),
			`{"v":0,"name":"sluice","hostname":"h","pid":7,"level":40,"time":"2026-03-01T12:00:00.000Z",` +
				`"msg":"1 record dropped: larger than 256 KiB","dropped":1}`,
			loss.Loss{},
		},
		{
			event.AppendText(nil, noon),
			`{"v":0,"name":"sluice","hostname":"h","pid":7,"level":40,"time":"2026-03-01T12:00:00.000Z",` +
				`"msg":"1203 records dropped: reader too slow","dropped":1203,"unknown":false,"total":1300,` +
				`"since":"2026-03-01T12:00:00.000Z","stream":"tenant/acme","hop":"consolidator","reason":"reader too slow","consolidator":"vm-1","sluice":"dropped"}`,
			slow,
		},
		{
			own.AppendText(nil, noon),
			`{"v":0,"name":"sluice","hostname":"h","pid":7,"level":40,"time":"2026-03-01T12:00:00.000Z",` +
				`"msg":"an unknown number of records dropped: asked for too late","dropped":0,"unknown":true,"total":3,` +
				`"since":"2026-03-01T12:00:00.000Z","stream":"s","hop":"proxy","reason":"asked for too late","sluice":"dropped"}`,
			proxy,
		},
		{
			both.AppendText(nil, noon),
			`{"v":0,"name":"sluice","hostname":"h","pid":7,"level":40,"time":"2026-03-01T12:00:00.000Z",` +
				`"msg":"5 records dropped, and an unknown number: consolidator restarted","dropped":5,"unknown":true,"total":6,` +
				`"since":"2026-03-01T12:00:00.000Z","stream":"s","hop":"consolidator","reason":"consolidator restarted","consolidator":"vm-1","sluice":"dropped"}`,
			loss.Loss{Stream: "s", Source: "vm-1", Hop: loss.AtConsolidator, Reason: loss.Restarted, Count: 5, Unknown: true},
		},
	} {
		if got := here(tt.got); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
		if back, ok := loss.ParseRecord(tt.got); ok != (tt.back != loss.Loss{}) || back != tt.back {
			t.Errorf("%s\nreads back as %+v, %t, want %+v", tt.got, back, ok, tt.back)
		}
	}
	if back, ok := loss.ParseRecord(evil.AppendRecord(nil, noon)); !ok || back != evil {
		t.Errorf("a hostile loss reads back as %+v, %t", back, ok)
	}
	for _, other := range []string{
		`{"name":"sluice","msg":"dropped"}`, `{"name":"sluice","dropped":3}`, `{"dropped":3,"sluice":"away"}`, `{"sluice":"dropped","dropped":3}`,
		`{"dropped":3,"x":{"a":1,"sluice":"dropped"}}`, `{"dropped":3,"x":"y,\"sluice\":\"dropped\"}"}`, `x{"dropped":3,"sluice":"dropped"}`, `{"dropped":3,"sluice":"dropped"}}`, `{"dropped":3, "sluice":"dropped"} `,
		`{"x":{"dropped":3},"sluice":"dropped"}`, `{"name":"app","dropped":3}`, `"sluice" "dropped"`, `{"name":"sluice","x":{"dropped":3}}`, ``,
	} {
		if l, ok := loss.ParseRecord([]byte(other)); ok {
			t.Errorf("%s is taken for %+v", other, l)
		}
	}
	if l, ok := loss.ParseRecord([]byte(`{"name":"sluice","dropped":"many","msg":"m","sluice":"dropped"}`)); !ok || !l.Unknown || l.Count != 0 {
		t.Errorf("a loss without a number is %+v, %t", l, ok)
	}
}

func TestEvents(t *testing.T) {
	for _, tt := range []struct {
		event loss.Event
		want  string
	}{
		{
			loss.Event{Loss: slow, Total: 1300, Since: noon},
			`{"stream":"tenant/acme","count":1203,"total":1300,"since":"2026-03-01T12:00:00.000Z","hop":"consolidator","reason":"reader too slow","consolidator":"vm-1"}`,
		},
		{
			loss.Event{Loss: ended, Total: 5, Since: noon},
			`{"stream":"s","count":5,"total":5,"since":"2026-03-01T12:00:00.000Z","hop":"consolidator","reason":"consolidator restarted","unknown":true,` +
				`"consolidator":"vm-1","epoch":"10","next":5}`,
		},
		{
			loss.Event{Loss: proxy, Since: noon, Positions: "vm-1:a:b"},
			`{"stream":"s","count":0,"total":0,"since":"2026-03-01T12:00:00.000Z","hop":"proxy","reason":"asked for too late","unknown":true,"positions":"vm-1:a:b"}`,
		},
		{
			loss.Event{Loss: evil, Since: noon},
			"{\"stream\":\"s\u202e\",\"count\":2,\"total\":0,\"since\":\"2026-03-01T12:00:00.000Z\",\"hop\":\"x\\n\",\"reason\":\"\\u003cy\\u003e\\u2028\\u0085\\\"\",\"consolidator\":\"vm\\u001b[2J\"}",
		},
	} {
		got := tt.event.AppendJSON(nil)
		if string(got) != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
		if back, err := loss.ParseEvent(got); err != nil || back != tt.event {
			t.Errorf("%s\nreads back as %+v, %v, want %+v", got, back, err, tt.event)
		}
	}
}

// Whatever a peer or a file holds is a loss or is not one; what is one can be
// written and read again.
func FuzzParse(f *testing.F) {
	f.Add(slow.AppendRecord(nil, noon))
	f.Add(loss.AppendInBand(nil, noon, 3, loss.TooLarge))
	for _, l := range []loss.Loss{slow, ended, proxy, evil} {
		e := loss.Event{Loss: l, Total: 9, Since: noon}
		f.Add(e.AppendJSON(nil))
		f.Add(e.AppendText(nil, noon))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if l, ok := loss.ParseRecord(data); ok {
			written := l.AppendRecord(nil, noon)
			if !json.Valid(written) {
				t.Fatalf("%q is written as %q", data, written)
			}
			if l.Reason == "" {
				return // the message takes its place
			}
			again, ok := loss.ParseRecord(written)
			if !ok || again != l {
				t.Fatalf("%+v reads back as %+v, %t", l, again, ok)
			}
		}
		if e, err := loss.ParseEvent(data); err == nil {
			again, err := loss.ParseEvent(e.AppendJSON(nil))
			// Years before 0 or after 9999 have no form.
			if e.Since = e.Since.Truncate(time.Millisecond); err != nil || again.Loss != e.Loss || again.Total != e.Total {
				t.Fatalf("%+v reads back as %+v, %v", e, again, err)
			}
		}
	})
}
