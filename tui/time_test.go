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
		"12:00:30": "line 300", "-90s": "line 300", "2026-03-04T13:00:30.05+01:00": "line 301",
		"2026-03-04 12:01": "line 600", "2026-03-04T12:01Z": "line 600", "2026-03-04 13:00:30+01:00": "line 300", "11:00": "line 1", "12:01:50": "line 1000",
	} {
		s.keys("T", text, "enter")
		if got := s.cursorRow(); got != want {
			t.Errorf("%s goes to %q, want %q", text, got, want)
		}
	}
	s.keys("T", "--5m", "enter")
	s.want(`read the time span "--5m"`)
	s.keys("esc", "T", "half past", "enter")
	s.want(`read the time "half past": write 14:05`)
	s.keys("esc", "T", "up")
	s.want("go to") // what was wrong is not remembered; what was right is
	s.keys("esc")
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
