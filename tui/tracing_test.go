package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui"
)

// requests takes the records of two requests into two streams, mixed with others.
func (s *screen) requests() {
	s.t.Helper()
	b := &stream.Batch{}
	add := func(name, source, fields string) { b.Records = append(b.Records, s.record(name, source, fields)) }
	add("system", "vm-1", `"level":30,"msg":"began","req_id":"r-17"`)
	add("tenant/acme", "vm-2", `"level":30,"msg":"asked","ctx":{"req_id":"r-17"}`)
	add("tenant/acme", "vm-2", `"level":30,"msg":"of another","req_id":"r-18"`)
	add("system", "vm-3", `"level":50,"msg":"failed","req_id":"r-17","tries":3`)
	add("system", "vm-3", `"level":30,"msg":"gave r-17 up"`)
	add("tenant/acme", "vm-1", `"level":30,"msg":"not of it","job":"r-171"`)
	s.take(b)
}

// steps are the messages on the screen among some, from the top.
func (s *screen) steps(messages ...string) (found []string) {
	for line := range strings.SplitSeq(s.text(), "\n") {
		for _, m := range messages {
			if strings.Contains(line, " "+m+" ") || strings.HasSuffix(line, " "+m) {
				found = append(found, m)
			}
		}
	}
	return found
}

var allSteps = []string{"began", "asked", "of another", "failed", "gave r-17 up", "not of it", "later"}

func (s *screen) wantSteps(want ...string) {
	s.t.Helper()
	if got := s.steps(allSteps...); !slices.Equal(got, want) {
		s.t.Fatalf("the steps are %q, want %q:\n%s", got, want, s.text())
	}
}

func TestAValueIsFollowedEverywhere(t *testing.T) {
	s := open(t, 140, 24, tui.Config{}, "system", "tenant/acme")
	s.requests()
	s.keys("g")
	before := s.text()
	s.keys("a") // of the fields of the record one is an identifier
	s.want("req_id=r-17", "3 steps in 300 ms, 2 streams, 3 machines", "+100 ms", "+200 ms", "a in any field")
	s.wantSteps("began", "asked", "failed")

	// What comes, comes.
	s.now = start.Add(time.Second)
	b := &stream.Batch{Records: []stream.Record{
		s.record("tenant/acme", "vm-1", `"level":30,"msg":"later","req_id":"r-17"`),
		s.record("tenant/acme", "vm-1", `"level":30,"msg":"of another","req_id":"r-19"`),
	}, Notices: []stream.Notice{
		{At: 1, Kind: stream.KindGap, Time: start.Add(750 * time.Millisecond), Stream: "tenant/acme", Source: "vm-1", Count: 5, Hop: "consolidator", Reason: "reader too slow"},
	}}
	s.take(b)
	s.wantSteps("began", "asked", "failed", "later")
	s.want("4 steps in 600 ms", "acme: 5 records lost")

	// Any field, and back.
	s.keys("a")
	s.want("r-17 in any field", "a only req_id")
	s.wantSteps("began", "asked", "failed", "gave r-17 up", "later")
	s.keys("a")
	s.wantSteps("began", "asked", "failed", "later")

	// A step is opened, and left; and so is the trace.
	s.keys("g", "j", "enter")
	s.want("one record", "asked")
	s.keys("esc")
	s.wantSteps("began", "asked", "failed", "later")
	s.keys("esc")
	s.wantNot("req_id=r-17 ·", "steps")
	if now := s.line(1); now[:60] != strings.Split(before, "\n")[1][:60] {
		t.Fatalf("it returned to\n%s\nfrom\n%s", s.text(), before)
	}
	if len(s.feed.stops) != 0 {
		t.Fatalf("%q were stopped", s.feed.stops)
	}
}

func TestAFieldOfAnOpenRecordIsFollowed(t *testing.T) {
	s := open(t, 140, 24, tui.Config{}, "system", "tenant/acme")
	s.requests()
	s.keys("g", "j", "enter") // failed
	s.want("failed")
	for range 20 {
		if strings.Contains(s.text(), "▌") && strings.Contains(lineWith(s.text(), "▌"), "tries") {
			break
		}
		s.keys("j")
	}
	s.keys("a")
	s.want("tries=3", "1 step")
	s.wantSteps("failed")
	s.keys("esc")
	s.want("one record", "failed") // where one was
	s.keys("g", "a")
	s.want("no field is here whose value can be followed")
}

