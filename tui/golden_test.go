package tui_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

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

// days takes records of the end of one day and the begin of the next, and one of long ago.
func (s *screen) days() {
	s.t.Helper()
	b := &stream.Batch{}
	for i := range 8 {
		r := s.record("system", "vm-1", fmt.Sprintf(`"level":30,"msg":"of the night %d"`, i))
		at := time.Date(2026, 3, 4, 23, 56+i, 0, 0, time.UTC)
		if i == 2 {
			at = at.AddDate(-6, 0, 0)
		}
		r.Data = recordTime.ReplaceAll(r.Data, []byte(at.Format(`"time":"2006-01-02T15:04:05.000Z"`)))
		b.Records = append(b.Records, r)
	}
	s.now = time.Date(2026, 3, 6, 9, 0, 0, 0, time.UTC)
	s.take(b)
}

var recordTime = regexp.MustCompile(`"time":"[^"]*"`)

// states are what a screen can show, and how one comes there.
var states = map[string]func(s *screen){
	"following": func(*screen) {},
	"paused": func(s *screen) {
		s.keys("space")
		s.cluster()
	},
	"level":    func(s *screen) { s.keys("l", "l", "l", "l") },
	"filter":   func(s *screen) { s.keys("f", "-queue level>=info") },
	"filtered": func(s *screen) { s.keys("f", "-queue level>=info", "enter") },
	"filter-named": func(s *screen) {
		s.keys("f", "queue | container", "ctrl+s", "work", "enter", "enter", "0", "f")
	},
	"filter-wrong": func(s *screen) { s.keys("f", "level>=loud", "enter") },
	"search":       func(s *screen) { s.keys("/", "container") },
	"detail":       func(s *screen) { s.keys("tab", "g", "enter") },
	"detail-search": func(s *screen) {
		s.keys("tab", "g", "m", "enter", "/", "api", "enter")
	},
	"detail-idle":  func(s *screen) { s.keys("enter", "v") },
	"error":        func(s *screen) { s.keys("tab", "/", "database", "enter", "enter") },
	"gap":          func(s *screen) { s.keys("g", "j", "j", "enter") },
	"picker":       func(s *screen) { s.keys("o", "ac") },
	"picker-merge": func(s *screen) { s.keys("o", "space", "down", "space") },
	"trace": func(s *screen) {
		s.requests()
		s.keys("k", "a")
	},
	"around": func(s *screen) {
		s.lines("system", 12)
		s.keys("f", "/memory|line 23/", "enter", "C")
	},
	"locked":      func(s *screen) { s.keys("=", "g", "j") },
	"trace-field": func(s *screen) { s.keys("g", "a") },
	"trace-any": func(s *screen) {
		s.requests()
		s.keys("k", "a", "a")
	},
	"picker-all":     func(s *screen) { s.keys("o", "tenant", "ctrl+a") },
	"picker-pattern": func(s *screen) { s.keys("o", "tenant/*") },
	"pattern":        func(s *screen) { s.keys("o", "tenant/*", "enter", "z") },
	"merged":         func(s *screen) { s.keys("o", "ac", "space", "space", "enter", "z") },
	"marked":         func(s *screen) { s.keys("g", "m", "j", "m", "j") },
	"wrapped":        func(s *screen) { s.keys("tab", "w", "k") },
	"ago": func(s *screen) {
		s.now = s.now.Add(83 * time.Second)
		s.keys("t", "t")
	},
	"groups": func(s *screen) {
		s.keys("*")
		s.settle()
		s.keys("j")
		s.settle()
	},
	"groups-new": func(s *screen) {
		s.keys("G", "k", "*")
		s.settle()
		s.keys("m")
		s.requests()
		s.keys("n")
		s.settle()
	},
	"timeline-column": func(s *screen) { s.keys("h", "h", "h", "+") },
	"timeline":        func(s *screen) { s.keys("/", "container", "enter", "h") },
	"save":            func(s *screen) { s.keys("s") },
	"help":            func(s *screen) { s.keys("?") },
	"status":          func(s *screen) { s.keys("i") },
	"palette": func(s *screen) {
		s.keys(":", "pause", "enter", ":", "next err", "enter", ":")
	},
	"bookmark": func(s *screen) { s.keys("tab", "g", "M", "it begins here") },
	"bookmarks": func(s *screen) {
		s.send(tui.BookmarksMsg(start, "it begins here", "the pool is empty \x1b[2J"))
	},
	"range":       func(s *screen) { s.keys("g", "j", "R", "j") },
	"time":        func(s *screen) { s.keys("T") },
	"time-wrong":  func(s *screen) { s.keys("T", "half past", "enter") },
	"alerts-none": func(s *screen) { s.keys("!") },
	"days": func(s *screen) {
		s.days()
	},
	"alerts": func(s *screen) {
		s.take(&stream.Batch{Notices: []stream.Notice{{Kind: stream.KindBackfill, Stream: "system"}, {Kind: stream.KindBackfill, Stream: "tenant/acme"}}})
		s.keys("!", "a", "level>=error 2/m", "enter", "a", "queue", "enter")
		s.cluster()
	},
	"columns": func(s *screen) { s.keys("tab", "K", "a", "res.statusCode", "enter", "a", "ms", "enter", "{", "{") },
	"highlighted": func(s *screen) {
		s.keys("/", "container", "enter", ":", "as a highlight", "enter", "box", "enter", "esc", "/", "tain", "enter", "k")
	},
	"palette-found": func(s *screen) { s.keys(":", "err") },
	"lost": func(s *screen) {
		s.feed.sources[1].State, s.feed.sources[1].Since = stream.StateLost, start.Add(time.Minute)
		s.feed.sources[1].Err = "dial tcp 127.0.0.1:5562: connection refused"
		s.woken = true
		s.settle()
	},
	"quiet": func(s *screen) {
		s.now = s.now.Add(30 * time.Second)
		s.second()
	},
}

