package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui"
)

// Columns line up however long ago it was.
func TestLongAgo(t *testing.T) {
	s := open(t, 48, 24, tui.Config{}, "system")
	b := &stream.Batch{}
	for _, at := range []string{"0001-01-01T00:00:00Z", "1970-01-02T00:00:00Z", "2026-03-04T11:59:00Z", "9999-12-31T23:59:59Z"} {
		b.Records = append(b.Records, stream.Record{Stream: "system", Source: "vm-1", Arrived: start.UnixNano(), Data: []byte(`{"level":30,"time":"` + at + `","msg":"here"}`)})
	}
	s.take(b)
	s.now = start.Add(time.Second)
	s.keys("t", "t")
	at := -1
	for _, row := range strings.Split(s.text(), "\n") {
		if i := strings.Index(row, "here"); i >= 0 {
			if at >= 0 && i != at {
				t.Fatalf("the rows do not line up:\n%s", s.text())
			}
			at = i
		}
	}
	if at < 0 {
		t.Fatalf("there are no rows:\n%s", s.text())
	}
}

// Records are a tenth of a second apart, from 12:00:00.1.
func TestGoToATime(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.lines("system", 1000)
	s.now = start.Add(2 * time.Minute)
	for text, want := range map[string]string{
		"12:00:30": "line 300", "-90s": "line 100", "90s": "line 100", "wed 12:00:30": "line 300", "4 Mar 12:00:30": "line 300", "2026-03-04T13:00:30.05+01:00": "line 301",
		"2026-03-04 12:01": "line 600", "2026-03-04T12:01Z": "line 600", "2026-03-04 13:00:30+01:00": "line 300", "11:00": "line 1", "12:01:50": "line 1000",
	} {
		s.keys("T", text, "enter")
		if got := s.cursorRow(); got != want {
			t.Errorf("%s goes to %q, want %q", text, got, want)
		}
	}
	s.keys("T", "--5m", "enter")
	s.want(`"--5m" is no time`)
	s.keys("esc", "T", "half past", "enter")
	s.want(`"half past" is no time: write 14:05`)
	s.keys("esc", "T", "12:00:30", "enter")
	for range 2 { // from the row under the cursor
		s.keys("T", "+10s", "enter")
	}
	if got := s.cursorRow(); got != "line 500" {
		t.Errorf("twice +10s goes to %q", got)
	}
	s.keys("T")
	s.want("-2h before newest", "+5m after this row")
	s.keys("esc", "T", "up")
	s.want("go to") // what was wrong is not remembered; what was right is
	s.keys("esc")
}

// A time of day is the nearest to the cursor of all that are shown.
func TestGoToATimeOfAnotherDay(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	b := &stream.Batch{}
	for hour := range 3 * 24 {
		r := s.record("system", "vm-1", "")
		at := start.AddDate(0, 0, -3).Add(time.Duration(hour) * time.Hour)
		r.Data = fmt.Appendf(nil, `{"level":30,"time":"%s","msg":"line %s"}`, at.Format(time.RFC3339), at.Format("Jan 2 15h"))
		b.Records = append(b.Records, r)
	}
	s.take(b)
	for _, jump := range [][2]string{
		{"08:00", "Mar 4 08h"},
		{"22:00", "Mar 3 22h"},
		{"08:00", "Mar 4 08h"},
		{"mon 14:00", "Mar 2 14h"},
		{"yesterday", "Mar 3 00h"},
		{"2026-03-02", "Mar 2 00h"},
		{"05:00", "Mar 2 05h"},
		{"+1d", "Mar 3 05h"},
		{"-2h", "Mar 4 09h"},
		{"Mar 2 05:00", "Mar 2 05h"},
	} {
		s.keys("T", jump[0], "enter")
		if got := s.cursorRow(); got != "line "+jump[1] {
			t.Errorf("%s goes to %q, want %q", jump[0], got, jump[1])
		}
	}
	s.keys("T", "Feb 28", "enter")
	s.want("the oldest kept is of 2026-03-01 12:00:00")
}

// A few records with a wild time, wherever they stand, lead no jump astray.
func TestGoToATimeAmongWildOnes(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	b := &stream.Batch{}
	for i := range 1000 {
		at := start.Add(time.Duration(i) * time.Second).Format(time.RFC3339)
		switch i % 7 {
		case 2:
			at = "2099-01-01T00:00:00Z"
		case 5:
			at = "1970-01-01T00:00:00Z"
		}
		r := s.record("system", "vm-1", "")
		r.Data = fmt.Appendf(nil, `{"v":0,"level":30,"name":"app","hostname":"vm-1","pid":1,"time":"%s","msg":"line %d"}`, at, i)
		b.Records = append(b.Records, r)
	}
	s.take(b)
	s.now = start.Add(time.Hour)
	for _, i := range []int{3, 50, 501, 502, 503, 507, 994} {
		s.keys("T", start.Add(time.Duration(i)*time.Second).Format("15:04:05"), "enter")
		var got int
		if _, err := fmt.Sscanf(s.cursorRow(), "line %d", &got); err != nil || got < i-2 || got > i+2 {
			t.Errorf("to the time of line %d it goes to %q", i, s.cursorRow())
		}
	}
}

func TestTimesAreShown(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	s.lines("system", 1)
	s.want("12:00:00.100")
	s.keys("t")
	s.want("times in UTC", "12:00:00.100")
	s.now = start.Add(65 * time.Second)
	s.keys("t")
	s.want(" 1m 04s INFO")
	s.now = s.now.Add(time.Minute)
	s.second()
	s.want(" 2m 04s INFO")
	s.keys("t")
	s.want("12:00:00.100")
}
