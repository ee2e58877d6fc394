package record_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sluice/cluster/record"
)

// What Sluice writes itself is known by its end; a record with that field is found
// however the name is written, and has another one then.
func TestNoticeKey(t *testing.T) {
	now := time.Unix(1, 0)
	for _, about := range []string{record.NoticeDropped, record.NoticeAway} {
		line := record.AppendNotice(nil, now, record.Warn, "told", "n", 1, record.NoticeKey, about)
		if !record.IsNotice(line) || record.IsLoss(line) != (about == record.NoticeDropped) {
			t.Errorf("%s is no notice", line)
		}
		renamed := record.AppendRenamed(nil, line)
		if record.IsNotice(renamed) || !strings.HasSuffix(string(renamed), `"n":1,"sluice_":"`+about+`"}`) {
			t.Errorf("it becomes %s", renamed)
		}
	}
	for data, want := range map[string]bool{
		`{"sluice":1}`:                     true,
		`{"a":"sluice", "sluice" : 2}`:     true,
		`{"sl\u0075ice":1}`:                true,
		`{"\u0073luice":1}`:                true,
		`{"sluic\u0065":1}`:                true,
		`{"Sluice":1,"sluices":2}`:         false,
		`{"a":{"sluice":1},"b":"\u0075"}`:  false,
		`{"a":"sluice","uuu":"\\"sluice"}`: false, // no JSON
		`{"sluice":1`:                      false,
		`"sluice"`:                         false,
		`u`:                                false,
		`lu`:                               false,
		``:                                 false,
	} {
		if record.HasNoticeKey([]byte(data)) != want {
			t.Errorf("%s: want %v", data, want)
		}
	}
}

// Whatever a record holds, it has no such field when it was renamed, and is found if it
// had.
func FuzzNoticeKey(f *testing.F) {
	f.Add(`{"sluice":1}`)
	f.Add(`{"\u0073luice":{"a":[1,"}"]},"b":"sluice"}`)
	f.Fuzz(func(t *testing.T, s string) {
		var before, after map[string]json.RawMessage
		if json.Unmarshal([]byte(s), &before) != nil || before == nil {
			return
		}
		if _, want := before[record.NoticeKey]; record.HasNoticeKey([]byte(s)) != want {
			t.Fatalf("%q: want %v", s, want)
		}
		renamed := record.AppendRenamed(nil, []byte(s))
		if err := json.Unmarshal(renamed, &after); err != nil {
			t.Fatalf("%q becomes %q: %v", s, renamed, err)
		}
		if _, has := after[record.NoticeKey]; has || record.IsNotice(renamed) {
			t.Errorf("%q becomes %q", s, renamed)
		}
	})
}

// A mark of a stream is read back, whatever its name, and no record is one by chance.
func TestStreamMark(t *testing.T) {
	length := 0
	for _, at := range []time.Time{time.Unix(0, 0), time.Date(2026, 12, 31, 23, 59, 59, 999e6, time.Local)} {
		for _, name := range []string{"tenant/acme", `a"b\c`, "会 +", "\u202e"} {
			line := record.AppendStreamMark(nil, at, name)
			if got, ok := record.ParseStreamMark(line); !ok || got != name || !record.IsNotice(line) || !json.Valid(line) {
				t.Errorf("%s is %q, %v", line, got, ok)
			}
			if name == "tenant/acme" {
				if length != 0 && len(line) != length {
					t.Errorf("it has %d bytes, and %d before", len(line), length)
				}
				length = len(line)
			}
		}
	}
	for _, line := range []string{``, `{"sluice":"stream"}`, `{"stream":1,"sluice":"stream"}`, `{"stream":"s","sluice":"stream"} `, `x{"stream":"s","sluice":"stream"}`} {
		if got, ok := record.ParseStreamMark([]byte(line)); ok {
			t.Errorf("%s is a mark of %q", line, got)
		}
	}
}
