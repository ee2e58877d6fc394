package tui_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui"
)

// appear adds streams to those that are live, and lets the client see them after a while.
func (s *screen) appear(after time.Duration, streams ...string) {
	s.t.Helper()
	for _, name := range streams {
		s.feed.live = append(s.feed.live, stream.Live{Name: name, Sources: 1})
	}
	s.now = s.now.Add(after)
	s.second()
	s.settle()
}

func (s *screen) wantTails(want ...string) {
	s.t.Helper()
	if !slices.Equal(s.feed.tails, want) {
		s.t.Fatalf("tails are %q, want %q", s.feed.tails, want)
	}
}

func TestAPatternFollowsStreamsThatAppear(t *testing.T) {
	s := open(t, 100, 24, tui.Config{Last: 10}, "tenant/*")
	s.wantTails("tenant/acme", "tenant/acme-staging", "tenant/globex")
	s.want("tenant/* · 3 streams")
	if !s.feed.watching {
		t.Fatal("the live streams are not watched")
	}
	// What is listed soon after is one of those that were there.
	s.appear(time.Second, "tenant/slow")
	s.want("4 streams")
	s.wantNot("appeared")
	s.appear(4*time.Second, "tenant/new", "other")
	s.wantTails("tenant/acme", "tenant/acme-staging", "tenant/globex", "tenant/slow", "tenant/new")
	s.want("tenant/* · 5 streams", "tenant/new: appeared")
	if last := s.feed.from["tenant/new"].Last; last < 1<<20 {
		t.Fatalf("of a stream that has appeared %d records are asked for", last)
	}
	if last := s.feed.from["tenant/slow"].Last; last != 10 {
		t.Fatalf("of a stream that was there %d records are asked for", last)
	}

	fresh := s.record("tenant/new", "vm-1", `"level":30,"msg":"hello from it"`)
	old := s.record("tenant/new", "vm-1", `"level":30,"msg":"of another life"`)
	old.Data = []byte(`{"v":0,"level":30,"time":"2026-03-04T09:00:00.000Z","msg":"of another life"}`)
	fresh.Backfill, old.Backfill = true, true
	s.take(&stream.Batch{Records: []stream.Record{old, fresh}, Notices: []stream.Notice{
		{At: 2, Kind: stream.KindGap, Time: s.now, Stream: "tenant/new", Source: "vm-1", Count: 7, Hop: "consolidator", Reason: "reader too slow"},
	}})
	s.want("hello from it", "new: 7 records lost")
	s.wantNot("of another life")

	s.keys("c", "esc")
	if len(s.feed.stops) != 5 || s.feed.watching {
		t.Fatalf("after the pane was closed %q were stopped, watching %t", s.feed.stops, s.feed.watching)
	}
}

func TestAPatternTellsOfStreamsThatEnd(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "tenant/*")
	all := slices.Clone(s.feed.live)
	s.now = s.now.Add(10 * time.Second)
	s.feed.live = slices.DeleteFunc(slices.Clone(all), func(l stream.Live) bool { return l.Name != "tenant/globex" })
	s.second()
	s.settle()
	s.want("3 streams, 2 ended", "tenant/acme, tenant/acme-staging: have had no record for a minute")
	// What becomes of streams in quick succession is told together.
	s.feed.live = all
	s.appear(time.Second, "tenant/a", "tenant/b")
	s.wantNot("has records again", "have records again", "appeared")
	s.appear(5*time.Second, "tenant/c", "tenant/d")
	s.want("7 streams", "tenant/a, tenant/b, tenant/c and 1 more: appeared", "tenant/acme, tenant/acme-staging: have records again")
	s.wantNot("ended")
	// Of a source that is away nobody knows which streams it has.
	s.feed.sources[0].State = stream.StateLost
	s.feed.live = nil
	s.now = s.now.Add(10 * time.Second)
	s.woken = true
	s.settle()
	s.second()
	s.settle()
	s.want("7 streams + unknown")
	s.wantNot("ended")
	s.keys("G", "k", "enter")
	s.want("Streams", "follows those that appear")
}

func TestAPatternFollowsSoManyStreams(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "job/*")
	var jobs []string
	for i := range 300 {
		jobs = append(jobs, fmt.Sprintf("job/%03d", i))
	}
	s.appear(time.Second, jobs...)
	s.want("256 of 300 streams")
	if len(s.feed.tails) != 256 {
		t.Fatalf("%d streams are followed", len(s.feed.tails))
	}
	// One that has ended gives its place to one that has none.
	s.feed.live = slices.DeleteFunc(s.feed.live, func(l stream.Live) bool { return l.Name == "job/007" })
	s.appear(10 * time.Second)
	s.appear(10 * time.Second)
	s.want("256 of 299 streams")
	if !slices.Equal(s.feed.stops, []string{"job/007"}) || s.feed.tails[256] != "job/256" {
		t.Fatalf("%q were stopped, and the last that was followed is %q", s.feed.stops, s.feed.tails[256])
	}
}

