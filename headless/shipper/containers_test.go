package shipper_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/record"
	"sluice/headless/shipper"
)

const stamp = "2026-01-01T00:00:00.123456789Z "

// told is time, stream and msg of records.
func told(t *testing.T, records []string) (all []string) {
	t.Helper()
	for _, rec := range records {
		r := record.Parse([]byte(rec))
		stream := "none"
		for _, f := range r.Fields {
			if f.Key == "stream" {
				stream = string(f.Value)
			}
		}
		all = append(all, fmt.Sprintf("%s %s %s", r.Time.Format("05.000"), stream, r.Msg))
	}
	return all
}

func TestContainerLines(t *testing.T) {
	for _, tt := range []struct {
		name, input string
		format      shipper.Format
		want        []string
	}{
		{"whole lines", stamp + "stdout F one\n" + stamp + "stderr F two\n", shipper.Auto, []string{`00.123 "stdout" one`, `00.123 "stderr" two`}},
		{
			"pieces, with those of the other stream between", stamp + "stdout P a\n" + stamp + "stderr P x\n" + stamp + "stdout P b\n" + stamp + "stderr F y\n" + stamp + "stdout F c\n",
			shipper.CRI,
			[]string{`00.123 "stderr" xy`, `00.123 "stdout" abc`},
		},
		{
			"a trace in each stream at once", stamp + "stdout F panic: one\n" + stamp + "stderr F panic: two\n" + stamp + "stdout F goroutine 1 [running]:\n" + stamp + "stderr F goroutine 2 [running]:\n",
			shipper.Auto,
			[]string{"00.123 \"stdout\" panic: one\ngoroutine 1 [running]:", "00.123 \"stderr\" panic: two\ngoroutine 2 [running]:"},
		},
		{"a time of its own", stamp + `stdout F {"time":"2026-01-01T00:00:09Z","msg":"own"}` + "\n", shipper.Auto, []string{`09.000 "stdout" own`}},
		{"a stream of its own", stamp + `stdout F {"stream":"mine","msg":"own"}` + "\n", shipper.Auto, []string{`00.123 "mine" own`}},
		{
			"docker", `{"log":"a","stream":"stdout","time":"2026-01-01T00:00:01Z"}` + "\n" + `{"log":"b\n","stream":"stdout","time":"2026-01-01T00:00:02Z"}` + "\n",
			shipper.Auto,
			[]string{`02.000 "stdout" ab`},
		},
		{"docker's object of an object", `{"log":"{\"msg\":\"m\",\"level\":\"warn\"}\n","stream":"stderr","time":"2026-01-01T00:00:01Z"}` + "\n", shipper.Auto, []string{`01.000 "stderr" m`}},
		{"told to be plain", stamp + "stdout F one\n", shipper.Plain, []string{`00.123 none ` + stamp + "stdout F one"}},
		{"what is none among them", stamp + "stdout P a\nbroken\n" + stamp + "stdout F b\n", shipper.Auto, []string{`00.123 "stdout" a`, `00.000 "stdout" broken`, `00.123 "stdout" b`}},
		{"pieces whose rest does not come", stamp + "stderr P a\n" + stamp + "stderr P b\n", shipper.Auto, []string{`00.123 "stderr" ab`}},
	} {
		records, held := shipper.Printed([]byte(tt.input), tt.format, true)
		got := told(t, records)
		slices.Sort(got)
		slices.Sort(tt.want)
		if !slices.Equal(got, tt.want) || held != 0 {
			t.Errorf("%s: %q, %d bytes held, expected %q", tt.name, got, held, tt.want)
		}
	}
}

// What is not in a record yet is known by where its first piece stands, so that a
// restart reads it again, and nothing before it.
func TestContainerLinesHeld(t *testing.T) {
	whole := stamp + "stdout F " + `{"msg":"whole"}` + "\n"
	piece := stamp + "stderr P piece\n"
	for _, tt := range []struct{ before, behind string }{
		{whole, ""},
		{whole, piece},
		{whole, piece + whole},
		{whole, piece + whole + piece},
		{whole + piece + stamp + `stderr F "}` + "\n" + whole, piece},
		{whole, stamp + "stdout F panic: it waits\n" + stamp + "stderr F " + `{"msg":"whole"}` + "\n"},
		{whole + stamp + "stdout F panic: done\n" + whole, stamp + "stdout F panic: it waits\n" + stamp + "stdout F goroutine 1 [running]:\n"},
	} {
		tail := tt.behind
		if strings.Contains(tt.before, `"}`+"\n"+whole) { // text that waits, until the next line of its stream
			tail = strings.TrimPrefix(tt.before, whole) + tail
		}
		if _, held := shipper.Printed([]byte(tt.before+tt.behind), shipper.CRI, false); held != int64(len(tail)) {
			t.Errorf("%q and %q: %d bytes are held, expected %d", tt.before, tt.behind, held, len(tail))
		}
	}
}

// A line in many pieces is cut at the bound, and how much is missing is said.
func TestContainerLineTooLong(t *testing.T) {
	piece := stamp + "stdout P " + strings.Repeat("x", 16<<10) + "\n"
	records, held := shipper.Printed([]byte(strings.Repeat(piece, 40)+stamp+"stdout F end\n"), shipper.Auto, true)
	if len(records) != 1 || held != 0 {
		t.Fatalf("%d records, %d bytes held", len(records), held)
	}
	r := record.Parse([]byte(records[0]))
	var cut int
	for _, f := range r.Fields {
		if f.Key == "cut" {
			_, _ = fmt.Sscan(string(f.Value), &cut)
		}
	}
	if want := 40*(16<<10) + 3; len(r.Msg)+cut != want || cut == 0 {
		t.Errorf("%d bytes, and %d cut: expected %d", len(r.Msg), cut, want)
	}
}