// lineWith is the first line that has a text.
func lineWith(screen, text string) string {
	for line := range strings.SplitSeq(screen, "\n") {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

func TestTheFieldToFollowIsAskedFor(t *testing.T) {
	s := open(t, 140, 24, tui.Config{}, "system")
	s.requests()
	s.keys("a") // gave up: no field is an identifier
	s.want("Follow which value everywhere?", "hostname")
	s.keys("esc")
	s.wantNot("Follow which")
	s.lines("tenant/none", 1)
	s.keys("g", "a")
	s.want("req_id=r-17", "2 steps")
	s.keys("c") // closes it, as any pane
	s.wantNot("2 steps")
	s = open(t, 140, 24, tui.Config{}, "system")
	s.keys("a")
	s.want("no record is here whose values can be followed")
}

// A trace holds what it has found, and says what it cannot know.
func TestATraceOutlivesEviction(t *testing.T) {
	s := open(t, 140, 24, tui.Config{Records: 1000}, "system", "tenant/acme")
	s.requests()
	s.keys("g", "a")
	s.wantSteps("began", "asked", "failed")
	for range 20 {
		s.flood("system", 200)
	}
	s.wantSteps("began", "asked", "failed")
	s.want("3 steps in 300 ms")
	s.wantNot("let go before")
	s.keys("esc")
	b := &stream.Batch{Records: []stream.Record{s.record("system", "vm-1", `"level":30,"msg":"began","req_id":"r-17"`)}}
	s.take(b)
	s.keys("G", "a")
	s.want("2 steps", "unknown: 3,009 records let go before")
}

func TestATraceGoesOnWithoutItsPanes(t *testing.T) {
	s := open(t, 140, 24, tui.Config{}, "system", "tenant/acme")
	s.requests()
	s.keys("g", "a")
	s.keys("1", "c", "2") // the pane of system is closed
	if len(s.feed.stops) != 0 {
		t.Fatalf("%q were stopped, and the trace reads them", s.feed.stops)
	}
	// A stream that is opened later is looked through, too.
	s.keys("o", "tenant/new", "enter")
	b := &stream.Batch{Records: []stream.Record{
		s.record("system", "vm-1", `"level":30,"msg":"later","req_id":"r-17"`),
		s.record("tenant/new", "vm-1", `"level":30,"msg":"later","req_id":"r-17"`),
	}}
	s.take(b)
	s.keys("2")
	s.want("5 steps", "3 streams")
	s.keys("esc")
	if !slices.Equal(s.feed.stops, []string{"system"}) {
		t.Fatalf("%q were stopped", s.feed.stops)
	}
}

func TestATraceIsNotSaved(t *testing.T) {
	s := open(t, 140, 24, tui.Config{}, "system", "tenant/acme")
	s.requests()
	s.keys("g", "a")
	path := folder(t) + "/layout.toml"
	if err := tui.SaveLayout(s.model, path); err != nil {
		t.Fatal(err)
	}
	all, err := tui.LoadLayouts(path)
	if err != nil || len(all[0].Panes) != 2 {
		t.Fatalf("%+v is saved: %v", all, err)
	}
}

// The real terminal: one request over two streams and three machines.
func TestATraceInATerminal(t *testing.T) {
	term := startWith(t, tui.Config{Streams: []string{"system", "tenant/acme"}})
	at := time.Now()
	b := &stream.Batch{}
	for i, r := range [][2]string{{"system", "vm-1"}, {"tenant/acme", "vm-2"}, {"system", "vm-3"}} {
		for j, id := range []string{"r-17", "r-18"} {
			stamp := at.Add(time.Duration(i*20+j) * time.Millisecond).UTC().Format("2006-01-02T15:04:05.000Z")
			b.Records = append(b.Records, stream.Record{
				Stream: r[0], Source: r[1], Arrived: at.UnixNano(), Backfill: true,
				Data: fmt.Appendf(nil, `{"v":0,"level":30,"time":%q,"msg":"step %d of %s","req_id":%q}`, stamp, i, id, id),
			})
		}
	}
	term.feed.put(b)
	term.waitForText("step 2 of r-18")
	term.press("g")
	term.waitForText("SCROLLED")
	term.press("a")
	term.waitFor("the trace", func(screen string) bool {
		return strings.Contains(screen, "3 steps in 40 ms") && strings.Contains(screen, "+20 ms") && !strings.Contains(screen, "of r-18")
	})
	term.press("\x1b")
	term.waitForText("of r-18")
	term.press("q")
	if err := term.end(); err != nil {
		t.Fatal(err)
	}
}