func TestAPatternBesideNames(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, `system+tenant/*+a\+b+x\*y`)
	s.wantTails("system", "a+b", "x*y", "tenant/acme", "tenant/acme-staging", "tenant/globex")
	// A stream that another pane has is taken from there.
	s.lines("system", 3)
	s.keys("o", "ctrl+a")
	s.keys("esc", "o", "sys*", "enter")
	s.want("sys* · 1 stream", "line 3")
	if len(s.feed.tails) != 6 {
		t.Fatalf("tails are %q", s.feed.tails)
	}
	s.keys("c")
	if len(s.feed.stops) != 0 {
		t.Fatalf("%q were stopped, and a pane has them", s.feed.stops)
	}
	// What stands for one name alone is that stream.
	s = open(t, 100, 24, tui.Config{}, `x\*y`)
	s.wantTails("x*y")
	s.want("x*y")
	s.wantNot("x*y ·", "1 stream")
}

func TestThePickerOpensPatterns(t *testing.T) {
	s := open(t, 100, 24, tui.Config{})
	s.keys("o", "backspace", "tenant/*")
	s.want("tenant/*", "all that match, and new ones", "3 of 5 live", "tenant/globex")
	s.wantNot("system")
	s.keys("enter")
	s.want("tenant/* · 3 streams")
	// Chosen again it is gone to.
	s.keys("o", "tenant/*", "enter")
	s.want(" 1 tenant/*")
	s.wantNot(" 2 tenant/*")
	s.keys("o", "?ystem", "down", "enter")
	s.want("2 system")
}

func TestThePickerMarksAllThatMatch(t *testing.T) {
	s := open(t, 120, 24, tui.Config{})
	s.keys("acme", "ctrl+a")
	s.want("◆ tenant/acme ", "◆ tenant/acme-staging", "enter merges 2")
	s.keys("ctrl+a")
	s.wantNot("◆")
	s.keys("ctrl+a", "enter")
	s.want("tenant/acme + tenant/acme-staging")

	for i := range 100 {
		s.feed.live = append(s.feed.live, stream.Live{Name: fmt.Sprintf("job/%03d", i)})
	}
	s.keys("o", "job")
	s.second()
	s.keys("ctrl+a")
	s.want("enter merges 64", "64 are marked, of 100: one pane merges no more")
}

func TestPatternsAreRestored(t *testing.T) {
	path := filepath.Join(folder(t), "layout.toml")
	s := open(t, 100, 24, tui.Config{}, "system", "tenant/*+audit")
	if err := tui.SaveLayout(s.model, path); err != nil {
		t.Fatal(err)
	}
	all, err := tui.LoadLayouts(path)
	if err != nil {
		t.Fatal(err)
	}
	s = open(t, 100, 24, tui.Config{})
	tui.Restore(s.model, all[0].Layout)
	s.second()
	s.wantTails("system", "audit", "tenant/acme", "tenant/acme-staging", "tenant/globex")
	s.want("tenant/* + audit · 4 streams")
	for _, bad := range []string{
		"[[pane]]\n", "[[pane]]\nfollow = [\"a\\\\\"]\n", "[[pane]]\nfollow = [\"\"]\n", "[[pane]]\nstreams = [\"a\"]\nfollow = [\"b*\"]\n",
	} {
		if _, err := tui.ParseLayouts([]byte(bad)); err == nil {
			t.Errorf("%q is taken for a layout", bad)
		}
	}
}

func TestAPatternWithoutStreamsSaysSo(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "job/*")
	s.want("No live stream matches job/* yet", "0 streams")
	s.feed.sources[2].State = stream.StateUnknown
	s.woken = true
	s.settle()
	s.want("No stream is known yet that matches job/*: vm-3 is not heard of", "0 streams + unknown")
}

// The real terminal: a pane of a pattern, into which a stream comes that was not there.
func TestAPatternInATerminal(t *testing.T) {
	term := startWith(t, tui.Config{Streams: []string{"tenant/*"}})
	term.waitForText("3 streams")
	b := &stream.Batch{Records: []stream.Record{{
		Stream: "tenant/acme", Source: "vm-1", Arrived: time.Now().UnixNano(), Data: []byte(`{"v":0,"level":30,"msg":"one of acme"}`),
	}}}
	for _, name := range term.feed.tailed() {
		b.Notices = append(b.Notices, stream.Notice{At: 1, Kind: stream.KindBackfill, Stream: name})
	}
	term.feed.put(b)
	term.waitForText("one of acme")
	term.press("o")
	term.waitForText("type to search")
	term.press("tenant/ac*")
	term.waitForText("all that match, and new ones")
	term.press("\r")
	term.waitForText("tenant/ac* · 2 streams")
	term.waitFor("the record in both", func(screen string) bool { return strings.Count(screen, "one of acme") == 2 })
	term.press("q")
	if err := term.end(); err != nil {
		t.Fatal(err)
	}
}
