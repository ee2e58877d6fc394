package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/internal/volume"
)

// A night's questions by their dates, in one pane and in a record of it.
func TestClientTellsDates(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	publish, subscribe := pump(t)
	tail := func(streams ...string) []string {
		return append([]string{"tail", "--consolidator", subscribe}, streams...)
	}

	t.Run("days, and where one begins", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/days")
		night := time.Date(2026, 3, 3, 23, 50, 0, 0, time.UTC) // a Tuesday
		for i := range 40 {
			said(t, out, night.Add(time.Duration(i)*time.Minute), "vm-1", 30, fmt.Sprintf("minute %d.", i), "")
		}
		c := openConsole(t, 80, 24, "", nil, tail("system/days")...)
		c.wants("03-04 00:29:00.000", "minute 39.")
		c.press("g")
		c.order("03-03 23:59:00.000", "── Wed 2026-03-04 ──", "03-04 00:00:00.000")
		goes := func(when, to string) {
			t.Helper()
			c.press("T")
			c.wants("go to ")
			c.press(when + "\r")
			c.lineOf("▌", to+" ")
		}
		goes("00:20", "minute 30.")
		goes("+5m", "minute 35.")
		goes("-10m", "minute 29.")
		goes("tue 23:55", "minute 5.")
		goes("2026-03-04", "minute 10.")
		goes("03-03 23:52", "minute 2.")
		c.press("Thalf past\r")
		c.wants(`"half past" is no time: write 14:05, mon 14:00`)
		c.press("\x1b")
		c.lacks("go to ")

		// One of long ago among those of today does not look like one of today.
		old := linesTo(t, publish, "system/long-ago")
		said(t, old, time.Now(), "vm-1", 30, "of today", "")
		said(t, old, time.Date(2020, 5, 6, 7, 8, 9, 0, time.UTC), "vm-1", 30, "of 2020", "")
		c.press("o")
		c.wants("Open streams")
		c.press("system/long-ago\r")
		c.wants("━ system/long-ago", "2020-05-06 07:08:09.000", "of today")
		c.press("q")
		c.leaves()
	})

	t.Run("the keys of a pane in a record", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/record")
		put(t, out, 30, 1, 4, `"tenant":"acme"`)
		put(t, out, 50, 5, 5, `"tenant":"globex"`)
		put(t, out, 30, 6, 9, `"tenant":"acme"`)
		put(t, out, 50, 10, 10, `"tenant":"globex"`)
		put(t, out, 30, 11, 12, `"tenant":"acme"`)
		c := openConsole(t, 80, 24, "", nil, tail("system/record")...)
		c.wants("line 12.")
		shown := func(n int) {
			t.Helper()
			c.waits(fmt.Sprintf("record %d", n), func(screen string) bool {
				return strings.Contains(screen, "one record") && strings.Contains(screen, fmt.Sprintf("line %d.", n))
			})
		}
		c.press("\r")
		shown(12)
		c.press("E")
		shown(10)
		c.press("E")
		shown(5)
		c.press("e")
		shown(10)
		c.press("m")
		c.press("/line [37]\\.\r")
		shown(7)
		c.press("N")
		shown(3)
		c.press("n")
		shown(7)
		c.press("'")
		shown(10)
		c.press("s")
		c.wants("save this record to ")
		c.press("\x15one.ndjson\r")
		c.wants("saved to one.ndjson")
		c.press("v") // does nothing here, and says so
		c.waits("that it does nothing here", func(screen string) bool { return strings.Contains(lastLine(screen), "record") })
		shown(10)
		c.press("q")
		c.lacks("one record")
		c.press("q")
		c.leaves()
	})

	t.Run("a filter's words, sets and units", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/grammar")
		put(t, out, 30, 1, 1, `"status":502,"latency":"1.5s","size":"12 MB"`)
		put(t, out, 30, 2, 2, `"status":503,"latency":"20ms","size":"1 kB"`)
		put(t, out, 30, 3, 3, `"status":200,"latency":"3s","size":"1 kB"`)
		c := openConsole(t, 80, 24, "", nil, tail("system/grammar")...)
		for _, one := range []struct{ filter, shown, hidden string }{
			{"status in (502, 503)", "1 2", "3"},
			{"status not in (502, 503)", "3", "1 2"},
			{"latency>1s", "1 3", "2"},
			{"size>10MB or (status=200 and not level>=warn)", "1 3", "2"},
			{"-(status=502 | status=503)", "3", "1 2"},
		} {
			c.wants("line 1.", "line 2.", "line 3.")
			c.press("f" + one.filter + "\r")
			for n := range strings.FieldsSeq(one.hidden) {
				c.lacks("line " + n + ".")
			}
			for n := range strings.FieldsSeq(one.shown) {
				c.wants("line " + n + ".")
			}
			c.press("0")
		}
		c.wants("line 1.", "line 2.", "line 3.")
		c.press("flatency>10MB")
		c.wants("filter latency>10MB")
		c.lacks("line 1.") // a time is no size
		c.press("\x1b")
		c.lacks("filter latency")
		c.wants("line 3.")
		c.press("q")
		c.leaves()
	})
}

// lastLine is the line at the bottom of a screen.
func lastLine(screen string) string {
	lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	return lines[len(lines)-1]
}
