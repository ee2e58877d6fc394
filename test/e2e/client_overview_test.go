package e2e_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/internal/volume"
	"sluice/internal/wait"
)

// copies waits until a text was given to the terminal's clipboard.
func (c *console) copies(text string) {
	c.t.Helper()
	seq := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(text)) + "\x07"
	if !wait.Until(func() bool { return c.wrote(seq) }) {
		c.t.Fatalf("waited for a copy of %q; copied last was %s", text, c.copied())
	}
}

// copied is what was given to the clipboard last, in quotes.
func (c *console) copied() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.raw.String()
	i := strings.LastIndex(all, "\x1b]52;c;")
	if i < 0 {
		return "nothing"
	}
	text, _, _ := strings.Cut(all[i+len("\x1b]52;c;"):], "\x07")
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return err.Error()
	}
	return strconv.Quote(string(decoded))
}

// lineOf waits until a line of the screen has all these texts.
func (c *console) lineOf(texts ...string) {
	c.t.Helper()
	c.waits(fmt.Sprintf("a line with %q", texts), func(screen string) bool {
		for line := range strings.SplitSeq(screen, "\n") {
			all := true
			for _, text := range texts {
				all = all && strings.Contains(line, text)
			}
			if all {
				return true
			}
		}
		return false
	})
}

// Many records at a glance: folded into groups, by their time, and in columns of one's
// own.
func TestClientOverview(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	publish, subscribe := pump(t)
	tail := func(streams ...string) []string {
		return append([]string{"tail", "--consolidator", subscribe}, streams...)
	}

	t.Run("groups, and what is new since a moment", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/groups")
		at := time.Now().Add(-10 * time.Minute).Truncate(time.Second)
		for i := range 30 {
			said(t, out, at.Add(time.Duration(i)*time.Second), "vm-1", 30, fmt.Sprintf("took container c-%d in %d ms", 1000+i, i*7), "")
		}
		for i := range 7 {
			said(t, out, at.Add(time.Duration(40+i)*time.Second), "vm-1", 50, fmt.Sprintf("10.0.0.%d:5432 refused the connection", i), "")
		}
		c := openConsole(t, 80, 24, "", nil, tail("system/groups")...)
		c.wants("refused the connection")
		c.press("*")
		c.wants("Groups of system/groups", "37 records in 2 groups", "esc")
		c.lineOf(" 30 ", "info", "took container <*> in <*>")
		c.lineOf(" 7 ", "error", "<*> refused the connection")
		c.press("m") // from now on
		said(t, out, time.Now().Add(time.Second), "vm-1", 60, "the pool is on fire", "")
		c.wants("38 records in 3 groups")
		c.lineOf("●", "fatal", "the pool is on fire")
		c.press("n") // what is new on top
		c.order("the pool is on fire", "refused the connection", "took container <*>")
		c.press("y")
		c.copies("the pool is on fire")
		c.press("c") // by their number again, and the first
		c.order("took container <*>", "refused the connection", "the pool is on fire")
		c.press("g\r")
		c.wants(`msg like "took container <*> in <*>"`, "took container c-1029 in 203 ms")
		c.lacks("refused the connection")
		c.press("\x1b") // back to the groups
		c.wants("Groups of system/groups", "38 records in 3 groups")
		c.press("gF")
		c.wants("8 records in 2 groups")
		c.press("\x1b")
		c.wants(`not like "took`, "refused the connection", "the pool is on fire")
		c.press("q")
		c.leaves()
	})

	t.Run("the timeline, by key and mouse", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/timeline")
		at := time.Now().Add(-time.Hour).Truncate(time.Minute)
		for i := range 60 {
			level := 30
			if i == 30 {
				level = 50
			}
			said(t, out, at.Add(time.Duration(i)*time.Minute), "vm-1", level, fmt.Sprintf("minute %d.", i), "")
		}
		c := openConsole(t, 80, 24, "", nil, tail("system/timeline")...)
		c.wants("minute 59.")
		c.press("h")
		c.wants("─ Timeline", "▲", "E")
		c.press("/minute 1[0-9]\\.\r")
		c.wants("▪", "minute 19.")
		c.press("\x1b")
		c.lacks("▪")
		c.press("\x1b")
		c.lacks("─ Timeline")
		c.press("h0")
		c.wants("─ Timeline", "E")
		c.clicks("─E─") // where the error was
		c.wants("▌", "minute 30.", "SCROLLED")
		c.lacks("minute 59.")
		c.lineOf("─ Timeline", "1 error")
		c.press("++") // nearer
		c.press("0\x1b[D\x1b[D\x1b[D\r")
		c.waits("an earlier row", func(screen string) bool {
			for line := range strings.SplitSeq(screen, "\n") {
				if strings.HasPrefix(line, "▌") {
					return !strings.Contains(line, "minute 30.")
				}
			}
			return false
		})
		c.press("flevel>=error\r")                                         // it goes along with the filter
		c.lineOf("▲", at.Add(30*time.Minute).UTC().Format("15:04:05.000")) // one column is left
		c.press("\x1b")
		c.lacks("─ Timeline")
		c.press("q")
		c.leaves()
	})

	t.Run("columns of one's own, kept", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "tenant/columns")
		put(t, out, 30, 1, 3, `"res":{"statusCode":502},"ms":17`)
		put(t, out, 30, 4, 4, `"res":{"statusCode":200}`)
		home := t.TempDir()
		c := openConsole(t, 80, 24, home, nil, tail("tenant/columns")...)
		c.wants("line 4.")
		c.press("K")
		c.wants("Columns of tenant/columns", "pinned")
		c.press("ares.st\t")
		c.wants("column of field: res.statusCode")
		c.press("\r")
		c.lineOf("502", "line 3.")
		c.lineOf("statusCode", "message")
		c.press("p")
		c.press("kkkkk ") // the time goes
		c.wants("· time")
		c.press("s")
		c.wants("keep these columns for streams: tenant/*")
		c.press("\r")
		c.wants("what tenant/* shows is kept in ")
		c.press("\x1b")
		c.lacks("Columns of")
		c.waits("rows without a time", func(screen string) bool { return strings.HasPrefix(strings.Split(screen, "\n")[3], " INF ") })
		c.press("q")
		c.leaves()
		file := filepath.Join(home, "config", "sluice", "client.toml")
		if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), `"tenant/*" = [`) || !strings.Contains(string(text), `"res.statusCode`) {
			t.Fatalf("the settings are %q (%v)", text, err)
		}
		put(t, linesTo(t, publish, "tenant/columns-too"), 30, 9, 9, `"res":{"statusCode":418}`)
		c = openConsole(t, 80, 24, home, nil, tail("tenant/columns-too")...)
		c.lineOf("418", "line 9.")
		c.waits("rows without a time", func(screen string) bool { return strings.HasPrefix(strings.Split(screen, "\n")[3], " INF ") })
		c.press("q")
		c.leaves()
	})
}

