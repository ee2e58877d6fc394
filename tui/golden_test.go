package tui_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"sluice/cluster/stream"
	"sluice/tui"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got+"\n" {
		t.Errorf("the screen differs from %s (go test ./tui -update writes it):\n%s", path, got)
	}
}

// cluster is what a newcomer sees: every kind of record once.
func (s *screen) cluster() {
	s.t.Helper()
	sys := func(source, fields string) stream.Record { return s.record("system", source, fields) }
	ten := func(source, fields string) stream.Record { return s.record("tenant/acme", source, fields) }
	b := &stream.Batch{Records: []stream.Record{
		sys("vm-1", `"level":30,"component":"scheduler","msg":"container assigned","container":"c-1041","tenant":"acme"`),
		ten("vm-2", `"level":30,"msg":"request completed","req":{"method":"GET","url":"/api/run/7?x=1","headers":{"host":"acme.example.com","accept":"*/*"}},"res":{"statusCode":200,"header":"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"},"ms":12`),
		sys("vm-3", `"level":20,"component":"pool","msg":"took a container","free":[1,2,{"a":null}]`),
		ten("vm-1", `"level":50,"msg":"could not reach the database","err":{"name":"Error","message":"connect ECONNREFUSED","stack":"Error: connect ECONNREFUSED\n    at TCPConnectWrap (net.js:1141:16)\n    at Pool.connect (pool.js:22:11)","code":"ECONNREFUSED"},"attempt":3`),
		sys("vm-2", `"level":40,"component":"scheduler","msg":"queue is long","depth":1204`),
		ten("vm-3", `"level":30,"msg":"first line\nsecond line\n\tthird, indented"`),
		sys("vm-1", `"level":30,"msg":"deployed 🚀 to 東京","by":"Zoë"`),
		ten("vm-1", `"level":10,"msg":"مرحبا بالعالم"`),
		sys("vm-1", `"level":60,"msg":"out of memory","rss":2147483648`),
		ten("vm-2", `"level":30,"msg":"hostile \u001b[2J\u009b31m\u202e text\u0007"`),
		sys("vm-3", `"level":35,"msg":"a level of its own","text":"with blanks in it"`),
		ten("vm-2", `"level":30,"msg":"a long line that goes on and on, as lines of logs do, and does not fit on any screen that anybody has ever had, however wide it may be"`),
	}}
	b.Notices = []stream.Notice{
		{At: 4, Kind: stream.KindGap, Time: start.Add(450 * time.Millisecond), Stream: "system", Source: "vm-2", Count: 1203, Hop: "consolidator", Reason: "reader too slow"},
		{At: 12, Kind: stream.KindGap, Time: start.Add(1300 * time.Millisecond), Stream: "tenant/acme", Source: "vm-3", Unknown: true, Hop: "network", Reason: "the consolidator ended without a word"},
	}
	s.take(b)
}

func TestGoldenScreens(t *testing.T) {
	sizes := map[string][2]int{"80x24": {80, 24}, "140x40": {140, 40}}
	screens := map[string]func(s *screen){
		"following": func(*screen) {},
		"paused": func(s *screen) {
			s.keys("space")
			s.cluster()
		},
		"level":  func(s *screen) { s.keys("l", "l", "l", "l") },
		"search": func(s *screen) { s.keys("/", "container") },
		"detail": func(s *screen) { s.keys("tab", "k", "k", "k", "enter") },
		"error":  func(s *screen) { s.keys("tab", "/", "database", "enter", "enter") },
		"picker": func(s *screen) { s.keys("o", "ac") },
		"help":   func(s *screen) { s.keys("?") },
		"lost": func(s *screen) {
			s.feed.sources[1].State, s.feed.sources[1].Since = stream.StateLost, start.Add(time.Minute)
			s.feed.sources[1].Err = "dial tcp 127.0.0.1:5562: connection refused"
			s.woken = true
			s.settle()
		},
		"quiet": func(s *screen) {
			s.now = s.now.Add(time.Minute)
			s.send(tui.SecondMsg)
		},
	}
	for size, wh := range sizes {
		for name, act := range screens {
			t.Run(name+"-"+size, func(t *testing.T) {
				s := open(t, wh[0], wh[1], tui.Config{}, "system", "tenant/acme")
				s.cluster()
				act(s)
				golden(t, name+"-"+size, s.text())
			})
		}
	}
}

// Colours are held by one screen for each kind of terminal.
func TestGoldenColours(t *testing.T) {
	for name, look := range map[string][]tea.Msg{
		"dark":     {},
		"light":    {tea.BackgroundColorMsg{Color: white{}}},
		"no-color": {tea.ColorProfileMsg{Profile: colorprofile.ASCII}},
		"ansi":     {tea.ColorProfileMsg{Profile: colorprofile.ANSI}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 100, 16, tui.Config{}, "system")
			s.cluster()
			s.keys("/", "container", "enter")
			for _, msg := range look {
				s.send(msg)
			}
			golden(t, "colours-"+name, s.model.View().Content)
		})
	}
}

type white struct{}

func (white) RGBA() (r, g, b, a uint32) { return 0xffff, 0xffff, 0xffff, 0xffff }

func TestGoldenEmpty(t *testing.T) {
	for name, act := range map[string]func(s *screen){
		"nothing-yet": func(*screen) {},
		"connecting": func(s *screen) {
			for i := range s.feed.sources {
				s.feed.sources[i].State, s.feed.sources[i].Err = stream.StateConnecting, "connection refused"
			}
		},
		"lost-all": func(s *screen) {
			for i := range s.feed.sources {
				s.feed.sources[i].State, s.feed.sources[i].Err = stream.StateLost, "connection reset by peer"
			}
		},
		"no-source": func(s *screen) { s.feed.sources = nil },
		"no-match": func(s *screen) {
			s.lines("system", 3)
			s.keys("L")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 80, 12, tui.Config{}, "system")
			act(s)
			s.woken = true
			s.settle()
			golden(t, "empty-"+name, s.text())
		})
	}
}
