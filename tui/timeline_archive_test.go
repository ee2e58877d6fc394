package tui_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/internal/volume"
	"sluice/internal/wait"
	"sluice/tui"
)

// sees waits until the screen says all of something, and carries out what is begun meanwhile.
func (a *archived) sees(parts ...string) {
	a.t.Helper()
	shown := func() bool {
		a.begin(a.send(tui.TakeMsg))
		select {
		case msg := <-a.messages:
			a.begin(a.send(msg))
		default:
		}
		for _, part := range parts {
			if !strings.Contains(a.text(), part) {
				return false
			}
		}
		return true
	}
	if !wait.Until(shown) {
		a.t.Fatalf("%q is not on the screen:\n%s", parts, a.text())
	}
}

// A client that holds the last hundred of 6,000 records, ten a second, with its timeline.
func timelineBefore(t *testing.T, machines int, prepare ...string) *archived {
	a := openArchived(t, 120, 30, tui.Config{}, "system")
	all := a.publish("system", 6_000, machines)
	a.backfill("system", all[5_900:])
	for _, keys := range prepare {
		a.press(keys)
		a.settle()
	}
	a.begin(a.keys("h"))
	a.sees("Timeline", "0 shows the archive, from 12:00:00")
	a.begin(a.keys("0"))
	a.sees("+10s:", "╵12:00:00")
	a.counts()
	return a
}

func TestTheTimelineHasTheArchive(t *testing.T) {
	volume.Check(t)
	for _, machines := range []int{1, 3} {
		t.Run(fmt.Sprint(machines), func(t *testing.T) {
			a := timelineBefore(t, machines)
			if n := strings.Count(a.strip(1), "╌"); n != 59 {
				t.Fatalf("%d columns are of the archive alone: %q", n, a.strip(1))
			}
			for range 24 {
				a.keys("left")
			}
			a.sees("12:06:00 +10s: 100 in the archive, all levels")
			// One goes there, and what was loaded is told apart from the rest.
			a.begin(a.keys("enter"))
			a.sees("▌12:06:00.000")
			a.sees("12:06:00 +10s: 100 records ──")
			// Of each record it is told once.
			a.counts()
			a.keys("l")
			for range 70 {
				a.keys("l")
			}
			told := make(map[string]int)
			for range 70 {
				text := a.strip(timelineLines(a) - 1)
				for _, m := range columnCounts.FindAllStringSubmatch(text, -1) {
					n := 0
					_, _ = fmt.Sscan(strings.ReplaceAll(m[1], ",", ""), &n)
					told[strings.Fields(text)[2]+m[2]] = n
				}
				a.keys("left")
			}
			sum := 0
			for _, n := range told {
				sum += n
			}
			if sum != 6_000 {
				t.Errorf("%d records are told of 6,000: %v\n%s", sum, told, a.text())
			}
		})
	}
}

var columnCounts = regexp.MustCompile(`([\d,]+) (records?|in the archive)\b`)

// counts waits until nothing is counted or read.
func (a *archived) counts() {
	a.t.Helper()
	wait.For(a.t, "the archive is counted", func() bool {
		a.sees("Timeline")
		a.sees("Timeline")
		return !tui.Counting(a.model) && !tui.Reading(a.model) && !tui.Busy(a.model)
	})
}

// timelineLines is how many lines the strip has.
func timelineLines(a *archived) int {
	for i := range a.h {
		if strings.Contains(a.strip(i), "Timeline") {
			return i + 1
		}
	}
	return 0
}

func TestAClickIntoTheTimelineLoadsTheArchive(t *testing.T) {
	a := timelineBefore(t, 3)
	a.begin(a.send(tea.MouseClickMsg{X: 1 + 12, Y: a.h - 4, Button: tea.MouseLeft}))
	a.sees("▌12:02:00.000")
	// Further in, it is counted more finely.
	a.begin(a.keys("+"))
	a.begin(a.keys("+"))
	a.counts()
	a.sees("12:02:00 +3s: ")
}

// What a filter or a search would find in the archive is unknown, and not nothing.
func TestWhatTheTimelineDoesNotKnow(t *testing.T) {
	a := timelineBefore(t, 3, "fmsg~\"5\"\n")
	if n := strings.Count(a.strip(1), "?"); n < 59 {
		t.Fatalf("%d columns are unknown: %q", n, a.strip(1))
	}
	for range 23 {
		a.keys("left")
	}
	a.sees("12:06:00 +10s: unknown, 100 in the archive, not filtered: enter loads them")
	a.begin(a.keys("enter"))
	a.sees("▌12:06:0", "line 3605", "12:06:00 +10s: 19 records")

	b := timelineBefore(t, 3, "/line 5950$\n")
	b.sees("not searched")
	b.keys("left")
	b.sees("12:09:40 +10s: 100 in the archive, not searched")
	if n := strings.Count(b.strip(2), "?"); n < 58 {
		t.Fatalf("matches are unknown in %d columns: %q", n, b.strip(2))
	}
}

func TestWhyTheTimelineLacksTheArchive(t *testing.T) {
	a := openArchived(t, 150, 30, tui.Config{}, "system")
	all := a.publish("system", 500, 1)
	a.backfill("system", all[400:])
	a.archive.Fail(errors.New("it is away"))
	a.begin(a.keys("h"))
	a.sees("the archive is not counted: it is away", "+100ms: 1 record")
	a.archive.Fail(nil)
	release := a.archive.Hold()
	a.begin(a.keys("0"))
	a.sees("counting the archive: esc stops")
	a.keys("h", "h") // keys are answered meanwhile
	a.sees("12:00:49")
	a.keys("esc")
	release()
	a.sees("the archive is not counted: stopped", "Timeline")
	a.begin(a.keys("0"))
	a.sees("0 shows the archive")
	a.keys("esc")
	a.wantNot("Timeline")
}

// A pane whose stream is in the archive alone has a timeline, too.
func TestTheTimelineOfWhatIsOnlyInTheArchive(t *testing.T) {
	a := openArchived(t, 120, 30, tui.Config{}, "system")
	a.publish("system", 600, 1)
	a.backfill("system", nil)
	a.now = a.at.Add(time.Hour)
	a.begin(a.keys("h"))
	a.sees("in the archive, all levels")
	a.begin(a.keys("enter"))
	a.sees("▌12:0")
}
