package shipper_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/record"
	"sluice/cluster/zmtp"
	"sluice/headless/shipper"
	"sluice/headless/unpack"
)

// messages are the msg of each record.
func messages(t testing.TB, records []string) (all []string) {
	t.Helper()
	for _, r := range records {
		var m struct{ Msg string }
		if !record.IsLine([]byte(r)) || len(r) > zmtp.MaxRecord {
			t.Fatalf("no record: %.300q of %d bytes", r, len(r))
		}
		if err := json.Unmarshal([]byte(r), &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m.Msg)
	}
	return all
}

// Each case is what becomes one record; together they are what was logged.
func TestJoins(t *testing.T) {
	for name, want := range map[string][]string{
		"plain": {"one", "two", "at noon", "Caused by chance", "... more"},
		"java": {
			"12:00 ERROR boom\njava.lang.IllegalStateException: x\n\tat a.B.c(B.java:1)\nat stripped.of.Indent(B.java:2)\n\tSuppressed: y\nSuppressed: z\nCaused by: java.io.IOException\n\t... 12 more\n... 3 common frames omitted",
			"next",
		},
		"node": {
			"}",
			"Error: no\n    at f (/app/x.js:1:2) {\n  code: 'ENOENT'\n}",
		},
		"dotnet": {"Unhandled exception. System.Exception: x\n   at P.M() in P.cs:line 3\n--- End of stack trace from previous location ---\n   at Q.N()"},
		"python": {
			"ERROR:root:failed\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\n    f()\n    ^^^\nKeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"b.py\", line 2\nValueError: y",
			"INFO:root:on",
			"Traceback (most recent call last):\n  File \"c.py\"\nE: z\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File \"d.py\"\nF",
		},
		"go": {
			"starting",
			"panic: runtime error: index out of range [5] with length 3\n\tpanic: again\n[signal SIGSEGV: segmentation violation code=0x1]\n\ngoroutine 1 [running]:\nmain.(*T).f(0xc000012345, {0x1, 0x2})\n\t/src/main.go:7 +0x1d\nmain.main()\n\t/src/main.go:3\n\ngoroutine 7 [chan receive, 2 minutes]:\nmain.g(...)\n\t/src/main.go:9\ncreated by main.main in goroutine 1\n\t/src/main.go:2\nexit status 2",
			"starting again (really)",
			"fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select (no cases)]:\nmain.main()\n\t/x.go:1",
			"between",
			"goroutine 5 [running]:\nmain.main()\n\t/x.go:1 +0x1\n\nrax    0x0\nrip    0x45d0a1",
			"done",
		},
		"text, json": {"a\n b", "[1,2]\n  3"},
	} {
		input := strings.Join(want, "\n")
		for _, piece := range []int{1, 7, 1 << 20} {
			records, c := shipper.Records([]byte(input), piece, false)
			if got := messages(t, records); !slices.Equal(got, want) {
				t.Errorf("%s, in pieces of %d: %q\nwant %q", name, piece, got, want)
			}
			if c.Lines != c.Texts+c.Joined || c.Lines != uint64(1+strings.Count(input, "\n")) {
				t.Errorf("%s: counts %+v", name, c)
			}
		}
		lines := slices.DeleteFunc(strings.Split(input, "\n"), func(s string) bool { return s == "" })
		if records, _ := shipper.Records([]byte(input), 1<<20, true); !slices.Equal(messages(t, records), lines) {
			t.Errorf("%s is joined although it must not", name)
		}
	}
}

