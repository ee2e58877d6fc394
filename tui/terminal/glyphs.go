package terminal

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// glyph is what stands in one column.
type glyph struct {
	r     rune
	style string // the sequences that are in force; "" is none, or that nothing of them shows in a blank
}

// appendGlyphs divides a line into its columns. It reports false for one in which not
// every character surely takes one column, or that has other sequences than styles.
func appendGlyphs(to []glyph, line string) ([]glyph, bool) {
	style, ground := "", false
	for i := 0; i < len(line); {
		if line[i] == '\x1b' {
			end := strings.IndexByte(line[i:], 'm')
			if end < 2 || line[i+1] != '[' || strings.Trim(line[i+2:i+end], "0123456789;:") != "" {
				return to, false
			}
			switch sequence := line[i : i+end+1]; {
			case sequence == ansi.ResetStyle || sequence == "\x1b[0m":
				style = ""
			case strings.HasPrefix(sequence, "\x1b[0;"):
				style = sequence
			default:
				style += sequence
			}
			ground = showsInBlanks(style)
			i += end + 1
			continue
		}
		r, n := rune(line[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(line[i:])
		}
		if !isOneColumn(r) {
			return to, false
		}
		if g := (glyph{r, style}); r != ' ' || ground {
			to = append(to, g)
		} else {
			to = append(to, glyph{r: r})
		}
		i += n
	}
	return to, true
}

// showsInBlanks reports whether a style shows where nothing is written: it has more
// than a colour of the text and its weight.
func showsInBlanks(style string) bool {
	for style != "" {
		parameters, rest, _ := strings.Cut(strings.TrimPrefix(style, "\x1b["), "m")
		style = rest
		for parameters != "" {
			var n string
			n, parameters, _ = strings.Cut(parameters, ";")
			switch n {
			case "38":
				skip := 2 // 5;n
				if strings.HasPrefix(parameters, "2;") {
					skip = 4 // 2;r;g;b
				}
				for range skip {
					_, parameters, _ = strings.Cut(parameters, ";")
				}
			case "0", "1", "2", "3", "22", "23", "30", "31", "32", "33", "34", "35", "36", "37", "39", "90", "91", "92", "93", "94", "95", "96", "97":
			default:
				return true
			}
		}
	}
	return false
}

// isOneColumn reports whether every terminal shows a character in one column, and joins
// it to no other: ASCII, Latin-1, and the signs, arrows, lines, blocks and shapes that the screen is
// made of.
func isOneColumn(r rune) bool {
	switch {
	case r < 0x7f:
		return r >= ' '
	case r >= 0xa1 && r <= 0xff:
		return r != 0xad
	case r >= 0x2500 && r <= 0x25ff: // lines, blocks, shapes
		return r != 0x25fd && r != 0x25fe
	case r >= 0x2400 && r <= 0x2426, r >= 0x2190 && r <= 0x2193: // pictures of control characters, arrows
		return true
	}
	return strings.ContainsRune("–—‹›…≤≥⇧⌫⏎✓✕✗", r)
}

// maxKept is how many columns that have not changed are written again rather than
// passed over: passing over takes as many bytes.
const maxKept = 4

// repaint writes the columns of a line that differ from what stands there. It reports
// false, and writes nothing, if that cannot be known or takes more than the line.
func (p *painter) repaint(y int, was, line string) bool {
	begun := len(p.buf)
	var ok bool
	if p.was, ok = appendGlyphs(p.was[:0], was); !ok {
		return false
	}
	if p.is, ok = appendGlyphs(p.is[:0], line); !ok || len(p.is) != len(p.was) {
		return false
	}
	style, end := "", -1 // in force, and behind what was written last
	for at := 0; at < len(p.is); at++ {
		if p.is[at] == p.was[at] {
			continue
		}
		from := at
		switch kept := at - end; {
		case end < 0:
			p.goTo(at, y)
		case kept <= maxKept:
			from = end
		default:
			p.buf = append(p.buf, "\x1b["...)
			p.buf = strconv.AppendInt(p.buf, int64(kept), 10)
			p.buf = append(p.buf, 'C')
		}
		for _, g := range p.is[from : at+1] {
			if g.style != style && (g.r != ' ' || g.style != "" || showsInBlanks(style)) {
				if style = g.style; !strings.HasPrefix(style, "\x1b[0;") {
					p.buf = append(p.buf, ansi.ResetStyle...)
				}
				p.buf = append(p.buf, style...)
			}
			p.buf = utf8.AppendRune(p.buf, g.r)
		}
		end = at + 1
	}
	if style != "" {
		p.buf = append(p.buf, ansi.ResetStyle...)
	}
	if len(p.buf)-begun > len(line) {
		p.buf = p.buf[:begun]
		return false
	}
	return true
}
