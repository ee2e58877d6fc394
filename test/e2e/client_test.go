package e2e_test

import (
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"

	"sluice/internal/wait"
)

// What TUI users are promised, one scenario each, with the real program and a
// real consolidator. The scenarios share the consolidator, and each has streams
// of its own.
func TestClient(t *testing.T) {
	t.Parallel()
	publish, subscribe := pump(t)
	from := []string{"--consolidator", subscribe}
	tail := func(streams ...string) []string { return append(append([]string{"tail"}, from...), streams...) }

	t.Run("panes stand beside and above each other, and the picker opens them", func(t *testing.T) {
		t.Parallel()
		one, two := linesTo(t, publish, "system/panes"), linesTo(t, publish, "tenant/panes")
		put(t, one, 30, 1, 3, "")
		put(t, two, 30, 11, 13, "")
		c := openConsole(t, 160, 30, "", nil, from...)
		c.wants("Open streams", "system/panes", "tenant/panes")
		c.press("panes")
		c.wants("› panes")
		c.press("\r")
		c.wants("━ system/panes")
		c.press("o")
		c.wants("Open streams")
		c.press("tenant/panes\r")
		c.waits("both beside each other", func(s string) bool {
			line := strings.Split(s, "\n")[1]
			return strings.Contains(line, "─ system/panes") && strings.Contains(line, "━ tenant/panes")
		})
		c.wants("line 3.", "line 13.")
		c.press("z")
		c.lacks("─ system/panes")
		c.press("z")
		if err := pty.Setsize(c.term, &pty.Winsize{Rows: 30, Cols: 100}); err != nil {
			t.Fatal(err)
		}
		c.vt.Resize(100, 30)
		c.waits("one above the other", func(s string) bool {
			lines := strings.Split(s, "\n")
			return strings.Contains(lines[1], "─ system/panes") && strings.Contains(lines[15], "━ tenant/panes")
		})
		c.press("o")
		c.wants("Open streams")
		c.press("panes")
		c.wants("2 of ")
		c.press("  ") // both are marked
		c.wants("merges 2")
		c.press("\r")
		c.wants("system/panes + tenant/panes", "line 3.", "line 13.")
		c.press("q")
		c.leaves()
	})

	t.Run("pausing holds still and counts", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/pause")
		put(t, out, 30, 1, 60, "")
		c := openConsole(t, 120, 24, "", nil, tail("system/pause")...)
		c.wants("line 60.", follows)
		c.press(" ")
		c.wants("PAUSED · 0 new · 0 dropped · G to resume")
		put(t, out, 30, 61, 90, "")
		put(t, out, 50, 91, 97, "")
		c.wants("PAUSED · 37 new (7 error) · 0 dropped · G to resume", "line 60.")
		c.lacks("line 97.")
		c.press("G")
		c.wants(follows, "line 97.")
		c.press("kkk")
		c.wants("SCROLLED · 0 new")
		put(t, out, 30, 98, 140, "")
		c.wants("SCROLLED · 43 new", "line 97.")
		c.lacks("line 98.")
		c.press("jjjjjj\x04\x04\x04\x04")
		c.wants(follows, "line 140.")
		c.press("q")
		c.leaves()
	})

	t.Run("search, filters, marks, times and files", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/find")
		put(t, out, 30, 1, 200, `"status":200`)
		put(t, out, 50, 201, 210, `"status":500`)
		c := openConsole(t, 140, 24, "", nil, tail("system/find")...)
		c.wants("line 210.")
		c.press("/line 1.3")
		c.wants("10/10")
		c.press("\r")
		c.wants("▌", "/line 1.3 10/10", "line 193.")
		c.press("N")
		c.wants("9/10", "line 183.")
		c.press("\x1b")
		c.lacks("/line 1.3")
		c.press("fstatus>=500 -203\r")
		c.wants("status>=500", "-203", "line 202.")
		c.lacks("line 203.")
		c.press("s")
		c.wants("save to system-find-")
		c.press("\x15saved.ndjson\r")
		c.wants("9 records saved to saved.ndjson")
		data, err := os.ReadFile(filepath.Join(c.home, "saved.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(data), `"level":50`); n != 9 || strings.Count(string(data), "\n") != 9 {
			t.Fatalf("saved is %q", data)
		}
		c.press("0G")
		c.wants("line 203.")
		c.press("E")
		c.wants("line 210.")
		c.press("gm")
		c.wants("◆")
		c.press("G'")
		c.wants("◆", "line 1.")
		c.press("T-1h\r")
		c.wants("the oldest kept is of ")
		c.press("tt")
		c.wants("times as how long ago")
		c.press("q")
		c.leaves()
	})

	t.Run("a record in full, and copied", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/detail")
		put(t, out, 30, 1, 1, "")
		_, err := io.WriteString(out, bunyan(50, "it broke", `"tenant":"acme","req":{"method":"GET","url":"/api/x","headers":{"host":"h"}},"res":{"statusCode":502},"err":{"name":"Error","message":"boom","stack":"Error: boom\n    at one (a.js:1)\n    at two (b.js:2)"}`))
		if err != nil {
			t.Fatal(err)
		}
		c := openConsole(t, 100, 40, "", nil, tail("system/detail")...)
		c.wants("it broke")
		c.press("\r")
		c.wants("one record", "GET /api/x HTTP/1.1", "HTTP/1.1 502 Bad Gateway", "    at two (b.js:2)", `tenant: "acme"`)
		clipboard := func(text string) {
			t.Helper()
			seq := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(text)) + "\x07"
			wait.For(t, "a copy of "+text, func() bool { return c.wrote(seq) })
		}
		c.press("Y")
		clipboard("it broke")
		c.press("jc") // the field below the message
		wait.For(t, "a copy of a field", func() bool { return c.wrote("copied: ") || strings.Contains(c.vt.String(), "copied") })
		c.press("\x1b[D") // the record before
		c.wants("line 1.")
		c.press("Y")
		clipboard("line 1.")
		c.press("q")
		c.lacks("one record")
		c.press("q")
		c.leaves()
	})

	t.Run("mouse", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/mouse")
		put(t, out, 30, 1, 100, "")
		c := openConsole(t, 80, 24, "", nil, tail("system/mouse")...)
		c.wants("line 100.")
		c.press("\x1b[<64;40;10M")
		c.wants("SCROLLED", "line 97.")
		c.lacks("line 98.")
		c.press("\x1b[<0;40;5M\x1b[<0;40;5m")
		c.waits("the cursor on the row", func(s string) bool { return strings.HasPrefix(strings.Split(s, "\n")[4], "▌") })
		c.press("\x1b[<65;40;10M\x1b[<65;40;10M")
		c.wants(follows, "line 100.")
		c.press("q")
		c.leaves()
	})

	t.Run("themes", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/theme")
		put(t, out, 50, 1, 3, "")
		c := openConsole(t, 80, 24, "", nil, tail("system/theme")...)
		c.wants("line 3.")
		wait.For(t, "dark colours", func() bool { return c.wrote("38;2;255;128;136") })
		c.press("\x1b]11;rgb:ffff/ffff/ffff\x07") // what a light terminal answers
		wait.For(t, "light colours", func() bool { return c.wrote("38;2;179;32;44") })
		c.press("q")
		c.leaves()
		c = openConsole(t, 80, 24, "", []string{"NO_COLOR=1"}, tail("system/theme")...)
		c.wants("ERR", "line 3.")
		c.press("q")
		c.leaves()
		if c.wrote("38;2;") || c.wrote("38;5;") || c.wrote("[31m") {
			t.Error("there are colours although NO_COLOR is set")
		}
	})

	t.Run("settings, and the last layout", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/settings")
		put(t, out, 30, 1, 3, "")
		home := t.TempDir()
		file := filepath.Join(home, "config", "sluice", "client.toml")
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		write := func(text string) {
			t.Helper()
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("wrap = true\npanes = \"around\"\n")
		c := openConsole(t, 160, 24, home, nil, tail("system/settings")...)
		c.wants(`line 2: key "panes": "around" is none of auto, beside, stacked, tabs`, "line 3.")
		c.press("q")
		c.leaves()
		write("[keys]\npause = [\"p\"]\n")
		c = openConsole(t, 160, 24, home, nil, tail("system/settings", "tenant/settings")...)
		c.wants("line 3.", "─ tenant/settings")
		c.press("p")
		c.wants("PAUSED")
		c.press("fline\r")
		c.wants(" line ")
		c.press("q")
		c.leaves()
		c = openConsole(t, 160, 24, home, nil, append(from, "--restore")...)
		c.wants("━ system/settings", " line ", "─ tenant/settings", "line 3.")
		c.press("q")
		c.leaves()
	})
}