// What somebody wants to know at once is told, from panes that are not on the screen,
// too; and what is from before is not.
func TestClientAlerts(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	publish, subscribe := pump(t)
	home := t.TempDir()
	file := filepath.Join(home, "config", "sluice", "client.toml")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("notify = \"osc9\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	one, two := linesTo(t, publish, "system/alerts"), linesTo(t, publish, "tenant/alerts")
	put(t, one, 30, 1, 3, "")
	put(t, two, 50, 11, 13, "")
	args := []string{"tail", "--consolidator", subscribe, "system/alerts", "tenant/alerts"}
	c := openConsole(t, 80, 24, home, nil, args...)
	c.wants("line 3.", "line 13.")
	c.press("z")
	c.lacks("─ tenant/alerts")
	c.press("!")
	c.wants("No alert is set")
	c.press("alevel>=loud\r") // what cannot be understood is not taken
	c.wants("loud")
	c.press("\x15level>=error 3/m\r")
	c.wants("✓ level>=error 3/m", "never yet")
	c.press("aon fire\r")
	c.wants("✓ on fire")
	c.press("\x1b")
	c.lacks("─ Alerts")
	if c.wrote("\x1b]9;") {
		t.Error("what was said before rings")
	}
	put(t, two, 50, 14, 15, "")
	_, err := io.WriteString(two, strings.Replace(bunyan(30, "the pool is on fire;", ""), "pool", `\u001b]0;pool\u0007`, 1))
	if err != nil {
		t.Fatal(err)
	}
	c.waits("an alert", func(screen string) bool {
		return strings.Contains(screen, " ▲1") && strings.Contains(screen, "alert: on fire in tenant/alerts: the ")
	})
	wait.For(t, "the bell and a notification", func() bool { return c.wrote("\a\x1b]9;on fire in tenant/alerts: the ") })
	if c.wrote("\x1b]0;pool") {
		t.Error("a record reaches the terminal as it is")
	}
	put(t, two, 50, 16, 16, "") // the third error within a minute
	c.wants(" ▲2")
	c.press("!")
	c.lineOf("level>=error 3/m", "1×")
	c.press("s")
	c.wants("name of the alert")
	c.press("errors\r")
	c.wants("alert errors is kept in ")
	c.press("\x1b2") // who looks has seen it
	c.wants("━ tenant/alerts", "line 16.")
	c.lacks("▲")
	c.press("q")
	c.leaves()

	// It is there in the next run, and what is held then rings nothing.
	c = openConsole(t, 80, 24, home, nil, args...)
	c.wants("line 16.")
	c.press("!")
	c.lineOf("✓ errors", "never yet")
	c.press(" ")
	c.lacks("✓ errors")
	c.press("\x1bq")
	c.leaves()
	if c.wrote("\x1b]9;") {
		t.Error("an alert of the settings rings for what was there before")
	}
}
