package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/tui"
)

// rows is the messages on the screen, from the top.
func (s *screen) rows() []string {
	var rows []string
	for line := range strings.SplitSeq(s.text(), "\n") {
		if i := strings.Index(line, "line "); i >= 0 {
			rows = append(rows, line[i:])
		}
	}
	return rows
}

func numbered(from, to int) []string {
	var rows []string
	for i := from; i <= to; i++ {
		rows = append(rows, fmt.Sprintf("line %d", i))
	}
	return rows
}

func (s *screen) wantRows(from, to int) {
	s.t.Helper()
	if got, want := s.rows(), numbered(from, to); !slices.Equal(got, want) {
		s.t.Fatalf("rows are\n%q, want\n%q", got, want)
	}
}

// A screen of 24 lines has 21 rows.
func TestFollowing(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.lines("system", 100)
	s.wantRows(80, 100)
	s.lines("system", 50)
	s.wantRows(130, 150)
	s.want("following")
}

func TestScrollingStopsFollowingAndTheEndResumes(t *testing.T) {
	for name, test := range map[string]struct{ up, down []string }{
		"lines":      {[]string{"k", "k"}, []string{"j", "j"}},
		"half pages": {[]string{"ctrl+u"}, []string{"ctrl+d"}},
		"pages":      {[]string{"ctrl+b"}, []string{"ctrl+f"}},
		"page keys":  {[]string{"pgup"}, []string{"pgdown"}},
		"ends":       {[]string{"g"}, []string{"G"}},
		"end keys":   {[]string{"home"}, []string{"end"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 80, 24, tui.Config{}, "system")
			s.lines("system", 100)
			s.keys(test.up...)
			s.want("SCROLLED")
			s.keys(test.down...)
			s.want("following")
			s.lines("system", 1)
			s.wantRows(81, 101)
		})
	}
}

func TestAnAnchoredViewStaysThroughArrivals(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.lines("system", 100)
	s.keys("ctrl+u", "ctrl+u")
	before := s.rows()
	s.lines("system", 500)
	if !slices.Equal(s.rows(), before) {
		t.Fatalf("arrivals moved the rows: %q", s.rows())
	}
	s.want("500 new")
	s.keys("up")
	if got := s.rows()[0]; got != before[0] {
		t.Fatalf("the cursor moved the top line to %q", got)
	}
}

func TestAnAnchoredViewStaysThroughEviction(t *testing.T) {
	for name, level := range map[string]record.Level{"all": 0, "filtered": record.Info} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 80, 24, tui.Config{Records: 200, Filter: query.Filter{Level: level}}, "system")
			s.lines("system", 150)
			s.keys("ctrl+u", "ctrl+u")
			before := s.rows()
			for range 30 {
				s.lines("system", 50)
				if !slices.Equal(s.rows(), before) {
					t.Fatalf("eviction moved the rows: %q", s.rows())
				}
			}
			if held, _ := tui.Held(s.model); held != 200 {
				t.Fatalf("%d records are kept, want 200", held)
			}
			s.want("1,500 new · 21 rows only kept here")
			// Scrolled away from, they are gone; what follows is the oldest kept.
			s.keys("pgdown", "pgdown")
			if first := s.rows()[0]; first < "line 1451" {
				t.Fatalf("the first row is %q", first)
			}
			s.keys("G")
			s.wantRows(1630, 1650)
		})
	}
}

func TestPause(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.lines("system", 5)
	s.keys("space")
	b := &stream.Batch{}
	for i := range 1284 {
		level := 30
		if i < 17 {
			level = 50
		}
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":%d,"msg":"line %d"`, level, s.number+1)))
	}
	s.take(b)
	s.wantRows(1, 5)
	s.want("PAUSED · 1,284 new (17 error) · 0 dropped · G to resume")
	s.take(&stream.Batch{Notices: []stream.Notice{{Kind: stream.KindGap, Time: start, Stream: "system", Count: 2000, Hop: "proxy"}}})
	s.want("· 2,000 dropped ·")

	// Its end is the end of what is shown: going there does not resume.
	s.keys("k", "j", "j", "ctrl+f")
	s.wantRows(1, 5)
	s.want("PAUSED")
	s.keys("G")
	s.want("following", "2,000 records lost at proxy", "line 1289")
	s.keys("space", "space")
	s.want("following")
}

func TestResizing(t *testing.T) {
	s := open(t, 140, 40, tui.Config{}, "system", "tenant/acme")
	s.cluster()
	s.keys("k")
	for _, size := range [][2]int{{119, 30}, {80, 24}, {40, 10}, {20, 5}, {19, 4}, {1, 1}, {200, 60}} {
		s.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		for _, key := range []string{"o", "esc", "?", "esc", "enter", "esc", "/", "x", "esc", "l", "0", "right", "left", "z", "z"} {
			s.keys(key)
		}
	}
	s.want("container assigned")
}
