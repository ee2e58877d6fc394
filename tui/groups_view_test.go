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

// traffic gives a stream n requests, and after each tenth a timeout.
func (s *screen) traffic(n int) {
	s.t.Helper()
	b := &stream.Batch{}
	for i := range n {
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":30,"msg":"GET /run/%d took %d ms"`, i, i%70)))
		if i%10 == 9 {
			b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":%d,"msg":"upstream 10.0.0.%d timed out"`, 40+i%20/10*10, i%9)))
		}
	}
	s.take(b)
}

// group is what the list of groups says of one, up to its template.
func (s *screen) group(template string) string {
	for _, line := range strings.Split(s.text(), "\n") {
		if before, found := strings.CutSuffix(strings.TrimRight(line, " │"), template); found {
			return strings.Join(strings.Fields(strings.Trim(before, "│")), " ")
		}
	}
	return ""
}

// A group leads to its records, and they lead back.
func TestFromGroupsToRecordsAndBack(t *testing.T) {
	s := open(t, 100, 30, tui.Config{}, "system")
	s.traffic(1000)
	s.keys("*")
	s.want("1,100 records in 2 groups")
	if a, b := s.group("GET <*> took <*>"), s.group("upstream <*> timed out"); !strings.HasPrefix(a, "1,000") || !strings.HasPrefix(b, "100") || !strings.HasSuffix(b, "error+") {
		t.Fatalf("the groups are %q and %q", a, b)
	}
	s.keys("j")
	s.want("50 error  50 warn")
	s.keys("enter")
	if got := tui.FilterText(s.model); got != `msg like "upstream <*> timed out"` {
		t.Fatalf("the filter is %q", got)
	}
	s.wantNot("GET", "Groups of")
	s.want("upstream 10.0.0")
	s.keys("esc")
	s.want("Groups of system", "1,100 records in 2 groups")
	if got := tui.FilterText(s.model); got != "" {
		t.Fatalf("the filter is %q", got)
	}

	// The noise is hidden by a key, in the groups, too.
	s.keys("g", "F")
	s.want("100 records in 1 group ")
	s.keys("esc")
	s.wantNot("Groups of")
	if got := tui.FilterText(s.model); got != `msg not like "GET <*> took <*>"` {
		t.Fatalf("the filter is %q", got)
	}
	s.keys("esc") // leads nowhere: this filter is of no group alone
	s.wantNot("Groups of")
}

// What is new is told from what is loud, as far as it is known.
func TestNewAndLoud(t *testing.T) {
	s := open(t, 100, 30, tui.Config{}, "system")
	s.traffic(1000)
	s.now = start.Add(2 * time.Minute)
	s.keys("*")
	s.want("new since 11:57:00: unknown, nothing older is kept")
	s.keys("t", "t", "t")
	s.want("0 new since 12:01:00")
	s.keys("m")
	s.want("0 new since 12:02:00")
	s.number = 1200
	b := &stream.Batch{}
	for i := range 5 {
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":60,"msg":"worker %d is lost"`, i)))
	}
	s.take(b)
	wait.For(t, "what came", func() bool {
		s.send(tui.TakeMsg)
		return strings.Contains(s.text(), "1 new since 12:02:00")
	})
	if got := s.group("worker <*> is lost"); got != "● 5 5 fatal" {
		t.Fatalf("the new group is %q", got)
	}
	first := func(keys, want string) {
		t.Helper()
		s.keys(keys, "g")
		if got := s.line(4); !strings.Contains(got, want) {
			t.Errorf("with %s the first group is %q", keys, got)
		}
	}
	first("n", "worker")
	first("c", "GET")
	first("r", "GET")
	s.keys("x")
	s.want("x does nothing here")
}

// What is new since a deploy is marked from the row of the deploy on, long after it.
func TestNewSinceTheRowUnderTheCursor(t *testing.T) {
	s := open(t, 100, 30, tui.Config{}, "system")
	line := func(at time.Duration, msg string) string {
		return fmt.Sprintf(`{"time":%q,"level":30,"msg":%q}`, start.Add(at).Format(time.RFC3339), msg)
	}
	b := &stream.Batch{}
	for _, raw := range []string{
		line(-3*time.Hour, "order 1 placed"), line(-2*time.Hour, "deployed v2"),
		line(-2*time.Hour+time.Minute, "order 2 placed"), line(-2*time.Hour+2*time.Minute, "pool of orders is empty"),
	} {
		b.Records = append(b.Records, stream.Record{Stream: "system", Source: "vm-1", Data: []byte(raw)})
	}
	s.take(b)
	s.keys("g", "j", "*")
	s.want("0 new since 11:55:00")
	s.keys("m")
	s.want("2 new since 10:00:00")
	for group, marked := range map[string]bool{"order <*> placed": false, "pool of orders is empty": true} {
		if got := s.group(group); strings.HasPrefix(got, "●") != marked {
			t.Errorf("%q is shown as %q", group, got)
		}
	}
	s.keys("esc", "G", "*", "m")
	s.want("0 new since 12:00:00")
}

// What is let go is not counted any more, and said.
func TestGroupsOfWhatIsKept(t *testing.T) {
	s := open(t, 100, 30, tui.Config{Records: 10_000}, "system")
	s.traffic(5000)
	s.keys("*")
	s.want("5,500 records")
	s.traffic(10_000)
	wait.For(t, "records to be let go", func() bool {
		s.send(tui.TakeMsg)
		return strings.Contains(s.text(), "let go since it was opened")
	})
	s.want("‹ ")
}

// A click chooses a group, and the wheel goes through them.
func TestClickingGroups(t *testing.T) {
	s := open(t, 100, 30, tui.Config{}, "system")
	s.traffic(1000)
	s.keys("*")
	s.send(tea.MouseClickMsg{X: 10, Y: 5, Button: tea.MouseLeft})
	s.want("50 error  50 warn")
	s.send(tea.MouseClickMsg{X: 10, Y: 6, Button: tea.MouseLeft}) // no group is there
	s.want("50 error  50 warn")
	s.send(tea.MouseWheelMsg{X: 10, Y: 10, Button: tea.MouseWheelUp})
	s.send(tui.WheelMsg)
	s.want("1,000 info")
}

// Templates are as hostile as the records are, and small screens are screens.
func TestHostileGroups(t *testing.T) {
	for _, size := range [][2]int{{20, 5}, {40, 12}, {80, 24}, {200, 60}} {
		s := open(t, size[0], size[1], tui.Config{}, "system")
		s.cluster()
		s.lines("system", 50)
		s.take(&stream.Batch{Records: []stream.Record{s.record("system", "vm-1", `"level":7,"msg":"\u001b]0;x\u0007 \u202e \u009b31m"`)}})
		s.keys("*")
		for range 15 {
			s.keys("j", "n", "r")
		}
		s.keys("G", "enter", "esc", "esc")
	}
}