// JSON stands for itself, between the lines of a trace too.
func TestJSONIsNotJoined(t *testing.T) {
	records, c := shipper.Records([]byte("Error\r\n  at f\r\n{\"msg\":\"x\"}\r\n  at g\n\n\n{\"msg\":\n"), 5, false)
	if got, want := messages(t, records), []string{"Error\n  at f", "x", "  at g", `{"msg":`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if want := (shipper.Counted{Lines: 7, Mapped: 1, Texts: 3, Joined: 1, Blank: 2}); c != want {
		t.Errorf("counts %+v, want %+v", c, want)
	}
}

// What is above the limit is cut, and the record has by how much; a trace goes on in the
// next record.
func TestLimits(t *testing.T) {
	const limit = zmtp.MaxRecord
	object := `{"a":"` + strings.Repeat("x", limit-8) + `"}`
	for name, test := range map[string]struct {
		input        string
		records, cut uint64
	}{
		"long line":         {strings.Repeat("x", 3*limit) + "\ny", 2, 1},
		"long at the end":   {strings.Repeat("x", 3*limit), 1, 1},
		"escapes":           {strings.Repeat("\x01", limit) + "\ny", 2, 1},
		"runes":             {strings.Repeat("€", limit/3) + "\ny", 2, 1},
		"object":            {object + "\ny", 2, 1},
		"long trace":        {"Error" + strings.Repeat("\n"+strings.Repeat(" ", 1000), 600), 3, 0},
		"long line, joined": {"Error\n " + strings.Repeat("x", 2*limit) + "\n  z", 2, 1},
	} {
		records, c := shipper.Records([]byte(test.input), 100_000, false)
		all := messages(t, records)
		if uint64(len(records)) != test.records || c.Cut != test.cut {
			t.Errorf("%s: %d records, counts %+v", name, len(records), c)
		}
		kept, missing := 0, int64(0)
		for i, r := range records {
			var m struct{ Cut int64 }
			if err := json.Unmarshal([]byte(r), &m); err != nil {
				t.Fatal(err)
			}
			missing += m.Cut
			kept += len(all[i])
		}
		if got, want := int64(kept+len(all)-1)+missing, int64(len(test.input)); got != want {
			t.Errorf("%s: %d bytes are there or told to be missing, of %d", name, got, want)
		}
		if strings.Contains(strings.Join(all, ""), "\ufffd") {
			t.Errorf("%s: cut within a rune", name)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\n b\n\n{\"x\":1}\nTraceback (most recent call last):\n  x\nE\n\nDuring handling of the above exception, another exception occurred:\n"), 3)
	f.Add([]byte("panic: x\n\ngoroutine 1 [running]:\nmain.main()\n\t/x.go\n\n\nrax 0x0\nexit status 2\n"), 1000)
	f.Add([]byte("\r\n\r\n\xff\u2028\n}\n)\n"), 1)
	f.Add([]byte("\x00\x00\ufeff{}\na\x00b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00c\n\ufeffd"), 3)
	_, traces, _ := traceFiles(f)
	for _, trace := range traces {
		f.Add([]byte(trace), 1000)
	}
	f.Fuzz(func(t *testing.T, input []byte, piece int) {
		records, c := shipper.Records(input, max(1, piece), false)
		if c.Lines != c.Bunyan+c.Mapped+c.Texts+c.Joined+c.Blank || uint64(len(records)) != c.Bunyan+c.Mapped+c.Texts {
			t.Fatalf("%d records, counts %+v", len(records), c)
		}
		// The lines of text stand in the records in their order, and nothing else.
		var lines []string
		texts := bunyanTexts(t, input, &lines)
		var got []string
		for i, msg := range messages(t, records) {
			if isText(records[i]) {
				got = append(got, strings.Split(msg, "\n")...)
			}
		}
		got = slices.DeleteFunc(got, func(s string) bool { return s == "" })
		if texts && c.Cut == 0 && !slices.Equal(got, lines) {
			t.Fatalf("%q becomes %q, want the lines %q", input, got, lines)
		}
	})
}

// bunyanTexts collects the lines that are no objects. It reports false when an
// object cannot be distinguished from text by its record.
func bunyanTexts(t *testing.T, input []byte, lines *[]string) bool {
	t.Helper()
	b := record.NewBunyan("app", "vm-1")
	clear := true
	var holes unpack.Holes
	for _, line := range bytes.Split(holes.Append(nil, input), []byte("\n")) {
		line = bytes.TrimSuffix(unpack.TrimMark(line), []byte("\r"))
		if out, form := b.AppendObject(nil, line, epoch); form != record.FormText {
			clear = clear && !isText(string(out))
			continue
		}
		var text strings.Builder
		for _, r := range string(line) {
			text.WriteRune(r)
		}
		if text.Len() > 0 {
			*lines = append(*lines, text.String())
		}
	}
	return clear
}
