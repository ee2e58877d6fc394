package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/tui"
)

// waits until the screen says all of something.
func (s *screen) waits(parts ...string) {
	s.t.Helper()
	shown := func() bool {
		s.send(tui.TakeMsg)
		for _, part := range parts {
			if !strings.Contains(s.text(), part) {
				return false
			}
		}
		return true
	}
	if !wait.Until(shown) {
		s.t.Fatalf("%q is not on the screen:\n%s", parts, s.text())
	}
}

// strip is the lines of the timeline from the bottom: 0 has its times.
func (s *screen) strip(i int) string { return s.line(s.h - 2 - i) }

// A thousand records, a tenth of a second apart, of which the last hundred has errors.
func timelineOf(t *testing.T, w, h int) *screen {
	s := open(t, w, h, tui.Config{}, "system")
	b := &stream.Batch{}
	for i := range 1000 {
		level := 30
		if i >= 900 && i%10 == 0 {
			level = 50
		}
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":%d,"msg":"line %d"`, level, i)))
		if i == 500 {
			b.Notices = append(b.Notices, stream.Notice{At: len(b.Records), Kind: stream.KindGap, Time: start.Add(50 * time.Second), Stream: "system", Source: "vm-1", Count: 7, Hop: "consolidator", Reason: "reader too slow"})
		}
	}
	s.take(b)
	s.now = start.Add(2 * time.Minute)
	return s
}

func TestTimeline(t *testing.T) {
	s := timelineOf(t, 100, 30)
	s.keys("h")
	s.waits("Timeline  12:01:40 +2s: 1 record ", "╵12:00:00")
	if at := strings.Index(s.strip(1), "!"); at < 0 || strings.Count(s.strip(1), "E") != 5 {
		t.Fatalf("the signs are %q", s.strip(1))
	}
	place := func() int { return len([]rune(s.strip(0)[:strings.Index(s.strip(0), "▲")])) }
	if at := place(); at != 51 {
		t.Fatalf("the newest row is in column %d: %q", at, s.strip(0))
	}
	// The cursor moves by columns, and enter goes there; the place shows where that is.
	s.keys("h", "h", "left")
	s.waits("12:01:34 +2s: 20 records, 2 error")
	s.keys("enter")
	if got := s.cursorRow(); got != "line 939" {
		t.Fatalf("the cursor is on %q", got)
	}
	if at := place(); at != 48 {
		t.Fatalf("the row is in column %d", at)
	}
	// Keys of the pane go to the pane, and the cursor follows them.
	s.keys("g")
	s.waits("Timeline  12:00:00 +2s: 19 records")
	if at := place(); at != 1 {
		t.Fatalf("the oldest row is in column %d", at)
	}
	// A search is drawn into it.
	s.keys("/", "line 9..$", "enter")
	wait.For(t, "matches in six columns", func() bool {
		s.send(tui.TakeMsg)
		return strings.Count(s.text(), "▪") == 6
	})
	// So is a filter.
	s.keys("f", "level>=error", "enter")
	s.waits("12:01:30 +1s: 1 record, 1 error")
	s.keys("backspace", "0")
	s.waits("+2s")
	s.keys("x")
	s.want("x does nothing here: esc leaves the timeline")
	s.keys("esc")
	s.wantNot("Timeline")
}

// Zooming keeps the time under the cursor in its column; 0 shows all again.
func TestZoomingTheTimeline(t *testing.T) {
	s := timelineOf(t, 100, 30)
	s.keys("h")
	s.waits("+2s")
	s.keys("h", "h", "h", "h", "h")
	s.waits("12:01:30 +2s")
	column := func() string { return s.strip(0) }
	before := column()
	s.keys("+")
	s.waits("12:01:30 +1s: 10 records, 1 error")
	s.keys("+", "+")
	s.waits("+200ms")
	s.keys("-", "-", "-")
	s.waits("12:01:30 +2s: 20 records")
	if column() != before {
		t.Errorf("zoomed out it is %q, and was %q", column(), before)
	}
	s.send(tea.MouseWheelMsg{X: 10, Y: 27, Button: tea.MouseWheelUp})
	s.send(tui.WheelMsg)
	s.waits("12:01:30 +1s")
	for range 200 {
		s.keys("right") // beyond what is there: nothing
	}
	s.keys("enter")
	s.keys("0")
	s.waits("+2s")
	for range 30 {
		s.keys("+")
	}
	s.waits("+1ms")
	for range 60 {
		s.keys("-")
	}
	s.waits("+2s")
}

// A click goes there.
func TestClickingTheTimeline(t *testing.T) {
	s := timelineOf(t, 100, 30)
	s.keys("h")
	s.waits("+2s")
	s.send(tea.MouseClickMsg{X: 26, Y: 24, Button: tea.MouseLeft})
	if got := s.cursorRow(); got != "line 499" {
		t.Fatalf("the cursor is on %q", got)
	}
	s.waits("12:00:50 +2s: 20 records, records lost")
}

// It is live, and goes with the pane that has the focus.
func TestTimelineOfWhatComes(t *testing.T) {
	s := open(t, 100, 30, tui.Config{}, "system", "tenant/acme")
	s.keys("h")
	s.waits("no record is here yet")
	s.lines("system", 10)
	s.waits(": 1 record ")
	s.keys("tab")
	s.waits("no record is here yet")
	s.keys("tab")
	s.waits(": 1 record ")
	s.lines("system", 3000)
	s.waits("+5s")
}

// Small screens are screens, and wild times are times.
func TestTimelineOfAnything(t *testing.T) {
	for _, size := range [][2]int{{20, 5}, {21, 6}, {40, 12}, {80, 24}, {200, 60}} {
		s := open(t, size[0], size[1], tui.Config{}, "system")
		s.cluster()
		s.lines("system", 50)
		s.take(&stream.Batch{Records: []stream.Record{
			{Stream: "system", Source: "vm-1", Arrived: start.UnixNano(), Data: []byte(`{"level":30,"time":"0001-01-01T00:00:00Z","msg":"old"}`)},
			{Stream: "system", Source: "vm-1", Arrived: start.UnixNano(), Data: []byte(`{"level":30,"time":"9999-12-31T00:00:00Z","msg":"new"}`)},
		}})
		s.keys("h", "/", "line", "enter")
		for range 40 {
			s.keys("-", "left")
		}
		for range 80 {
			s.keys("+", "right")
		}
		s.keys("enter", "0", "enter", "esc")
	}
}
