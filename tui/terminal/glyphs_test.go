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

// styles are as the client writes them: each begins anew, but for the last.
var styles = []string{"\x1b[m", "\x1b[0;1m", "\x1b[0;38;2;1;2;3m", "\x1b[0;48;2;9;9;9;31m", "\x1b[0;7m", "\x1b[4m"}

// randomLine is a line of styled text; another one of the same kind is like it in part.
func randomLine(rng *rand.Rand, width int) string {
	var b strings.Builder
	pieces := []string{"12:00:0", "INFO ", "request ", "→ 200", "│", "ü", "▌", "        ", "─────", "東", "x"}
	for n := 0; n < width; {
		piece := pieces[rng.IntN(len(pieces))]
		if rng.IntN(40) > 0 && piece == "東" {
			continue
		}
		w := len([]rune(piece))
		if piece == "東" {
			w = 2
		}
		if n+w > width {
			piece, w = "·", 1
		}
		if rng.IntN(3) == 0 {
			b.WriteString(styles[rng.IntN(len(styles))])
		}
		b.WriteString(piece)
		n += w
	}
	return b.String() + "\x1b[m"
}

// However a line changes, the terminal shows it as if it were written whole, styles
// included.
func TestColumnsThatChange(t *testing.T) {
	const width, height = 60, 6
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 7))
		vt, written := emulator.New(width, height), new(bytes.Buffer)
		painter := open(t, terminal.Config{Input: strings.NewReader(""), Output: written})
		if err := painter.Enter(); err != nil {
			t.Fatal(err)
		}
		lines := make([]string, height)
		for i := range lines {
			lines[i] = randomLine(rng, width)
		}
		for range 40 {
			switch i := rng.IntN(height); rng.IntN(4) {
			case 0:
				lines[i] = randomLine(rng, width)
			case 1: // a few characters
				lines[i] = strings.Replace(lines[i], fmt.Sprint(rng.IntN(3)), fmt.Sprint(rng.IntN(10)), 1+rng.IntN(3))
			case 2:
				lines[i] = strings.Replace(lines[i], "\x1b[0;1m", styles[rng.IntN(len(styles))], 1)
			case 3:
				lines = append(lines[1:], lines[0])
			}
			painter.Show(terminal.Frame{Lines: append([]string(nil), lines...)})
			_, _ = vt.Write(written.Bytes())
			written.Reset()
			whole := emulator.New(width, height)
			for i, line := range lines {
				_, _ = fmt.Fprintf(whole, "\x1b[%d;1H%s", i+1, line)
			}
			for y := range height {
				for x := range width {
					got, want := vt.Cell(x, y), whole.Cell(x, y)
					if ground := int16(1 | 2); got.Char == ' ' && want.Char == ' ' && (got.Mode|want.Mode)&ground == 0 { // neither reversed nor underlined
						got.FG, got.Mode, want.FG, want.Mode = 0, 0, 0, 0
					}
					if got != want {
						t.Fatalf("seed %d: at %d,%d the terminal shows %+v, and not %+v", seed, x, y, got, want)
					}
				}
			}
		}
	}
}

// A row that resembles the one that stood there takes few bytes, and so does a box.
func TestAChangedLineTakesFewBytes(t *testing.T) {
	p := newPainted(t, 120, 20)
	row := func(i int) string {
		return fmt.Sprintf(" 12:00:%02d.%03d INFO  vm-1 webtask request %d completed  tenant=acme status=200", i/10, i%10*100, 4711+i)
	}
	rows := func(from int, box string) (lines []string) {
		for i := range 20 {
			line := []rune(fmt.Sprintf("%-120s", row(from+i)))
			if box != "" && i > 2 && i < 17 {
				copy(line[30:], []rune(box))
			}
			lines = append(lines, strings.TrimRight(string(line), " "))
		}
		return lines
	}
	p.frame(nil, rows(0, "")...)
	if n := p.frame(nil, rows(0, "│ help │")...); n > 14*40 {
		t.Errorf("a small box takes %d bytes", n)
	}
	if n := p.frame(nil, rows(0, "")...); n > 14*40 {
		t.Errorf("that it is closed takes %d bytes", n)
	}
}
