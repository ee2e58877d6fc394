package tui

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/record"
)

// style is the parameters of an SGR sequence, "" for plain text. They are
// joined once, here, and never per row.
type style string

// theme is every colour of the client; nothing else in the package makes one.
// Levels and states differ by their letters and marks too, so that nothing is
// lost without colours.
//
// A screen of logs is mostly text that is fine. So what is fine is grey, and
// colour is kept for what is not: yellow and red for levels and losses, one
// accent for where you are, and quiet hues that tell machines apart.
type theme struct {
	text, dim, faint, strong style // plain text, in four weights

	title, tab, tabActive   style // the bar on top
	paneActive, paneIdle    style // pane headers
	heading                 style // of a section
	rule                    style // lines, and what is not there; never text
	chip, chipNot, hot      style // a filter, one that leaves out; what wants attention
	good, wait, bad         style // states
	match, matchHere        style // search
	found                   style // letters of a name that were typed
	key, str, num, gap, err style
	mark                    style // of a marked record
	spark, sparkBad         style // a rate, and one with errors in it
	cursor                  style // background of the row under the cursor
	box                     style // border of an overlay
	levels                  [7]style
	names                   []style // sources, told apart
}

// palette is what differs between dark and light backgrounds: 24-bit colours,
// which [colours] brings down to what the terminal has. A test holds every
// text to a contrast of 4.5 to 1 on usual backgrounds.
type palette struct {
	dim, faint, rule                 int
	accent, green, yellow, red       int
	orange, string, number           int
	onAccent, onMatch, match, here   int
	bar, chip, chipText, cursor, err int
	spark, debug                     int
	names                            [5]int
}

var darkPalette = palette{
	dim: 0xa6adbb, faint: 0x9099ab, rule: 0x3b4252,
	accent: 0x86b0ff, green: 0x8ccf8c, yellow: 0xe8bf6a, red: 0xff8088,
	orange: 0xf0a070, string: 0xa3c98f, number: 0xe0a87c,
	onAccent: 0x11141b, onMatch: 0x16161e, match: 0xe8bf6a, here: 0xffa25e,
	bar: 0x20242e, chip: 0x343c4e, chipText: 0xdde3ee, cursor: 0x262d3d, err: 0xff9da2,
	spark: 0x7aa2c8, debug: 0x8f9bb3,
	names: [5]int{0x8db4e8, 0xbfa3ea, 0x77c7bb, 0xc9b08a, 0xd59ac0},
}

var lightPalette = palette{
	dim: 0x545d68, faint: 0x5f6974, rule: 0xc9d1da,
	accent: 0x0b57d0, green: 0x146c2e, yellow: 0x805000, red: 0xb3202c,
	orange: 0x9c4300, string: 0x2d6a27, number: 0x8f4700,
	onAccent: 0xffffff, onMatch: 0x1c1e22, match: 0xffe08a, here: 0xffb454,
	bar: 0xebeff4, chip: 0xd9e0ea, chipText: 0x1f2630, cursor: 0xe4edfb, err: 0xa81e29,
	spark: 0x356799, debug: 0x5a6675,
	names: [5]int{0x2358a6, 0x6b3fa8, 0x0f6660, 0x74551b, 0x98306f},
}

// colours makes styles of 24-bit colours, as far as a terminal has them: of others
// the nearest that it has.
type colours struct{ profile colorprofile.Profile }

func (c colours) fg(rgb int) style { return c.style(rgb, 38) }
func (c colours) bg(rgb int) style { return c.style(rgb, 48) }

