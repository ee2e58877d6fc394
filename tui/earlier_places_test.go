package tui_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/tui"
)

// when is how the client is told the time of a line: they are a tenth of a second apart.
func when(line int) string {
	return start.Add(time.Duration(line) * 100 * time.Millisecond).Format("15:04:05.0")
}

// goTo goes to the time of a line.
func (a *archived) goTo(line int) {
	a.t.Helper()
	a.keys("T")
	a.press(when(line))
	a.does("enter")
}

func TestATimeFarBackIsLoadedFromTheArchive(t *testing.T) {
	volume.Check(t)
	for _, machines := range []int{1, 3} {
		t.Run(fmt.Sprint(machines), func(t *testing.T) {
			a := openArchived(t, 110, 24, tui.Config{}, "system")
			all := a.publish("system", 4000, machines)
			a.backfill("system", all[3900:])
			a.goTo(1800)
			if got := a.rows()[0]; !strings.Contains(got, "line 1800") {
				t.Fatalf("on the top line stands %q:\n%s", got, a.text())
			}
			// Up from there, and down, without a gap, to what is live.
			a.does("pgup")
			a.want("line 1799")
			a.goTo(1800)
			a.wantAll(800, 4000)
			a.wantNot("not loaded")

			// A time between what was loaded, and one above all.
			a.goTo(300)
			a.want("line 300")
			a.does("g")
			a.does("g")
			a.want("the archive begins here", "line 1")
			a.wantAll(1, 900)
		})
	}
}

func TestWhatIsNotLoadedIsARow(t *testing.T) {
	a := openArchived(t, 110, 24, tui.Config{}, "system")
	all := a.publish("system", 9000, 3)
	a.backfill("system", all[8900:])
	a.goTo(3000)
	a.keys("G")
	release := a.archive.Hold()
	for range 4 {
		a.begin(a.keys("pgup"))
	}
	a.want("records that came between are not loaded", "line 8901")
	a.wantNot("line 8900")
	a.keys("enter")
	a.wantNot("Gap")
	a.keys("esc")
	// Up from what is live, what comes right before that is loaded.
	at := a.lineOf("line 8905")
	release()
	a.rest()
	if a.lineOf("line 8905") != at || a.lineOf("line 8900") != at-5 {
		t.Fatalf("what was on line %d has moved:\n%s", at, a.text())
	}
	a.does("pgup")
	a.want("line 8890")
	a.wantNot("not loaded")
}

// lineOf is the line of the screen that has a text.
func (a *archived) lineOf(text string) int {
	return slices.IndexFunc(strings.Split(a.text(), "\n"), func(line string) bool { return strings.Contains(line, text) })
}

func TestALossInTheArchiveStandsInItsPlace(t *testing.T) {
	volume.Check(t)
	a := openArchived(t, 110, 24, tui.Config{}, "system")
	all := a.publish("system", 1500, 1)
	for range 7 {
		a.archive.Add("system", "vm-1", a.at, `"msg":"lost"`, true)
	}
	all = append(all, a.publish("system", 520, 1)...)
	a.backfill("system", all[2000:])
	a.goTo(1500)
	a.does("g")
	a.goTo(1500)
	a.want("7 records lost at vm-1 (archive): lost in the test")
	// One that no page begins or ends with is told by whoever comes next.
	b := openArchived(t, 110, 24, tui.Config{}, "system")
	all = b.publish("system", 400, 1)
	for range 5 {
		b.archive.Add("system", "vm-1", b.at, `"msg":"lost"`, true)
	}
	all = append(all, b.publish("system", 100, 1)...)
	b.backfill("system", all[400:])
	b.does("g")
	b.keys("k")
	b.want("5 records lost at vm-1 (archive): the archive does not have them", "line 401")
	b.keys("k")
	b.want("line 400")
	// It is no loss of what is live.
	b.want("0 dropped")
}

func TestOlderRecordsOfSeveralStreamsAreMerged(t *testing.T) {
	a := openArchived(t, 130, 24, tui.Config{}, "system+tenant/acme")
	var system, acme []stream.Record
	for i := range 1500 {
		if i%7 == 0 {
			acme = append(acme, a.publish("tenant/acme", 1, 2)...)
		} else {
			system = append(system, a.publish("system", 1, 2)...)
		}
	}
	a.backfill("", nil)
	live := slices.Concat(system[len(system)-60:], acme[len(acme)-10:])
	for i := range live {
		live[i].Backfill = true
	}
	a.take(&stream.Batch{Records: live, Notices: []stream.Notice{
		{Kind: stream.KindBackfill, Stream: "system", At: len(live)}, {Kind: stream.KindBackfill, Stream: "tenant/acme", At: len(live)},
	}})
	a.does("g")
	for range 2 {
		a.does("g")
	}
	a.want("the archive begins here")
	a.wantAll(1, 1500)
}

func TestOlderRecordsThatPassTheFilter(t *testing.T) {
	a := openArchived(t, 110, 24, tui.Config{}, "system")
	all := a.publish("system", 3000, 3)
	a.backfill("system", all[2900:])
	a.press("fmsg~\"50$\"\n")
	a.settle()
	a.does("g")
	a.does("g")
	a.want("line 50", "line 150", "the archive begins here")
	// A filter that shows more wants more, around the same record.
	a.goTo(1450)
	a.want("line 1450", "line 1550")
	a.begin(a.keys("0"))
	a.settle()
	a.rest()
	a.want("line 1449", "▌12:02:25.000", "line 1451")
	a.wantNot("line 1550")
}

