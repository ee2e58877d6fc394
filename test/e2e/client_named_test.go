package e2e_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/internal/volume"
	"sluice/internal/wait"
)

// What somebody makes once is there again: filters, highlights, layouts, what was typed.
func TestClientKeepsNames(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	publish, subscribe := pump(t)
	from := []string{"--consolidator", subscribe}
	tail := func(streams ...string) []string { return append(append([]string{"tail"}, from...), streams...) }

	t.Run("every action by its name, and names for one's own", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/names")
		put(t, out, 30, 1, 9, `"status":200`)
		put(t, out, 50, 10, 12, `"status":502`)
		home := t.TempDir()
		c := openConsole(t, 80, 24, home, nil, tail("system/names")...)
		c.wants("line 12.")
		c.press(":")
		c.wants("─ Actions ─", "type what you want to do", "enter does it")
		c.press("pause\r")
		c.wants("PAUSED")
		c.press("Gfstatus>=500\r")
		c.lacks("line 9.")
		c.press(":keep this filter\r")
		c.wants("name of the filter")
		c.press("broken\r")
		c.wants("filter broken is kept in ")
		c.press("0/line 1[0-9]\\.\r")
		c.wants("line 9.", "/line 1[0-9]\\.")
		c.press(":as a highlight\r")
		c.wants("name of the highlight")
		c.press("teens\r")
		c.wants("highlight teens is kept in ")
		c.press("\x1bl:as a layout\r")
		c.wants("name of the layout")
		c.press("oncall\r")
		c.wants("layout oncall is kept in ")
		c.press("q")
		c.leaves()
		settings, err := os.ReadFile(filepath.Join(home, "config", "sluice", "client.toml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"[filters]", "broken = ", "[highlights]", "teens = ", "[layouts]", "oncall = "} {
			if !strings.Contains(string(settings), table) {
				t.Errorf("%q is not in the settings:\n%s", table, settings)
			}
		}

		// Another run, of another stream: names in the prompt and in the palette.
		put(t, linesTo(t, publish, "tenant/names"), 30, 41, 42, `"status":200`)
		c = openConsole(t, 80, 24, home, nil, tail("tenant/names")...)
		c.wants("line 42.")
		c.press("fbro\t")
		c.wants("filter status>=500")
		c.press("\r")
		c.lacks("filter status>=500")
		c.lacks("line 42.")
		c.press("0")
		c.wants("line 42.")
		c.press("f\x1b[A") // what was typed before
		c.wants("filter status>=500")
		c.press("\x1b")
		c.lacks("filter status>=500")
		c.press(":layout: oncall\r")
		c.wants("━ system/names", "line 12.")
		c.press(":no highlight: teens\r")
		c.lacks("─ Actions ─")
		c.press(":highlight teens")
		c.wants("› highlight teens")
		c.press("\x1b")
		c.lacks("─ Actions ─")
		c.press("q")
		c.leaves()
	})

	t.Run("the last ten layouts, by the streams they show", func(t *testing.T) {
		t.Parallel()
		put(t, linesTo(t, publish, "job/layout-a"), 30, 1, 2, "")
		put(t, linesTo(t, publish, "job/layout-b"), 50, 3, 4, "")
		home := t.TempDir()
		for i, streams := range [][]string{{"job/layout-a"}, {"job/layout-a", "job/layout-b"}, {"job/layout-b"}} {
			c := openConsole(t, 80, 24, home, nil, tail(streams...)...)
			c.wants("━ "+streams[0], follows)
			c.press(fmt.Sprintf("fline -of%d\r", i))
			c.wants(fmt.Sprintf(" -of%d ", i))
			c.press("q")
			c.leaves()
		}
		c := openConsole(t, 80, 24, home, nil, append(from, "--restore")...)
		c.wants("━ job/layout-b", " -of2 ", "line 4.")
		c.press("q")
		c.leaves()
		c = openConsole(t, 80, 24, home, nil, tail("--restore", "job/layout-b", "job/layout-a")...)
		c.wants("━ job/layout-a", " -of1 ", "─ job/layout-b", "line 2.", "line 4.")
		c.press("q")
		c.leaves()
		c = openConsole(t, 80, 24, home, nil, from...)
		c.wants("Open streams")
		c.press("\x12") // ^r
		c.wants("Layouts of before")
		c.order("job/layout-a, job/layout-b", "job/layout-b ", "job/layout-a ")
		c.press("\x1b[B\x1b[B\r")
		c.wants("━ job/layout-a", " -of0 ")
		c.press("q")
		c.leaves()
	})
}

