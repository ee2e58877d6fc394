package e2e_test

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sluice/internal/volume"
)

// said publishes one record of a time and a machine.
func said(t *testing.T, w io.Writer, at time.Time, host string, level int, msg, fields string) {
	t.Helper()
	if fields != "" {
		fields = "," + fields
	}
	_, err := fmt.Fprintf(w, `{"v":0,"name":"app","hostname":%q,"pid":7,"level":%d,"time":%q,"msg":%q%s}`+"\n",
		host, level, at.UTC().Format("2006-01-02T15:04:05.000Z"), msg, fields)
	if err != nil {
		t.Fatal(err)
	}
}

// clicks clicks on the middle of a text that is on the screen.
func (c *console) clicks(text string) {
	c.t.Helper()
	c.wants(text)
	for y, line := range strings.Split(c.vt.String(), "\n") {
		if before, _, found := strings.Cut(line, text); found {
			x := utf8.RuneCountInString(before) + utf8.RuneCountInString(text)/2
			c.press(fmt.Sprintf("\x1b[<0;%d;%dM\x1b[<0;%d;%dm", x+1, y+1, x+1, y+1))
			return
		}
	}
	c.t.Fatalf("%q has gone from the screen:\n%s", text, c.vt.String())
}

// order waits until texts stand on the screen in lines below each other.
func (c *console) order(texts ...string) {
	c.t.Helper()
	parts := make([]string, len(texts))
	for i, text := range texts {
		parts[i] = regexp.QuoteMeta(text)
	}
	re := regexp.MustCompile("(?s)" + strings.Join(parts, `[^\n]*\n.*`))
	c.waits(fmt.Sprintf("in this order %q", texts), re.MatchString)
}

// What is asked across streams and machines, one scenario each, by keys in a
// terminal of 80 by 24 or more.
func TestClientAcrossStreams(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	publish, subscribe := pump(t)
	tail := func(streams ...string) []string {
		return append([]string{"tail", "--consolidator", subscribe}, streams...)
	}

	t.Run("a pane of a pattern takes in what appears", func(t *testing.T) {
		t.Parallel()
		a := linesTo(t, publish, "tenant/pattern-a")
		put(t, a, 30, 1, 3, "")
		c := openConsole(t, 80, 24, "", nil, tail("tenant/pattern-*")...)
		c.wants("━ tenant/pattern-*", "1 stream", "line 3.")
		b := linesTo(t, publish, "tenant/pattern-b")
		put(t, b, 50, 11, 12, "")
		c.wants("2 streams", "line 12.")
		put(t, a, 30, 4, 4, "")
		c.wants("line 4.")
		// What is there within seconds may have been there before; then a row tells it.
		for n := 1; !shows(c.vt.String(), ": appeared"); n++ {
			if n > 30 {
				t.Fatalf("no row tells of a stream that appears:\n%s", c.vt.String())
			}
			put(t, linesTo(t, publish, fmt.Sprintf("tenant/pattern-new-%d", n)), 30, 100+n, 100+n, "")
			c.wants(fmt.Sprintf("line %d.", 100+n))
		}
		c.press("q")
		c.leaves()
	})

	t.Run("the picker marks all that match, and takes a pattern", func(t *testing.T) {
		t.Parallel()
		for i, name := range []string{"job/mark-one", "job/mark-two", "job/mark-three"} {
			put(t, linesTo(t, publish, name), 30, i+1, i+1, "")
		}
		c := openConsole(t, 80, 24, "", nil, "--consolidator", subscribe)
		c.wants("Open streams")
		c.press("mark-")
		c.wants("job/mark-one", "job/mark-two", "job/mark-three", "3 of ")
		c.press("\x01") // ^a
		c.wants("merges 3")
		c.press("\r")
		c.wants("line 1.", "line 2.", "line 3.")
		c.press("o")
		c.wants("Open streams")
		c.press("job/mark-t*")
		c.wants("all that match, and new ones")
		c.press("\r")
		c.wants("━ job/mark-t*", "2 streams")
		c.press("z")
		c.lacks("line 1.")
		c.wants("line 2.", "line 3.")
		c.press("q")
		c.leaves()
	})

	t.Run("the mouse opens a stream, and the help", func(t *testing.T) {
		t.Parallel()
		put(t, linesTo(t, publish, "job/click-one"), 30, 1, 1, "")
		put(t, linesTo(t, publish, "job/click-two"), 30, 2, 2, "")
		c := openConsole(t, 80, 24, "", nil, "--consolidator", subscribe)
		c.wants("Open streams")
		c.press("click-")
		c.wants("job/click-one", "job/click-two", "2 of ")
		c.clicks("job/click-two")
		c.wants("━ job/click-two", "line 2.")
		c.clicks("? help")
		c.wants("Watch", "next match")
		c.press("\x1b")
		c.lacks("next match")
		c.press("q")
		c.leaves()
	})

	t.Run("panes are locked in time", func(t *testing.T) {
		t.Parallel()
		one, two := linesTo(t, publish, "system/locked"), linesTo(t, publish, "tenant/locked")
		at := time.Now().Add(-time.Hour).Truncate(time.Minute)
		for i := range 40 {
			said(t, one, at.Add(time.Duration(i)*time.Minute), "vm-1", 30, fmt.Sprintf("left %d.", i), "")
			said(t, two, at.Add(time.Duration(i)*time.Minute+time.Second), "vm-2", 30, fmt.Sprintf("right %d.", i), "")
		}
		c := openConsole(t, 80, 24, "", nil, tail("system/locked", "tenant/locked")...)
		c.wants("left 39.", "right 39.")
		c.press("=")
		c.wants("locked in time")
		c.press("/left 7\\.\r")
		c.wants("left 7.", "right 7.")
		c.press("g")
		c.wants("left 0.", "right 0.")
		c.press("G")
		c.wants("left 39.", "right 39.")
		c.press("=/left 7\\.\r") // and not any more
		c.wants("left 7.")
		c.lacks("right 7.")
		c.press("q")
		c.leaves()
	})

	t.Run("what is around the records that a filter keeps", func(t *testing.T) {
		t.Parallel()
		out := linesTo(t, publish, "system/around")
		put(t, out, 30, 1, 20, "")
		put(t, out, 50, 21, 21, `"status":500`)
		put(t, out, 30, 22, 60, "")
		put(t, out, 50, 61, 61, `"status":502`)
		c := openConsole(t, 80, 40, "", nil, tail("system/around")...)
		c.wants("line 61.")
		c.press("fstatus>=500\r")
		c.wants("line 21.", "line 61.")
		c.lacks("line 60.")
		c.press("C")
		c.wants("±3", "dimmed")
		c.order("line 18.", "line 20.", "line 21.", "line 22.", "line 24.", "── 33 records ─", "line 58.", "line 61.")
		c.lacks("line 17.")
		put(t, out, 50, 62, 62, `"status":503`)
		c.order("line 58.", "line 61.", "line 62.")
		c.press("C")
		c.wants("±10", "line 11.", "── 19 records ─")
		c.press("C")
		c.lacks("line 20.")
		c.press("q")
		c.leaves()
	})
}

