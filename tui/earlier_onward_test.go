package tui_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/tui"
)

// A client that stands at line 1,800 of 6,000, of which the consolidators have the last
// hundred: what is between is not loaded.
func standingBefore(t *testing.T, config tui.Config, machines int) *archived {
	a := openArchived(t, 110, 24, config, "system")
	all := a.publish("system", 6_000, machines)
	a.backfill("system", all[5_900:])
	a.goTo(1_800)
	a.want("line 1800")
	return a
}

// looks presses a key that looks for something, and waits until that is over.
func (a *archived) looks(key string) {
	a.t.Helper()
	a.begin(a.keys(key))
	a.settleReads()
}

func TestASearchGoesOnAcrossWhatIsNotLoaded(t *testing.T) {
	volume.Check(t)
	for _, config := range []tui.Config{{}, {Records: 1600}} {
		for _, machines := range []int{1, 3} {
			t.Run(fmt.Sprint(config.Records, " ", machines), func(t *testing.T) {
				a := standingBefore(t, config, machines)
				a.press("/line (1850|4444|5950)$\n")
				a.settle()
				for _, line := range []int{1850, 4444, 5950} {
					if line > 1850 {
						a.looks("n")
					}
					a.want("▌" + when(line))
				}
				a.looks("n")
				a.want("no match below this one", "▌"+when(5950))
				// Back again, by what lies between.
				a.looks("N")
				a.want("▌" + when(4444))
				a.looks("n")
				a.want("▌" + when(5950))
			})
		}
	}
}

// What is around a match that was found far away is loaded as what is around any other row.
func TestAMatchAcrossTheSeamHasNeighbours(t *testing.T) {
	a := standingBefore(t, tui.Config{Records: 1600}, 3)
	a.press("/line (1850|4444)$\n")
	a.settle()
	a.looks("n")
	a.want("▌" + when(4444))
	a.looks("esc")
	up, down := 4444, 4444
	for up > 4200 {
		a.does("pgup")
		for _, n := range a.shown() {
			if n == fmt.Sprint(up-1) {
				up--
			}
		}
		shown := a.shown()
		for i := 1; i < len(shown); i++ {
			if number(t, shown[i]) != number(t, shown[i-1])+1 {
				t.Fatalf("line %s stands below line %s:\n%s", shown[i], shown[i-1], a.text())
			}
		}
		if up = min(up, number(t, shown[0])); up > 4443 {
			t.Fatalf("nothing comes above line %d:\n%s", up, a.text())
		}
	}
	for down < 6000 {
		was := down
		a.does("pgdown")
		shown := a.shown()
		for i := 1; i < len(shown); i++ {
			if number(t, shown[i]) != number(t, shown[i-1])+1 {
				t.Fatalf("line %s stands below line %s:\n%s", shown[i], shown[i-1], a.text())
			}
		}
		if down = max(down, number(t, shown[len(shown)-1])); down == was && was > 4500 {
			t.Fatalf("nothing comes below line %d:\n%s", down, a.text())
		}
	}
}

func number(t *testing.T, text string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A search that is typed finds what is between first, once it is kept.
func TestATypedSearchDoesNotLeapOverWhatIsNotLoaded(t *testing.T) {
	a := standingBefore(t, tui.Config{}, 3)
	a.press("/line (4444|5950)$")
	a.settle()
	a.want("▌" + when(5950))
	a.looks("enter")
	a.want("▌" + when(4444))
	a.goTo(1800)
	a.press("/line (4445|5950)$")
	a.begin(a.keys("enter")) // perhaps before it is known
	a.settleReads()
	a.want("▌" + when(4445))
}

// What a filter leaves out is no match, between what was loaded and what is held either.
func TestASearchAcrossTheSeamKeepsToTheFilter(t *testing.T) {
	a := standingBefore(t, tui.Config{}, 3)
	a.press("fmsg~\"0$\"\n")
	a.settle()
	a.settleReads()
	a.press("/line (1850|444[0-9]|5950)$\n")
	a.settle()
	a.want("▌" + when(1850))
	a.looks("n")
	a.want("▌" + when(4440))
	a.looks("n")
	a.want("▌" + when(5950))
}

func TestASearchAcrossTheSeamIsStoppedAndFails(t *testing.T) {
	a := standingBefore(t, tui.Config{}, 3)
	a.press("/line (1850|5950)$\n")
	a.settle()
	a.want("▌" + when(1850))
	release := a.archive.Hold()
	a.begin(a.keys("n"))
	a.settleUnread()
	a.want("searching the archive…")
	a.keys("esc")
	release()
	a.archive.Fail(errors.New("archive nats://127.0.0.1:5554: it is away"))
	a.rest()
	a.looks("n")
	a.want("it is away", "▌"+when(1850))
	a.archive.Fail(nil)
	a.looks("n")
	a.want("▌" + when(5950))
}

func TestAnErrorIsLookedForAcrossTheSeam(t *testing.T) {
	a := openArchived(t, 110, 24, tui.Config{}, "system")
	a.publish("system", 4000, 3)
	a.n++
	a.at = a.at.Add(100 * time.Millisecond)
	a.archive.Add("system", "vm-2", a.at, `"level":50,"msg":"line 4001"`, false)
	all := a.publish("system", 1998, 3)
	a.n++
	a.at = a.at.Add(100 * time.Millisecond)
	all = append(all, a.archive.Add("system", "vm-1", a.at, `"level":50,"msg":"line 6000"`, false))
	all = append(all, a.publish("system", 50, 3)...)
	a.backfill("system", all[1900:])
	a.goTo(1800)
	a.looks("e")
	a.want("▌" + when(4001))
	a.looks("e")
	a.want("▌" + when(6000))
	a.looks("e")
	a.want("no error after this one")
	a.looks("E")
	a.want("▌" + when(4001))
}

// What was let go while a search went on is searched, too.
func TestASearchAcrossTheSeamMissesNothingThatIsLetGo(t *testing.T) {
	a := openArchived(t, 110, 24, tui.Config{Records: 1600}, "system")
	all := a.publish("system", 6_000, 1)
	a.backfill("system", all[5_900:])
	a.goTo(1_800)
	a.press("/line (1850|5950)$\n")
	a.settle()
	a.want("▌" + when(1850))
	release := a.archive.Hold()
	a.begin(a.keys("n"))
	a.settleUnread()
	a.want("searching the archive…")
	for range 8 { // line 5950 is let go
		live := a.publish("system", 300, 1)
		a.now = a.at
		a.take(&stream.Batch{Records: live})
	}
	release()
	a.settleReads()
	if got := a.text(); !strings.Contains(got, "▌"+when(5950)) {
		t.Fatalf("line 5950 is not under the cursor:\n%s", got)
	}
}