func TestASearchGoesOnIntoTheArchive(t *testing.T) {
	a := openArchived(t, 110, 24, tui.Config{}, "system")
	all := a.publish("system", 5_000, 3)
	a.archive.Add("system", "vm-1", a.at.Add(-3000*time.Second), `"msg":"a needle"`, false)
	a.backfill("system", all[4_900:])
	a.press("/line (1|3)000$\n")
	a.settle()
	a.begin(a.keys("N"))
	a.settleReads()
	a.want("▌" + when(3_000))
	a.begin(a.keys("N"))
	a.settleReads()
	a.want("▌" + when(1_000))
	a.begin(a.keys("N"))
	a.settleReads()
	a.want("not in the archive, in")
	// Down again, as far as it is known.
	a.keys("n")
	a.settle()
	a.want("▌" + when(3_000))
	a.keys("n")
	a.settle()
	a.want("no match below")
}

func TestASearchInTheArchiveIsStopped(t *testing.T) {
	a := openArchived(t, 110, 24, tui.Config{}, "system")
	all := a.publish("system", 500, 3)
	a.backfill("system", all[400:])
	release := a.archive.Hold()
	a.press("/nowhere at all\n")
	a.settle()
	a.begin(a.keys("N"))
	a.want("searching the archive…")
	a.keys("esc")
	a.rest()
	release()
	a.want("stopped")
	a.wantNot("searching")
}

// settleReads carries out what the model begins by itself, too.
func (a *archived) settleReads() {
	a.t.Helper()
	a.settleUnread()
	a.rest()
}

// settleUnread begins what the model begins by itself, too, and does not wait for that.
func (a *archived) settleUnread() {
	a.woken = true
	for a.woken || a.awake.Load() || tui.Busy(a.model) {
		a.woken = false
		a.begin(a.send(tui.TakeMsg))
	}
}

func TestAnErrorIsLookedForInTheArchive(t *testing.T) {
	a := openArchived(t, 110, 24, tui.Config{}, "system")
	a.publish("system", 500, 1)
	a.n++
	a.at = a.at.Add(100 * time.Millisecond)
	a.archive.Add("system", "vm-1", a.at, `"level":50,"msg":"line 501"`, false)
	all := a.publish("system", 3000, 1)
	a.backfill("system", all[2900:])
	a.does("E")
	a.want("▌" + when(501))
	a.does("E")
	a.want("not in the archive, in")
	a.keys("e")
	a.want("no error after this one")
}

func TestWhatIsLoadedIsBounded(t *testing.T) {
	volume.Check(t)
	a := openArchived(t, 110, 24, tui.Config{Records: 8_000}, "system")
	all := a.publish("system", 5_000, 1)
	a.backfill("system", all[4_900:])
	a.does("g")
	for range 3 {
		a.does("g")
	}
	if n, _ := tui.Held(a.model); n > 2000+1000+100 {
		t.Fatalf("%d records are held, of 2,000 that may be loaded", n)
	}
	a.wantAll(901, 5_000)
}

func TestRowsStandStillWhileLiveOnesGo(t *testing.T) {
	a := openArchived(t, 110, 24, tui.Config{Records: 1600}, "system")
	all := a.publish("system", 500, 1)
	a.backfill("system", all[400:])
	a.does("g")
	a.keys("k", "k")
	before := a.rows()
	for range 6 {
		live := a.publish("system", 300, 1)
		a.now = a.at
		a.take(&stream.Batch{Records: live})
	}
	for i, row := range a.rows() {
		if row != before[i] {
			t.Fatalf("row %d became %q, was %q", i, row, before[i])
		}
	}
	// What was let go meanwhile comes again from the archive.
	a.wantAll(201, 2_300)
}

// Where the archive begins is of the time of the oldest row, as all rows are of theirs.
func TestTheBeginningIsOfItsTime(t *testing.T) {
	a := openArchived(t, 110, 24, tui.Config{}, "system")
	a.backfill("system", a.publish("system", 1000, 3))
	a.does("g")
	a.does("g")
	a.want("▌" + when(1) + "00 ── the archive begins here")
}

func TestPanesThatAreLockedInTimeGoIntoTheArchiveTogether(t *testing.T) {
	a := openArchived(t, 160, 24, tui.Config{}, "system", "tenant/acme")
	for _, name := range []string{"system", "tenant/acme"} {
		all := a.publish(name, 3000, 1)
		a.backfill(name, all[2900:])
		a.at, a.n = start, 0 // the other one says the same at the same times
	}
	a.keys("=")
	a.goTo(700)
	a.settleReads()
	both := regexp.MustCompile(`line 700\b.*▌.*line 700\b`)
	if row := lineWith(a.text(), "▌"+when(700)); !both.MatchString(row) {
		t.Fatalf("the panes are not at one time:\n%s", a.text())
	}
	a.keys("G")
	a.want("line 3000")
}