// Out of the terminal: bookmarks with comments and their timeline, rows as they are
// shown, files.
func TestClientHandsOut(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	publish, subscribe := pump(t)
	tail := func(streams ...string) []string {
		return append([]string{"tail", "--consolidator", subscribe}, streams...)
	}
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

	t.Run("bookmarks, and their timeline", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/bookmarks")
		for i := range 60 {
			said(t, out, at.Add(time.Duration(i)*time.Second), "vm-1", 30, fmt.Sprintf("step %d.", i), "")
		}
		home := t.TempDir()
		c := openConsole(t, 80, 24, home, nil, tail("system/bookmarks")...)
		c.wants("step 59.")
		c.press("gM")
		c.wants("comment:")
		c.press("it begins\r")
		c.wants("bookmark kept; B lists them")
		c.press("jjM")
		c.wants("comment:")
		c.press("the queue *grows*\r")
		wait.For(t, "the second bookmark", func() bool {
			kept, err := os.ReadFile(filepath.Join(home, "state", "sluice", "bookmarks"))
			return err == nil && strings.Contains(string(kept), "grows")
		})
		c.press("q")
		c.leaves()

		// Another run has them; enter goes to the record.
		c = openConsole(t, 80, 24, home, nil, tail("system/bookmarks")...)
		c.wants("step 59.")
		c.press("B")
		c.wants("─ Bookmarks ─", "2026-03-04 12:00:00 it begins", "2026-03-04 12:00:02 the queue *grows*")
		c.press("grows\r")
		c.lineOf("▌", "step 2.")
		c.press("B")
		c.wants("─ Bookmarks ─")
		c.press("markdown\r")
		c.wants("timeline to ")
		c.press("\x15postmortem.md\r")
		c.wants("timeline of 2 records written to postmortem.md")
		text, err := os.ReadFile(filepath.Join(home, "postmortem.md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"**12:00:00.000**", "it begins", "(+2s)", `the queue \*grows\*`, "system/bookmarks vm", "step 2."} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%q is not in the timeline:\n%s", want, text)
			}
		}
		c.press("q")
		c.leaves()
	})

	t.Run("rows as they are shown: a range, the marked", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/rows")
		for i := range 30 {
			said(t, out, at.Add(time.Duration(i)*time.Second), "vm-1", 30, fmt.Sprintf("step %d.", i), "")
		}
		c := openConsole(t, 80, 24, "", nil, tail("system/rows")...)
		c.wants("step 29.")
		c.press("gjR")
		c.wants("a range begins here")
		c.press("jjR")
		c.wants("range copied")
		row := func(i int) string { return fmt.Sprintf("03-04 12:00:%02d.000 INFO  vm app step %d.\n", i, i) }
		c.copies(row(1) + row(2) + row(3))
		c.press("gmjjjjm:copy the marked\r")
		c.wants("2 of 2 marked")
		c.copies(row(0) + row(4))
		c.press("q")
		c.leaves()
	})

	t.Run("a file that is compressed", func(t *testing.T) {
		t.Parallel()
		put(t, linesTo(t, publish, "system/packed"), 30, 1, 9, "")
		c := openConsole(t, 80, 24, "", nil, tail("system/packed")...)
		c.wants("line 9.")
		c.press("s")
		c.wants("save to ")
		c.press("\x15shown.gz\r")
		c.wants("9 records saved to shown.gz")
		file, err := os.Open(filepath.Join(c.home, "shown.gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		unpacked, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(unpacked); err != nil || strings.Count(string(text), `"msg":"line `) != 9 {
			t.Errorf("the file has %q (%v)", text, err)
		}
		c.press("q")
		c.leaves()
	})
}