// Each state in full, on what a newcomer sees.
func TestGoldenScreens(t *testing.T) {
	inBothThemes(t, states, func(t *testing.T, w, h int, config tui.Config, act func(*screen)) *screen {
		s := open(t, w, h, config, "system", "tenant/acme")
		s.cluster()
		act(s)
		return s
	})
}

// inBothThemes draws each state in full: its text at 80×24 and 200×60, which is the same
// in both themes, and its colours in both at 80×24. At 200×60 every style of one theme
// stands for one of the other, so that neither has a meaning of its own. No box loses
// what its last line says of the keys.
func inBothThemes[A any](t *testing.T, states map[string]A, draw func(t *testing.T, w, h int, config tui.Config, act A) *screen) {
	for size, wh := range map[string][2]int{"80x24": {80, 24}, "200x60": {200, 60}} {
		dark2light := make(map[string]string)
		for name, act := range states {
			t.Run(name+"-"+size, func(t *testing.T) {
				shown := make(map[string]string)
				for _, theme := range []string{"dark", "light"} {
					config, err := settings(t, fmt.Sprintf("theme = %q\n", theme))
					if err != nil {
						t.Fatal(err)
					}
					s := draw(t, wh[0], wh[1], tui.Config{Settings: config}, act)
					if theme == "dark" {
						golden(t, name+"-"+size, s.text())
						for line := range strings.SplitSeq(s.text(), "\n") {
							if _, keys, boxed := strings.Cut(line, "╰─"); boxed && strings.Contains(keys, "…") {
								t.Errorf("the keys of a box are cut: %s", line)
							}
						}
					} else if want := ansi.Strip(shown["dark"]); ansi.Strip(s.model.View().Content) != want {
						t.Errorf("the light theme has other text:\n%s", s.text())
					}
					shown[theme] = s.model.View().Content
					if size == "80x24" {
						golden(t, name+"-"+size+"-"+theme, readable(shown[theme]))
					}
				}
				dark, light := styles.FindAllString(shown["dark"], -1), styles.FindAllString(shown["light"], -1)
				if len(dark) != len(light) {
					t.Fatalf("%d styles are set in the dark theme and %d in the light one", len(dark), len(light))
				}
				for i := range dark {
					if was, known := dark2light[dark[i]]; known && was != light[i] {
						t.Errorf("the dark style %q is %q and %q in the light theme", dark[i], was, light[i])
					}
					dark2light[dark[i]] = light[i]
				}
			})
		}
	}
}

// styles finds the sequences that set a style.
var styles = regexp.MustCompile("\x1b\\[[0-9;]*m")

// readable writes a frame so that its colours can be read in a diff: styles in
// braces, without what begins each of them.
func readable(frame string) string {
	frame = styles.ReplaceAllStringFunc(frame, func(s string) string {
		s = strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(s, "\x1b["), "m"), "0")
		if s = strings.TrimPrefix(s, ";"); s == "" {
			return "{}"
		}
		return "{" + trueColour.ReplaceAllStringFunc(s, func(c string) string {
			var ground, r, g, b int
			fmt.Sscanf(c, "%d;2;%d;%d;%d", &ground, &r, &g, &b)
			return fmt.Sprintf("%s#%02x%02x%02x", map[int]string{38: "", 48: "on"}[ground], r, g, b)
		}) + "}"
	})
	return blanks.ReplaceAllString(frame, "$1")
}

var (
	trueColour = regexp.MustCompile(`[34]8;2;\d+;\d+;\d+`)
	blanks     = regexp.MustCompile(`(?m) +(\{\})?$`)
)

// Colours are held by one screen for each kind of terminal.
func TestGoldenColours(t *testing.T) {
	for name, look := range map[string][]tea.Msg{
		"dark":     {},
		"light":    {tea.BackgroundColorMsg{Color: white{}}},
		"no-color": {tea.ColorProfileMsg{Profile: colorprofile.ASCII}},
		"ansi":     {tea.ColorProfileMsg{Profile: colorprofile.ANSI}},
		"ansi256":  {tea.ColorProfileMsg{Profile: colorprofile.ANSI256}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 100, 16, tui.Config{}, "system")
			s.cluster()
			s.keys("/", "container", "enter")
			for _, msg := range look {
				s.send(msg)
			}
			content := s.model.View().Content
			golden(t, "colours-"+name, content)
			// A terminal is told of no colours that it does not have.
			for _, beyond := range map[string][]string{
				"no-color": {"38;", "48;", "[31m"}, "ansi": {"8;5;", "8;2;"}, "ansi256": {"8;2;"},
			}[name] {
				if strings.Contains(content, beyond) {
					t.Errorf("%q is in the frame", beyond)
				}
			}
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
			s.keys("l", "l", "l", "l", "l", "l")
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
