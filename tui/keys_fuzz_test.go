package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/stream"
	"sluice/tui"
)

// fuzzKeys is what a user may press, by the byte that stands for it; other bytes
// are typed as they are.
var fuzzKeys = []string{
	"enter", "esc", "tab", "space", "backspace", "up", "down", "left", "right", "pgup", "pgdown", "home", "end",
	"shift+tab", "ctrl+b", "ctrl+f", "ctrl+u", "ctrl+d", "ctrl+s", "ctrl+v", "ctrl+o", "ctrl+k", "ctrl+p", "ctrl+r",
	"alt+esc", "alt+k", "alt+q", "alt+enter",
}

// fuzzed is a client of two panes that keep few records, with a merged one.
type fuzzed struct {
	*screen
	n int
}

// come lets records come, and what else may.
func (f *fuzzed) come(kind byte) {
	name := []string{"system", "tenant/acme", "tenant/globex"}[kind%3]
	source := fmt.Sprintf("vm-%d", 1+kind%4)
	b := &stream.Batch{}
	switch kind >> 4 {
	case 0:
		b.Notices = append(b.Notices, stream.Notice{Kind: stream.KindGap, Time: f.now, Stream: name, Source: source, Count: uint64(kind), Unknown: kind%2 == 0, Hop: "network", Reason: "it was cut"})
	case 1:
		b.Notices = append(b.Notices, stream.Notice{Kind: stream.KindState, Time: f.now, Source: source, State: stream.State(kind % 5), Err: "it\x1b[2J is away"})
	case 2:
		b.Notices = append(b.Notices, stream.Notice{Kind: stream.KindBackfill, Time: f.now, Stream: name})
	case 3:
		b.Records = append(b.Records, f.record(name, source, `"level":60,"msg":"`+strings.Repeat("long \\u202e\\n ", 40)+`"`))
	default:
		for range 1 + int(kind)%40 {
			f.n++
			level := 10 * (1 + f.n%6)
			b.Records = append(b.Records, f.record(name, source, fmt.Sprintf(`"level":%d,"status":%d,"msg":"line %d"`, level, 200+100*(f.n%4), f.n)))
		}
	}
	f.feed.put(b)
	f.woken = true
}

// FuzzClient presses keys, lets records come, changes the size and lets time
// pass, in any order: each frame is whole, nothing panics, and no record that
// comes moves a pane that does not follow.
func FuzzClient(f *testing.F) {
	for _, seed := range []string{
		"\x80\x81/line 1\x00nN\x95y\x80G", "f-error level>=warn\x00\x90kkkk\x91e E'm\x22", "\x92\x93wjj\x09\x94kk\x80\x80\x80\x80",
		"o\x07\x07 \x00\x85{}+-vvvz1239", "\x80\x00nNFf\x01i\x01?\x09\x01q", " \x80\x80\x80\x81GT-5m\x00 \x82l L0",
		"\xc0\x80\xc8\x80w\xcf\x81\x00\xc0\x01", "\x80k\x80\x80\x80\x80\x80\x80\x80\x80f500\x00\x80\x80/ine 9\x00nnnNNN", "c\x80c\x80oacm\x00\x80",
		"osys\x03\x06\x03\x00\x80\x81\x82kkw\x83\x0a/5\x00\xd0n\xd1N\xe0", "sfile\x00s\x01\x80tt\x80\xd2t",
		"c\xc1c\xf4", // the mouse, on a screen that is too small
		"\xa1w\xcfw", // a size that came while rows were wrapped
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(drive)
}

func drive(t *testing.T, ops []byte) {
	if len(ops) > 300 {
		ops = ops[:300]
	}
	c := &fuzzed{screen: open(t, 80, 24, tui.Config{Records: 120}, "system", "system+tenant/acme")}
	for _, op := range ops {
		switch {
		case int(op) < len(fuzzKeys):
			c.press(fuzzKeys[op])
		case op < 0x80:
			c.press(string(rune(op)))
		case op < 0xc0:
			c.come(op << 2)
			c.send(tui.TakeMsg)
		case op < 0xd0:
			c.send(tea.WindowSizeMsg{Width: 1 + int(op&15)*14, Height: 1 + int(op&15)*3})
		case op < 0xe0:
			c.now = c.now.Add(time.Duration(op&15) * time.Second)
			c.second()
			c.send(tui.SettleMsg)
		case op < 0xf0:
			c.settle()
		default:
			c.send(tea.MouseClickMsg{Button: tea.MouseLeft, X: int(op&15) * 6, Y: int(op & 7)})
			c.send(tea.MouseWheelMsg{Button: tea.MouseWheelUp, X: 10, Y: 10})
			c.send(tui.WheelMsg)
		}
	}
	c.settle()
}

// press sends a key, and does not wait for what comes of it.
func (f *fuzzed) press(name string) {
	if k, ok := specialKeys[name]; ok {
		f.send(k)
		return
	}
	if key, ok := strings.CutPrefix(name, "ctrl+"); ok {
		f.send(tea.KeyPressMsg{Code: rune(key[0]), Mod: tea.ModCtrl})
		return
	}
	for _, r := range name {
		f.send(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
}