// A value is followed over streams and machines: the steps of a request, merged by
// time, those that come later too.
func TestClientFollowsAValue(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	publish, subscribe := pump(t)
	publish2, subscribe2 := pump(t)
	one, two := linesTo(t, publish, "system/web"), linesTo(t, publish2, "tenant/acme")
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	said(t, one, at, "vm-1", 30, "came in", `"req_id":"r-17"`)
	said(t, one, at.Add(100*time.Millisecond), "vm-1", 30, "another", `"req_id":"r-18"`)
	said(t, two, at.Add(200*time.Millisecond), "vm-2", 30, "was worked on", `"ctx":{"req_id":"r-17"}`)
	said(t, one, at.Add(1500*time.Millisecond), "vm-1", 50, "failed", `"req_id":"r-17","tries":3`)
	said(t, two, at.Add(1600*time.Millisecond), "vm-2", 40, "r-17 was given up", "")
	c := openConsole(t, 120, 24, "", nil, "tail", "--consolidator", subscribe, "--consolidator", subscribe2, "system/web", "tenant/acme")
	c.wants("failed", "r-17 was given up")
	c.press("Ea")
	c.wants("━ req_id=r-17", "3 steps in 1.500 s", "2 streams", "2 machines", "+200 ms", "+1.300 s")
	c.order("came in", "was worked on", "failed")
	c.lacks("another")
	said(t, two, at.Add(2*time.Second), "vm-2", 30, "came back", `"req_id":"r-17"`)
	c.wants("4 steps in 2.000 s", "came back")
	c.press("a") // in any field, and as a word
	c.wants("r-17 in any field", "5 steps in 2.000 s")
	c.order("failed", "r-17 was given up", "came back")
	c.press("g\r") // the first step, in full
	c.wants("one record", `req_id: "r-17"`)
	c.press("\x1b")
	c.lacks("one record")
	c.press("\x1b")
	c.wants("another", "━ system/web")
	c.lacks("steps in")
	c.press("q")
	c.leaves()
}
