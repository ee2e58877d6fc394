package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/colorprofile"

	"sluice/cluster/record"
)

// style is the parameters of an SGR sequence, "" for plain text. They are
// joined once, here, and never per row.
type style string

// theme is every colour of the client. Levels and states differ by their
// letters and marks too, so that nothing is lost without colours.
type theme struct {
	text, dim, faint, strong style // plain text, in four weights

	title, tab, tabActive   style
	paneActive, paneIdle    style // pane headers
	rule                    style
	chip, hot               style // a filter; what wants attention
	good, wait, bad         style // states
	match, matchHere        style // search
	key, str, num, gap, err style
	cursor                  style // background of the row under the cursor
	box                     style // border of an overlay
	levels                  [7]style
	names                   []style // sources, told apart
}

// palette is what differs between dark and light backgrounds: 24-bit colours,
// which the renderer brings down to what the terminal has.
type palette struct {
	dim, faint, accent, green, yellow, red, magenta, cyan, orange, teal, slate, onAccent, cursor, bar, chip, match, here int
}

var darkPalette = palette{
	dim: 0x9aa2b3, faint: 0x6b7285, accent: 0x7aa2f7, green: 0x9ece6a, yellow: 0xe0af68, red: 0xf7768e,
	magenta: 0xbb9af7, cyan: 0x7dcfff, orange: 0xff9e64, teal: 0x73daca, slate: 0xa9b1d6, onAccent: 0x16161e, cursor: 0x2b3147, bar: 0x1f2335, chip: 0x3b4261, match: 0xe0af68, here: 0xff9e64,
}

var lightPalette = palette{
	dim: 0x59636e, faint: 0x7d8590, accent: 0x0550ae, green: 0x116329, yellow: 0x7d4e00, red: 0xb3202c,
	magenta: 0x7a3fc0, cyan: 0x1b6f7a, orange: 0xa04100, teal: 0x1b6f7a, slate: 0x57606a, onAccent: 0xffffff, cursor: 0xdbe9fb, bar: 0xeef1f5, chip: 0xd5dbe3, match: 0xffe08a, here: 0xffb454,
}

func fg(c int) style { return style(fmt.Sprintf("38;2;%d;%d;%d", c>>16, c>>8&0xff, c&0xff)) }
func bg(c int) style { return style(fmt.Sprintf("48;2;%d;%d;%d", c>>16, c>>8&0xff, c&0xff)) }

const (
	bold      style = "1"
	faintAttr style = "2"
	underline style = "4"
	reverse   style = "7"
)

// with joins styles.
func (s style) with(others ...style) style {
	for _, o := range others {
		switch {
		case s == "":
			s = o
		case o != "":
			s += ";" + o
		}
	}
	return s
}

func newTheme(dark bool, profile colorprofile.Profile) *theme {
	if profile <= colorprofile.ASCII {
		return plainTheme()
	}
	p := darkPalette
	if !dark {
		p = lightPalette
	}
	onMatch := fg(0x16161e)
	t := &theme{
		dim:        fg(p.dim),
		faint:      fg(p.faint),
		strong:     bold,
		title:      bold.with(fg(p.onAccent), bg(p.accent)),
		tab:        fg(p.dim).with(bg(p.bar)),
		tabActive:  bold.with(fg(p.accent), bg(p.bar)),
		paneActive: bold.with(fg(p.accent)),
		paneIdle:   fg(p.dim),
		rule:       fg(p.chip),
		chip:       bg(p.chip),
		hot:        bold.with(fg(p.yellow)),
		good:       fg(p.green),
		wait:       fg(p.yellow),
		bad:        bold.with(fg(p.red)),
		match:      onMatch.with(bg(p.match)),
		matchHere:  bold.with(onMatch, bg(p.here)),
		key:        fg(p.accent),
		str:        fg(p.green),
		num:        fg(p.orange),
		gap:        fg(p.yellow),
		err:        fg(p.red),
		cursor:     bg(p.cursor),
		box:        fg(p.accent),
		names:      []style{fg(p.accent), fg(p.magenta), fg(p.teal), fg(p.slate)}, // no level's colours
	}
	t.levels = [7]style{fg(p.dim), fg(p.faint), fg(p.cyan), fg(p.green), bold.with(fg(p.yellow)), bold.with(fg(p.red)), bold.with(reverse, fg(p.red))}
	if profile == colorprofile.ANSI256 {
		// The nearest of 256 to a dark grey-blue is a loud blue: take greys.
		bar, chip, cursor := style("48;5;235"), style("48;5;239"), style("48;5;237")
		if !dark {
			bar, chip, cursor = "48;5;255", "48;5;252", "48;5;254"
		}
		t.tab, t.tabActive = fg(p.dim).with(bar), bold.with(fg(p.accent), bar)
		t.chip, t.cursor = chip, cursor
		if dark {
			t.faint, t.dim, t.paneIdle, t.rule = "38;5;243", "38;5;247", "38;5;247", "38;5;239"
			t.tab = style("38;5;247").with(bar)
			t.levels[1] = t.faint
		}
	}
	if profile < colorprofile.ANSI256 {
		// Sixteen colours have no shades that could stand behind text.
		t.cursor, t.chip, t.match, t.matchHere = reverse, reverse, reverse, bold.with(reverse)
		t.title = bold.with(reverse)
		t.tab, t.tabActive = "", bold.with(underline)
		t.dim, t.faint, t.rule, t.paneIdle = "", "90", "90", ""
	}
	return t
}

// plainTheme has no colours: NO_COLOR, or a terminal without any.
func plainTheme() *theme {
	t := &theme{
		faint: faintAttr, dim: "", strong: bold,
		title: bold.with(reverse), tabActive: bold.with(underline),
		paneActive: bold, rule: faintAttr, chip: reverse, hot: bold, bad: bold,
		match: reverse, matchHere: bold.with(reverse), gap: bold, err: bold,
		cursor: reverse, names: []style{""},
	}
	t.levels = [7]style{"", faintAttr, "", "", bold, bold, bold.with(reverse)}
	return t
}

// level is the style of a level's letters.
func (t *theme) level(l record.Level) style {
	return t.levels[min(max(int(l)/10, 0), len(t.levels)-1)]
}

// name is the style of a source: the same name always looks the same.
func (t *theme) name(name string) style {
	return t.names[int(nameHash(name))%len(t.names)]
}

// nameHash spreads names that differ in one digit, as machines' names do, over
// different colours.
func nameHash(name string) uint32 {
	var h uint32
	for i := range len(name) {
		h = h*31 + uint32(name[i])
	}
	return h
}

// background is the part of a style that lies under the text.
func (s style) background() style {
	if i := strings.Index(string(s), "48;"); i >= 0 {
		return s[i:]
	}
	return ""
}
