package tui_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/tui"
	"sluice/tui/internal/testarchive"
)

// archived is a client with an archive, whose commands are carried out.
type archived struct {
	*screen
	archive *testarchive.Archive
	at      time.Time // when the next record is published
	n       int

	messages chan tea.Msg // of what was read
}

func openArchived(t testing.TB, w, h int, config tui.Config, streams ...string) *archived {
	a := &archived{archive: testarchive.New(), at: start, messages: make(chan tea.Msg, 16)}
	config.Archive = a.archive
	a.screen = open(t, w, h, config, streams...)
	return a
}

// publish publishes records, a tenth of a second apart, at machines in turn; it returns
// those that are kept by the consolidators: the newest.
func (a *archived) publish(name string, n, machines int) []stream.Record {
	var all []stream.Record
	for range n {
		a.n++
		a.at = a.at.Add(100 * time.Millisecond)
		all = append(all, a.archive.Add(name, fmt.Sprintf("vm-%d", a.n%machines+1), a.at, fmt.Sprintf(`"msg":"line %d"`, a.n), false))
	}
	return all
}

// backfill takes records as the backfill of a stream.
func (a *archived) backfill(name string, records []stream.Record) {
	records = slices.Clone(records)
	for i := range records {
		records[i].Backfill = true
	}
	a.now = a.at
	a.take(&stream.Batch{Records: records, Notices: []stream.Notice{{Kind: stream.KindBackfill, Stream: name, At: len(records)}}})
}

// does presses a key and waits until what it has had read is shown.
func (a *archived) does(key string) {
	a.t.Helper()
	a.begin(a.keys(key))
	a.rest()
}

// rest waits until what is read is shown.
func (a *archived) rest() {
	a.t.Helper()
	wait.For(a.t, "what is read is shown", func() bool {
		for {
			select {
			case msg := <-a.messages:
				a.begin(a.send(msg))
				for a.woken || a.awake.Load() || tui.Busy(a.model) {
					a.woken = false
					a.begin(a.send(tui.TakeMsg))
				}
			default:
				return !tui.Reading(a.model)
			}
		}
	})
}

// begin carries a command out, beside the test.
func (a *archived) begin(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case tea.BatchMsg:
			for _, c := range msg {
				a.begin(c)
			}
		default:
			if tui.IsRead(msg) {
				a.messages <- msg
			}
		}
	}()
}

var lineNumber = regexp.MustCompile(`line (\d+)`)

// shown are the numbers of the lines on the screen.
func (a *archived) shown() []string {
	var all []string
	for _, row := range a.rows() {
		if m := lineNumber.FindStringSubmatch(row); m != nil {
			all = append(all, m[1])
		}
	}
	return all
}

func TestOlderRecordsAreLoadedAboveTheOldest(t *testing.T) {
	for _, machines := range []int{1, 3} {
		t.Run(fmt.Sprint(machines), func(t *testing.T) {
			a := openArchived(t, 100, 24, tui.Config{}, "system")
			all := a.publish("system", 2500, machines)
			a.backfill("system", all[2400:])
			a.does("g")
			// The row on the screen has not moved, and older ones stand above it.
			if got := a.rows()[0]; !strings.Contains(got, "line 2401") {
				t.Fatalf("on the top line stands %q", got)
			}
			a.keys("k")
			if got := a.rows()[0]; !strings.Contains(got, "line 2400") {
				t.Fatalf("above line 2401 stands %q", got)
			}
			a.does("g")
			a.want("line 1401")
			a.does("g")
			a.does("g")
			a.want("the archive begins here", "line 1")
			reads := len(a.archive.Reads())
			a.does("k")
			a.does("g")
			if more := len(a.archive.Reads()) - reads; more > 0 {
				t.Fatalf("what is not there was asked for %d times", more)
			}
			// Each record is there once, in its order.
			a.wantAll(1, 2500)
			a.keys("G")
			a.want("following")
		})
	}
}

// wantAll goes down from the top of what is loaded, and wants lines one after the other.
func (a *archived) wantAll(from, to int) {
	a.t.Helper()
	a.does("g")
	next := from
	for next <= to {
		was := next
		for _, n := range a.shown() {
			switch {
			case n == fmt.Sprint(next):
				next++
			case n >= fmt.Sprint(next) && len(n) >= len(fmt.Sprint(next)):
				a.t.Fatalf("line %s comes where line %d is wanted:\n%s", n, next, a.text())
			}
		}
		if next == was {
			a.t.Fatalf("line %d does not come:\n%s", next, a.text())
		}
		if next <= to {
			a.does("pgdown")
		}
	}
}

func TestKeysAreAnsweredWhileOlderRecordsAreLoaded(t *testing.T) {
	a := openArchived(t, 100, 24, tui.Config{}, "system")
	all := a.publish("system", 500, 1)
	a.backfill("system", all[400:])
	release := a.archive.Hold()
	a.begin(a.keys("g"))
	a.want("loading older records…", "line 401")
	a.keys("j", "j")
	a.want("▌12:00:40.300")
	a.keys("esc")
	a.rest() // although the archive answers nothing
	a.wantNot("loading", "line 400")
	release()
	a.does("g")
	a.does("k")
	a.want("line 400")
}

func TestWhyOlderRecordsAreNotLoaded(t *testing.T) {
	a := openArchived(t, 120, 24, tui.Config{}, "system")
	all := a.publish("system", 500, 1)
	a.backfill("system", all[400:])
	a.archive.Fail(errors.New("archive nats://127.0.0.1:5554: it is away"))
	a.does("g")
	a.want("older records cannot be loaded: archive nats://127.0.0.1:5554: it is away", "line 401")
	a.archive.Fail(nil)
	a.does("k")
	a.wantNot("line 400") // it was asked a moment ago
	a.now = a.now.Add(3 * time.Second)
	a.does("k")
	a.does("k")
	a.want("line 400")

	none := open(t, 120, 24, tui.Config{}, "system")
	none.lines("system", 10)
	none.keys("g")
	none.wantNot("--archive")
	none.keys("pgup")
	none.want("this is the oldest record here", "--archive")
}