// A machine that goes away and comes back shows in the bar, on the board and in
// the stream, where it happened.
func TestClientTellsOfSources(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "sluice") // the name of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	// Not ports: while the consolidator is away, another test could get them.
	publish, subscribe := "ipc://"+dir+"/pub", "ipc://"+dir+"/sub"
	consolidator := start(t, "consolidator", "--publish", publish, "--subscribe", subscribe, "--name", "vm-7")
	out := linesTo(t, publish, "system")
	put(t, out, 30, 1, 5, "")
	c := openConsole(t, 120, 30, "", nil, "tail", "--consolidator", subscribe, "system")
	c.wants("● vm-7", "line 5.")
	_ = consolidator.Process.Kill()
	_ = consolidator.Wait()
	c.wants("✕ vm-7 lost", "vm-7 lost: ", "waiting")
	c.press("i")
	c.wants("Sources", "✕ vm-7", "reconnecting", "0 of 1 live")
	start(t, "consolidator", "--publish", publish, "--subscribe", subscribe, "--name", "vm-7")
	c.wants("● vm-7", "1 of 1 live")
	c.press("\x1b")
	put(t, out, 30, 6, 8, "")
	c.wants("vm-7 is back", "an unknown number of records lost", "line 8.", "dropped")
	c.press("i")
	c.wants("Lost on the way", "consolidator", "unknown in 1 gap")
	c.press("qq")
	c.leaves()
}
