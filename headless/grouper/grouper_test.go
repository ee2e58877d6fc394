package grouper

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless"
	"sluice/headless/internal/packed"
	"sluice/headless/internal/script"
)

// file writes a file, and returns its name.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// read folds files.
func read(t *testing.T, config Config, names ...string) *Grouper {
	t.Helper()
	g := New(config)
	for _, name := range names {
		if err := g.Read(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// numbers is what WriteNumbers writes, in one line.
func numbers(t *testing.T, g *Grouper) string {
	t.Helper()
	var b strings.Builder
	if err := g.WriteNumbers(&b); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func templates(g *Grouper) (texts []string) {
	for _, u := range g.Templates() {
		texts = append(texts, fmt.Sprintf("%d %s", u.Count, u.Text))
	}
	return texts
}

// Each line has the number of its template, whatever it is: records, text, traces of
// several lines, blank lines.
func TestEachLineHasANumber(t *testing.T) {
	text := strings.Join([]string{
		`{"v":0,"name":"a","hostname":"h","pid":1,"level":30,"time":"2026-03-01T12:00:00Z","msg":"took 3 ms"}`, // 1
		"started worker 7",                            // 2
		"java.lang.IllegalStateException: no worker",  // 3
		"\tat com.example.Worker.run(Worker.java:12)", // 3
		"Caused by: java.io.IOException: broken",      // 3
		"\tat com.example.Wire.write(Wire.java:7)",    // 3
		"",                 // 0
		"started worker 8", // 2
		`{"level":"warn","ts":1,"message":"took 4 ms"}`, // 1: another logger's
		"  continued",                        // begins a record: nothing can be continued
		"Traceback (most recent call last):", // 5
		`  File "a.py", line 3, in <module>`, // 5
		"ValueError: 17 is bad",              // 5
		"ValueError: 18 is bad",              // 5
		"",                                   // 0
		"the last line has no end",           // 6
	}, "\n")
	for name, path := range map[string]string{
		"plain": file(t, "a.log", text),
		"gzip":  file(t, "a.log", packed.Gzip(text)),
	} {
		g := read(t, Config{Numbers: true}, path)
		if got, want := numbers(t, g), "1 2 3 3 3 3 0 2 1 4 5 5 5 5 0 6"; got != want {
			t.Errorf("%s: numbers %s, want %s; templates %q", name, got, want, templates(g))
		}
	}
}

// Lines that say of which stream the records are, in a recording of several, are none.
func TestMarksAreNoRecords(t *testing.T) {
	mark := string(record.AppendStreamMark(nil, time.Unix(0, 0), "s")) + "\n"
	g := read(t, Config{Numbers: true}, file(t, "several", mark+`{"msg":"a"}`+"\n"+mark+`{"msg":"a"}`+"\n"))
	if got := numbers(t, g); got != "0 1 0 1" || !slices.Equal(templates(g), []string{"2 a"}) {
		t.Errorf("the numbers are %s of %q", got, templates(g))
	}
	// A file that does not begin with one is no such recording, whatever it says.
	g = read(t, Config{Numbers: true}, file(t, "one", `{"msg":"a"}`+"\n"+mark))
	if got := numbers(t, g); got != "1 2" {
		t.Errorf("the numbers of a log are %s of %q", got, templates(g))
	}
}

// Lines that do not pass the filter are in no template.
func TestFilter(t *testing.T) {
	path := file(t, "a.ndjson", `{"level":30,"msg":"fine 1"}`+"\n"+`{"level":50,"msg":"bad 1"}`+"\n"+`{"level":50,"msg":"bad 2"}`+"\n")
	g := read(t, Config{Numbers: true, Filter: query.Filter{Level: record.Error}}, path)
	if got := numbers(t, g); got != "0 1 1" {
		t.Errorf("numbers %s", got)
	}
	if got := fmt.Sprint(templates(g)); got != "[2 bad <*>]" {
		t.Errorf("templates %s", got)
	}
}

// What an older recording has is not new.
func TestThan(t *testing.T) {
	older := file(t, "older.log", "started worker 1\nstopped worker 1\n")
	newer := file(t, "newer.log", "started worker 2\ncrashed worker 2\nstopped worker 2\n")
	g := New(Config{Numbers: true})
	if err := g.Know(t.Context(), older); err != nil {
		t.Fatal(err)
	}
	if err := g.Read(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(templates(g)); got != "[1 crashed worker <*>]" {
		t.Errorf("new are %s", got)
	}
	if got := numbers(t, g); got != "1 3 2" {
		t.Errorf("numbers %s", got)
	}
}

// What is written is safe for terminals, and JSON is JSON.
func TestWritten(t *testing.T) {
	path := file(t, "a.ndjson", `{"level":50,"time":"2026-03-01T12:00:00Z","msg":"bad \u001b[31m 1"}`+"\n"+
		`{"level":40,"time":"2026-03-02T12:00:01Z","msg":"bad \u001b[31m 2"}`+"\nplain\x1b]0;x\a\n")
	g := read(t, Config{}, path)
	var table, json strings.Builder
	if err := g.WriteTable(&table, time.UTC); err != nil {
		t.Fatal(err)
	}
	if err := g.WriteJSON(&json); err != nil {
		t.Fatal(err)
	}
	wantTable := "" +
		"COUNT  LEVELS           FIRST TO LAST                               TEMPLATE\n" +
		"    2  1 error, 1 warn  2026-03-01 12:00:00 to 2026-03-02 12:00:01  bad ␛[<*>\n" +
		"    1  info                                                         plain␛]<*>;x␇\n"
	if table.String() != wantTable {
		t.Errorf("the table is\n%swant\n%s", table.String(), wantTable)
	}
	wantJSON := `{"group":1,"template":"bad \u001b[<*>","count":2,"first":"2026-03-01T12:00:00.000Z","last":"2026-03-02T12:00:01.000Z","levels":{"error":1,"warn":1}}` + "\n" +
		`{"group":2,"template":"plain\u001b]<*>;x\u0007","count":1,"first":null,"last":null,"levels":{"info":1}}` + "\n"
	if json.String() != wantJSON {
		t.Errorf("JSON is\n%swant\n%s", json.String(), wantJSON)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	for name, want := range map[string]string{
		filepath.Join(t.TempDir(), "none"):            "there is no such file",
		t.TempDir():                                   "it is a directory: name the files in it",
		file(t, "a.gz", packed.Gzip("a line\n")[:20]): "it is cut short: it is gzip",
	} {
		if err := New(Config{}).Read(t.Context(), name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
}

// Streams are folded until the goal is met, and what was lost is told.
func TestFollow(t *testing.T) {
	var notices strings.Builder
	source := &script.Source{Batches: []*stream.Batch{
		{
			Records: []stream.Record{{Stream: "system", Data: []byte(`{"level":30,"msg":"took 1 ms"}`)}, {Stream: "system", Data: []byte(`{"level":30,"msg":"took 2 ms"}`)}},
			Notices: []stream.Notice{{At: 1, Kind: stream.KindGap, Stream: "system", Source: "vm-1", Count: 7}},
		},
	}}
	g := New(Config{})
	if err := g.Follow(context.Background(), source, []string{"system"}, 0, headless.Goal{Count: 2}, &notices); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(templates(g)); got != "[2 took <*>]" {
		t.Errorf("templates %s", got)
	}
	if !strings.Contains(notices.String(), "7 records") {
		t.Errorf("told was %q", notices.String())
	}
}
