package terminal

import (
	"strconv"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// painter turns frames into the bytes that show them: a scroll, where lines have moved together, and the lines that differ
// then, of these the columns that differ. Lines are compared as they are written first: those of
// a frame fill the terminal's width, and no style goes on beyond the end of one.
type painter struct {
	lines        []string // on the terminal; nil when that is not known
	cursor       Position
	shown        bool // the cursor
	synchronized bool // the terminal shows what comes between two marks at once
	buf          []byte
	was, is      []glyph        // of a line, before and now
	at           map[string]int // where a line stands on the terminal; -1 in several places
}

// forget makes the next frame a whole one: it is not known what the terminal shows.
func (p *painter) forget() { p.lines = nil }

// paint returns what shows a frame, nothing when it is shown already; valid
// until the next call. No cursor hides it.
func (p *painter) paint(lines []string, cursor *Position) []byte {
	p.buf = p.buf[:0]
	if p.synchronized {
		p.buf = append(p.buf, ansi.SetModeSynchronizedOutput...)
	}
	begun := len(p.buf)
	wasShown := p.shown
	if p.shown {
		p.showCursor(false)
	}
	moved := len(p.buf)
	if len(p.lines) != len(lines) {
		p.buf = append(p.buf, ansi.ResetStyle+"\x1b[r\x1b[2J"...)
		p.lines = make([]string, len(lines))
	} else {
		p.scroll(lines)
	}
	for i, line := range lines {
		if line == p.lines[i] {
			continue
		}
		was := p.lines[i]
		p.lines[i] = line
		if was != "" && p.repaint(i, was, line) {
			continue
		}
		p.goTo(0, i)
		if !isASCII(line) {
			// A terminal may find text narrower than we do: what stood there
			// must not look out behind its end.
			p.buf = append(p.buf, "\x1b[K"...)
		}
		p.buf = append(p.buf, line...)
	}
	if len(p.buf) == moved && wasShown == (cursor != nil) && (cursor == nil || *cursor == p.cursor) {
		p.shown = wasShown
		return nil
	}
	if cursor != nil {
		p.cursor = *cursor
		p.goTo(p.cursor.X, p.cursor.Y)
		p.showCursor(true)
	}
	if len(p.buf) == begun {
		return nil
	}
	if p.synchronized {
		p.buf = append(p.buf, ansi.ResetModeSynchronizedOutput...)
	}
	return p.buf
}

func (p *painter) showCursor(on bool) {
	p.shown = on
	if on {
		p.buf = append(p.buf, ansi.SetModeTextCursorEnable...)
	} else {
		p.buf = append(p.buf, ansi.ResetModeTextCursorEnable...)
	}
}

func (p *painter) goTo(x, y int) {
	p.buf = append(p.buf, "\x1b["...)
	p.buf = strconv.AppendInt(p.buf, int64(y+1), 10)
	p.buf = append(p.buf, ';')
	p.buf = strconv.AppendInt(p.buf, int64(x+1), 10)
	p.buf = append(p.buf, 'H')
}

// worthScrolling is how many lines a scroll must save.
const worthScrolling = 3

// scroll moves lines that stand in the new frame, together, above or below
// where they are. A pane that follows a calm stream costs a line a record so,
// which is felt through ssh.
func (p *painter) scroll(lines []string) {
	by, from, to := p.moved(lines)
	if to-from < worthScrolling {
		return
	}
	// Lines from..to of the new frame are at from+by..to+by.
	top, bottom, how := from, to+by, "S"
	n := by
	if by < 0 {
		top, bottom, how, n = from+by, to, "T", -by
	}
	p.buf = append(p.buf, "\x1b["...)
	p.buf = strconv.AppendInt(p.buf, int64(top+1), 10)
	p.buf = append(p.buf, ';')
	p.buf = strconv.AppendInt(p.buf, int64(bottom), 10)
	p.buf = append(p.buf, "r\x1b["...)
	p.buf = strconv.AppendInt(p.buf, int64(n), 10)
	p.buf = append(append(p.buf, how...), "\x1b[r"...)
	copy(p.lines[from:to], p.lines[from+by:to+by])
	if by > 0 {
		clear(p.lines[to:bottom])
	} else {
		clear(p.lines[top:from])
	}
}

// moved finds the most lines that have moved together: lines from up to to
// stand by lines further down on the terminal, or further up if by is negative.
func (p *painter) moved(lines []string) (by, from, to int) {
	if p.at == nil {
		p.at = make(map[string]int)
	}
	clear(p.at)
	for i, line := range p.lines {
		if line == lines[i] {
			continue // it need not move
		}
		if _, twice := p.at[line]; twice {
			i = -1
		}
		p.at[line] = i
	}
	if len(p.at) < worthScrolling {
		return 0, 0, 0
	}
	for i := 0; i < len(lines); i++ {
		at, ok := p.at[lines[i]]
		if !ok || at < 0 || at == i || lines[i] == p.lines[i] {
			continue
		}
		end := i + 1
		for shift := at - i; end < len(lines) && end+shift < len(lines) && lines[end] == p.lines[end+shift]; end++ {
		}
		if end-i > to-from {
			by, from, to = at-i, i, end
		}
		i = end - 1
	}
	return by, from, to
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
