package terminal_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"sluice/internal/emulator"
	"sluice/tui/terminal"
)

// painted is a terminal that frames are painted on.
type painted struct {
	t        *testing.T
	vt       *emulator.Terminal
	terminal *terminal.Terminal
	written  *bytes.Buffer // what the emulator has not had
	width    int
	height   int
}

// frame paints a frame and checks that the terminal shows it.
func (p *painted) frame(cursor *terminal.Position, lines ...string) (written int) {
	p.t.Helper()
	full := make([]string, p.height)
	for i := range full {
		text := ""
		if i < len(lines) {
			text = lines[i]
		}
		full[i] = "\x1b[0;1m" + text + "\x1b[m" + strings.Repeat(" ", p.width-len([]rune(text))) + "\x1b[m"
	}
	p.terminal.Show(terminal.Frame{Lines: full, Cursor: cursor})
	b := bytes.Clone(p.written.Bytes())
	p.written.Reset()
	_, _ = p.vt.Write(b)
	want := make([]string, p.height)
	for i := range want {
		if i < len(lines) {
			want[i] = lines[i]
		}
	}
	got := strings.Split(strings.TrimSuffix(p.vt.String(), "\n"), "\n")
	for i := range got {
		got[i] = strings.TrimRight(got[i], " ")
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		p.t.Fatalf("the terminal shows\n%s\nand not\n%s\nafter %q", g, w, b)
	}
	if on := cursor != nil; p.vt.CursorVisible() != on {
		p.t.Fatalf("the cursor shows: %v, want %v, after %q", !on, on, b)
	}
	if cursor != nil {
		if is := p.vt.Cursor(); is.X != cursor.X || is.Y != cursor.Y {
			p.t.Fatalf("the cursor is at %d,%d, want %d,%d", is.X, is.Y, cursor.X, cursor.Y)
		}
	}
	return len(b)
}

func newPainted(t *testing.T, width, height int) *painted {
	p := &painted{t: t, vt: emulator.New(width, height), written: new(bytes.Buffer), width: width, height: height}
	p.terminal = open(t, terminal.Config{Input: strings.NewReader(""), Output: p.written})
	if err := p.terminal.Enter(); err != nil {
		t.Fatal(err)
	}
	_, _ = p.vt.Write(p.written.Bytes())
	p.written.Reset()
	return p
}

func open(t *testing.T, config terminal.Config) *terminal.Terminal {
	t.Helper()
	config.Getenv = func(string) string { return "" }
	if config.Wake == nil {
		config.Wake = func() {}
	}
	opened, err := terminal.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func at(x, y int) *terminal.Position { return &terminal.Position{X: x, Y: y} }

// Whatever frames follow one another, the terminal shows the last one.
func TestTheLastFrameIsShown(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p := newPainted(t, 30, 12)
		rows := []string{}
		next := 0
		for range 200 {
			head := fmt.Sprintf("head %d", rng.IntN(3))
			switch rng.IntN(5) {
			case 0: // new rows at the end
				for range rng.IntN(6) {
					rows = append(rows, fmt.Sprintf("row %d ─ é", next))
					next++
				}
			case 1: // the same one again and again
				rows = append(rows, "same", "same")
			case 2: // back to older ones
				if n := rng.IntN(len(rows) + 1); n > 0 {
					rows = rows[:n]
				}
			case 3:
				if len(rows) > 0 {
					rows[rng.IntN(len(rows))] = fmt.Sprintf("changed %d", rng.IntN(9))
				}
			}
			shown := append([]string{head}, rows[max(len(rows)-10, 0):]...)
			var cursor *terminal.Position
			if rng.IntN(3) == 0 {
				cursor = at(rng.IntN(30), rng.IntN(12))
			}
			p.frame(cursor, shown...)
		}
	}
}

func TestFramesTakeFewBytes(t *testing.T) {
	p := newPainted(t, 200, 60)
	rows := make([]string, 58)
	for i := range rows {
		rows[i] = fmt.Sprintf("row %d", i)
	}
	frame := func() int { return p.frame(nil, append([]string{"head"}, rows...)...) }
	if n := frame(); n < 58*200 {
		t.Fatalf("the first frame took %d bytes", n)
	}
	if n := frame(); n != 0 {
		t.Fatalf("the same frame took %d bytes", n)
	}
	rows = append(rows[2:], "new 1", "new 2")
	if n := frame(); n > 3*220 {
		t.Fatalf("two new rows took %d bytes", n)
	}
	rows = append([]string{"old 1"}, rows[:57]...)
	if n := frame(); n > 2*220 {
		t.Fatalf("an old row took %d bytes", n)
	}
	p.terminal.Repaint()
	if n := frame(); n < 58*200 {
		t.Fatalf("when it knows nothing, a frame took %d bytes", n)
	}
}

func TestTheCursorAlone(t *testing.T) {
	p := newPainted(t, 20, 4)
	p.frame(at(3, 1), "a", "b")
	if n := p.frame(at(3, 1), "a", "b"); n != 0 {
		t.Fatalf("the same cursor took %d bytes", n)
	}
	p.frame(at(4, 2), "a", "b")
	p.frame(nil, "a", "b")
	p.frame(nil, "a", "c")
	p.frame(at(0, 0), "a", "c")
}