// style is a colour in front, 38, or behind, 48.
func (c colours) style(rgb, where int) style {
	r, g, b := rgb>>16, rgb>>8&0xff, rgb&0xff
	switch has := c.profile.Convert(color.RGBA{uint8(r), uint8(g), uint8(b), 0xff}).(type) {
	case ansi.IndexedColor:
		return style(fmt.Sprintf("%d;5;%d", where, has))
	case ansi.BasicColor:
		n := int(has) + where - 8 // 30 or 40 on
		if has >= 8 {
			n += 60 - 8 // the bright ones, 90 or 100 on
		}
		return style(strconv.Itoa(n))
	}
	return style(fmt.Sprintf("%d;2;%d;%d;%d", where, r, g, b))
}

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
	p := &darkPalette
	if !dark {
		p = &lightPalette
	}
	fg, bg := colours{profile}.fg, colours{profile}.bg
	t := &theme{
		dim:        fg(p.dim),
		faint:      fg(p.faint),
		strong:     bold,
		title:      bold.with(fg(p.onAccent), bg(p.accent)),
		tab:        fg(p.dim).with(bg(p.bar)),
		tabActive:  bold.with(fg(p.accent), bg(p.bar)),
		paneActive: bold.with(fg(p.accent)),
		paneIdle:   fg(p.dim),
		heading:    bold.with(fg(p.accent)),
		rule:       fg(p.rule),
		chip:       fg(p.chipText).with(bg(p.chip)),
		chipNot:    fg(p.err).with(bg(p.chip)),
		hot:        bold.with(fg(p.yellow)),
		good:       fg(p.green),
		wait:       fg(p.yellow),
		bad:        bold.with(fg(p.red)),
		match:      fg(p.onMatch).with(bg(p.match)),
		matchHere:  bold.with(fg(p.onMatch), bg(p.here)),
		found:      bold.with(fg(p.accent)),
		key:        fg(p.accent),
		str:        fg(p.string),
		num:        fg(p.number),
		gap:        fg(p.yellow),
		err:        fg(p.err),
		mark:       bold.with(fg(p.orange)),
		spark:      fg(p.spark),
		sparkBad:   fg(p.red),
		cursor:     bg(p.cursor),
		box:        fg(p.faint),
	}
	for _, c := range p.names {
		t.names = append(t.names, fg(c))
	}
	t.levels = [7]style{fg(p.dim), fg(p.faint), fg(p.debug), fg(p.dim), bold.with(fg(p.yellow)), bold.with(fg(p.red)), bold.with(reverse, fg(p.red))}
	if profile == colorprofile.ANSI256 {
		t.in256(dark, p, fg)
	}
	if profile < colorprofile.ANSI256 {
		t.in16()
	}
	return t
}

// in256 takes greys where the nearest of 256 colours to a dark grey-blue would
// be a loud blue.
func (t *theme) in256(dark bool, p *palette, fg func(int) style) {
	bar, chip, cursor, rule := style("48;5;235"), style("48;5;238"), style("48;5;236"), style("38;5;239")
	if !dark {
		bar, chip, cursor, rule = "48;5;255", "48;5;253", "48;5;255", "38;5;251"
	}
	t.tab, t.tabActive = fg(p.dim).with(bar), bold.with(fg(p.accent), bar)
	t.chip, t.chipNot, t.cursor, t.rule, t.box = chip, fg(p.err).with(chip), cursor, rule, rule
	t.faint, t.dim, t.paneIdle = "38;5;245", "38;5;248", "38;5;248"
	if !dark {
		t.faint, t.dim, t.paneIdle = "38;5;242", "38;5;240", "38;5;240"
	}
	t.tab = t.dim.with(bar)
	t.levels[0], t.levels[1], t.levels[2], t.levels[3] = t.dim, t.faint, t.dim, t.dim
}

// in16 takes what is left with sixteen colours, which have no shades that could
// stand behind text.
func (t *theme) in16() {
	t.cursor, t.chip, t.chipNot, t.match, t.matchHere = reverse, reverse, reverse, reverse, bold.with(reverse)
	t.title = bold.with(reverse)
	t.tab, t.tabActive = "", bold.with(underline)
	t.dim, t.faint, t.rule, t.box, t.paneIdle = "", "", "90", "90", ""
	t.levels[0], t.levels[1], t.levels[2], t.levels[3] = "", "", "", ""
}

// plainTheme has no colours: NO_COLOR, or a terminal without any.
func plainTheme() *theme {
	t := &theme{
		faint: faintAttr, strong: bold,
		title: bold.with(reverse), tabActive: bold.with(underline),
		paneActive: bold, heading: bold, rule: faintAttr, chip: reverse, chipNot: reverse, hot: bold, bad: bold,
		match: reverse, matchHere: bold.with(reverse), found: bold.with(underline), gap: bold, err: bold,
		mark: bold, sparkBad: bold, cursor: reverse, names: []style{""},
	}
	t.levels = [7]style{"", faintAttr, "", "", bold, bold, bold.with(reverse)}
	return t
}

// level is the style of a level's letters.
func (t *theme) level(l record.Level) style {
	return t.levels[min(max(int(l)/10, 0), len(t.levels)-1)]
}

// message is the style of what a record of a level says.
func (t *theme) message(l record.Level) style {
	switch {
	case l >= record.Error:
		return t.err
	case l != 0 && l < record.Info:
		return t.dim
	}
	return t.text
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
