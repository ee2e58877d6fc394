package shipper_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/record"
	"sluice/headless/shipper"
)

// textOf is a record of text.
type textOf struct {
	level record.Level
	msg   string
}

// traceFiles are the files of testdata/traces: what runtimes print, between lines
// of others. Before each record there is a line with its level.
func traceFiles(t testing.TB) (names []string, inputs []string, want [][]textOf) {
	t.Helper()
	names, err := filepath.Glob("testdata/traces/*.txt")
	if err != nil || len(names) < 100 {
		t.Fatalf("%d files: %v", len(names), err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var input strings.Builder
		var records []textOf
		for part := range strings.SplitAfterSeq(string(data), "\n") {
			if word, ok := strings.CutPrefix(part, "~~~ "); ok {
				level, err := record.ParseLevel(strings.TrimSpace(word))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				records = append(records, textOf{level: level})
				continue
			}
			input.WriteString(part)
			if n := len(records); n > 0 {
				records[n-1].msg += part
			}
		}
		for i := range records {
			records[i].msg = strings.TrimRight(records[i].msg, "\n")
		}
		inputs, want = append(inputs, input.String()), append(want, records)
	}
	return names, inputs, want
}

func texts(t testing.TB, records []string) (all []textOf) {
	t.Helper()
	for i, msg := range messages(t, records) {
		var m struct{ Level record.Level }
		if err := json.Unmarshal([]byte(records[i]), &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, textOf{m.Level, msg})
	}
	return all
}

// What the runtimes print is joined as they mean it, and has a level.
func TestTraces(t *testing.T) {
	names, inputs, want := traceFiles(t)
	for i, name := range names {
		for _, input := range []string{inputs[i], strings.TrimSuffix(inputs[i], "\n"), strings.ReplaceAll(inputs[i], "\n", "\r\n")} {
			for _, piece := range []int{1, 7, 1 << 20} {
				records, c := shipper.Records([]byte(input), piece, false)
				if got := texts(t, records); !slices.Equal(got, want[i]) {
					t.Fatalf("%s, in pieces of %d, becomes\n%+v\nwant\n%+v", name, piece, got, want[i])
				}
				if c.Lines != c.Texts+c.Joined+c.Blank {
					t.Errorf("%s: counts %+v", name, c)
				}
			}
		}
	}
}

// others are lines of other programs.
var others = []string{
	"2026-03-01T12:00:02Z INFO api other",
	"2026-03-01 12:00:02,123 ERROR [main] com.acme.Main: other",
	"12:00:02.123 [main] WARN  c.a.Main - other",
	"2026/03/01 12:00:02 [error] 7#7: *1 other, client: 10.0.0.1",
	"[2026-03-01 12:00:02] production.INFO: other",
	"[info] other",
	"INFO:root:other",
	"WARN other",
	"I0301 12:00:02.123456       1 main.go:7] other",
	"level=info msg=other",
	"Mar  1 12:00:02 vm-1 cron[7]: other",
	"10.0.0.1 - - [01/Mar/2026:12:00:02 +0000] \"GET / HTTP/1.1\" 200 7",
	"<6>other",
}

// A line behind a trace is a record of its own, whatever the logger and even if it
// has no head at all.
func TestTracesEnd(t *testing.T) {
	names, inputs, want := traceFiles(t)
	for i, name := range names {
		// The last record is an ordinary line.
		n := len(want[i]) - 1
		traces := strings.TrimSuffix(inputs[i], want[i][n].msg+"\n")
		for _, line := range append([]string{"words of somebody else", "done."}, others...) {
			records, _ := shipper.Records([]byte(traces+line+"\nnext\n"), 1<<20, false)
			got := messages(t, records)
			if len(got) != n+2 || got[n-1] != want[i][n-1].msg || got[n] != line || got[n+1] != "next" {
				t.Errorf("%s: before %q stands %q", name, line, got)
			}
		}
	}
}

// A line that a logger wrote between any two of a trace is no part of it.
func TestTracesInterrupted(t *testing.T) {
	names, inputs, _ := traceFiles(t)
	for i, name := range names {
		lines := strings.Split(strings.TrimSuffix(inputs[i], "\n"), "\n")
		for at := range lines {
			line := others[(i+at)%len(others)]
			input := strings.Join(slices.Insert(slices.Clone(lines), at, line), "\n")
			records, _ := shipper.Records([]byte(input), 1<<20, false)
			if got := messages(t, records); !slices.ContainsFunc(got, func(msg string) bool { return msg == line || strings.HasPrefix(msg, line+"\n") }) {
				t.Errorf("%s, %q before line %d is joined to what stands before it:\n%q", name, line, at+1, got)
			}
		}
	}
}

// Lines that only look like the beginning of a trace are records of their own, and
// keep what is indented behind them.
func TestNoTraces(t *testing.T) {
	for _, want := range [][]string{
		{"panic: none", "l2", "l3", "l4", "l5", "l6", "l7", "l8", "l9", "l10", "l11", "l12"},
		{"goroutine pools are full", "main.main", "main.go:7", "done"},
		{"/app/x.js:3\n  detail", "next"},
		{"/app/x.js:3", "x = 1", "next"},
		{"main.main\n  detail", "second.line", "third.line"},
		{"Error: no", "one", "two"},
		{"Error: no", "one", "Error: again\n    at f (/app/x.js:1:2)"},
		{"text", "  indented behind a blank line"},
		{"Caused by chance", "at noon (12:00)", "#1 is first", "... more"},
		{"Process finished:\n  detail", "Exception in thread pools:", "x"},
		{"==================\n  x", "heading", "=================="},
		{"a.rb:5:in `f': bad (A)\n\tfrom a.rb:7:in `<main>'", "a.rb:5:in `f': bad (A)\n\tfrom a.rb:7:in `<main>'"},
		{"Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nValueError: x", "one", "two"},
		{"panic: x", "one", "two\n  detail"},
		{"java.io.IOException: closed", "one", "two\n  detail"},
		{"a.rb:5:in `f': bad (A)", "one", "two\n  detail"},
		{"thread 'main' panicked at a.rs:1:2:\nx", "one", "two\n  detail"},
		{"** (RuntimeError) bad", "one", "two\n  detail"},
		{"=ERROR REPORT==== 29-Nov-2026::12:08:03.663524 ===\nbad", "one", "two\n  detail"},
		{"lua: a.lua:1: bad", "one", "two\n  detail"},
		{"2026-03-01 12:00:00 INFO app: x", "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nValueError: x"},
		{"2026-03-01 12:00:00 WARN app: x", "java.io.IOException: closed\n\tat a.B.c(B.java:1)"},
		{"2026-03-01 12:00:00 ERROR app: x", "java.io.IOException: closed", "one\n  detail"},
		{"2026-03-01 12:00:00 ERROR app: x", "com.acme.Main: starting", "one\n  detail"},
		{"Raised at noon", "Called from home", "Parameter name: x"},
		{"** (", "note: x", "stack backtrace:", "Registers:"},
	} {
		input := strings.Join(want, "\n")
		if want[0] == "text" {
			input = strings.Join(want, "\n\n")
		}
		records, _ := shipper.Records([]byte(input), 1<<20, false)
		if got := messages(t, records); !slices.Equal(got, want) {
			t.Errorf("%q becomes\n%q", want, got)
		}
	}
}

// A trace above the limit goes on in the next record, which says so and has its
// level and time.
func TestLongTrace(t *testing.T) {
	input := "2026-03-01T12:00:00Z app failed\n" + strings.Repeat("github.com/x/y.(*T).f\n\t/src/y/t.go:7\n", 20_000)
	input = "Exception in thread \"main\" java.lang.StackOverflowError\n" + strings.Repeat("\tat com.acme.Main.f(Main.java:7)\n", 20_000) + input
	records, c := shipper.Records([]byte(input), 100_000, false)
	var got strings.Builder
	part, parts := int64(0), []int64{}
	for i, r := range records {
		var m struct {
			Level record.Level
			Time  string
			Msg   string
			Part  int64
		}
		if err := json.Unmarshal([]byte(r), &m); err != nil {
			t.Fatal(err)
		}
		java := strings.Contains(m.Msg, "acme")
		if java && m.Level != record.Error || !java && m.Time != "2026-03-01T12:00:00.000Z" {
			t.Errorf("record %d: level %v, time %s", i, m.Level, m.Time)
		}
		if m.Part == 1 {
			part = 0
		}
		if part++; m.Part != part {
			t.Errorf("record %d is part %d, want %d", i, m.Part, part)
		}
		parts = append(parts, m.Part)
		got.WriteString(m.Msg + "\n")
	}
	if got.String() != input {
		t.Error("the parts are not what came")
	}
	if last := len(parts) - 2; last < 1 || c.Continued != uint64(last) || c.Texts != uint64(len(records)) {
		t.Errorf("parts %v, counts %+v", parts, c)
	}
}

// A record has the time at which its first line came, or that of the lines with which it
// waited.
func TestTimesOfWhatWaited(t *testing.T) {
	records := shipper.EachSecond([]string{"panic: x", "one", "two", `{"msg":"three"}`, "", "four", "main.f", "five"})
	want := []string{"panic: x 0", "one 1", "two 1", "three 3", "four 5", "main.f 6", "five 7"}
	var got []string
	for i, msg := range messages(t, records) {
		var m struct{ Time time.Time }
		if err := json.Unmarshal([]byte(records[i]), &m); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(msg, " ", m.Time.Second()))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whatever waits is not published: who goes on behind what is, neither loses nor
// repeats a line.
func TestTracesResumed(t *testing.T) {
	names, inputs, _ := traceFiles(t)
	for i, name := range names {
		for end, c := range []byte(inputs[i]) {
			if c != '\n' {
				continue
			}
			input := []byte(inputs[i][:end+1])
			records, held := shipper.Unfinished(input)
			if held < 0 || held > int64(len(input)) {
				t.Fatalf("%s: %d of %d bytes are held", name, held, len(input))
			}
			if want, _ := shipper.Records(input[:int64(len(input))-held], 1<<20, false); !slices.Equal(records, want) {
				t.Errorf("%s, at %d: %d bytes are held, and published is\n%q\nwant\n%q", name, end+1, held, records, want)
			}
		}
	}
}

// With something before each line there is no telling what it is: each is a record.
func TestTracesPrefixed(t *testing.T) {
	names, inputs, _ := traceFiles(t)
	for i, name := range names {
		for _, prefix := range []string{
			"app-1  | ", "[pod/app-7f9/app] ", "2026-03-01T12:00:00.123456789Z ", "2026-03-01T12:00:00.123456789Z stderr F ", "Mar  1 12:00:00 vm-1 app[7]: ",
		} {
			lines := strings.Split(strings.TrimSuffix(inputs[i], "\n"), "\n")
			for n := range lines {
				lines[n] = prefix + lines[n]
			}
			records, _ := shipper.Records([]byte(strings.Join(lines, "\n")), 1<<20, false)
			if got := messages(t, records); !slices.Equal(got, lines) {
				t.Errorf("%s, behind %q: %q", name, prefix, got)
			}
		}
	}
}
