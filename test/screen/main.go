// Screen draws what a terminal shows as an SVG picture. It reads what
// "tmux capture-pane -e -p" prints, or takes all pictures of the full-screen client in docs/
// itself, of the program in tmux, on devenv and on the recording of test/night:
//
//	make build
//	go run ./test/screen -docs docs
//	tmux capture-pane -e -p | go run ./test/screen > screen.svg
//
// With -light it draws on a light background.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

const (
	cellWidth  = 8.4 // of the font below, in pixels
	cellHeight = 18
	fontSize   = 14
	margin     = 12
)

// Colours of text without any, and of what is behind it.
var foreground, background = darkForeground, darkBackground

const (
	darkForeground, darkBackground   = "#d4d4d4", "#16181d"
	lightForeground, lightBackground = "#1f2328", "#fbfbfc"
)

func main() {
	light := flag.Bool("light", false, "draw on a light background")
	docs := flag.String("docs", "", "take all pictures of the client, into this folder")
	sluice := flag.String("sluice", "bin/sluice", "with -docs, the program")
	only := flag.String("only", "", "with -docs, only of this setting: devenv, light, night, archive")
	flag.Parse()
	err := error(nil)
	if *docs != "" {
		err = takeAll(*docs, *sluice, *only)
	} else {
		err = draw(os.Stdout, os.Stdin, *light)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "screen:", err)
		os.Exit(1)
	}
}

// piece is text in one style.
type piece struct {
	column, width int
	text          string
	style         style
}

// draw writes the picture of the screen in r.
func draw(w io.Writer, r io.Reader, light bool) error {
	foreground, background = darkForeground, darkBackground
	if light {
		foreground, background = lightForeground, lightBackground
	}
	var rows [][]piece
	columns := 0
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	var now style
	for lines.Scan() {
		row := split(lines.Text(), &now)
		rows = append(rows, row)
		for _, p := range row {
			columns = max(columns, p.column+p.width)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the screen: %w", err)
	}
	out := bufio.NewWriter(w)
	width, height := float64(columns)*cellWidth+2*margin, len(rows)*cellHeight+2*margin
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="%d">`+"\n", width, height, fontSize)
	fmt.Fprintf(out, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", background)
	for i, row := range rows {
		top := margin + i*cellHeight
		for _, p := range row {
			p.draw(out, top)
		}
	}
	fmt.Fprintln(out, "</svg>")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}

func (p *piece) draw(w io.Writer, top int) {
	x, width := margin+float64(p.column)*cellWidth, float64(p.width)*cellWidth
	front, back := p.style.colours()
	if back != "" {
		fmt.Fprintf(w, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", x, top, width, cellHeight, back)
	}
	if strings.TrimSpace(p.text) == "" {
		return
	}
	fmt.Fprintf(w, `<text x="%.1f" y="%d" textLength="%.1f" fill="%s"%s xml:space="preserve">%s</text>`+"\n",
		x, top+cellHeight-5, width, front, p.style.attributes(), escape.Replace(p.text))
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// split cuts a line where its style changes, and after runs of spaces, so that
// a font of other widths than ours shifts little. now is the style at its
// beginning, and at its end.
func split(line string, now *style) (row []piece) {
	p := ansi.NewParser()
	column, state := 0, byte(0)
	var open *piece
	for line != "" {
		seq, width, n, next := ansi.DecodeSequence(line, state, p)
		state, line = next, line[n:]
		if width == 0 {
			if ansi.Cmd(p.Command()).Final() == 'm' && strings.HasPrefix(seq, "\x1b[") {
				now.apply(p.Params())
				open = nil
			}
			continue
		}
		if open == nil || width > 1 || (seq != " " && strings.HasSuffix(open.text, "  ")) {
			row = append(row, piece{column: column, style: *now})
			open = &row[len(row)-1]
		}
		open.text += seq
		open.width += width
		column += width
		if width > 1 {
			open = nil
		}
	}
	return row
}
