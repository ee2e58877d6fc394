package tui

import (
	"fmt"
	"image/color"
	"strconv"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/record"
	"sluice/tui/cell"
)

// theme is every colour of the client; nothing else in the package makes one.
// Levels and states differ by their letters and marks too, so that nothing is
// lost without colours.
//
// A screen of logs is mostly text that is fine. So what is fine is grey, and
// colour is kept for what is not: yellow and red for levels and losses, one
// accent for where you are, and quiet hues that distinguish machines.
type theme struct {
	text, dim, faint, strong cell.Style // plain text, in four weights

	title, tab, tabActive   cell.Style // the bar on top
	paneActive, paneIdle    cell.Style // pane headers
	heading                 cell.Style // of a section
	rule                    cell.Style // lines, and what is not there; never text
	chip, chipNot, hot      cell.Style // a filter, one that leaves out; what wants attention
	good, wait, bad         cell.Style // states
	match, matchHere        cell.Style // search
	found                   cell.Style // letters of a name that were typed
	key, str, num, gap, err cell.Style
	mark                    cell.Style // of a marked record
	spark, sparkBad         cell.Style // a rate, and one with errors in it
	cursor                  cell.Style // background of the row under the cursor
	box                     cell.Style // border of an overlay
	levels                  [7]cell.Style
	names                   []cell.Style // of sources
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

func (c colours) fg(rgb int) cell.Style { return c.style(rgb, 38) }
func (c colours) bg(rgb int) cell.Style { return c.style(rgb, 48) }

// style is a colour in front, 38, or behind, 48.
func (c colours) style(rgb, where int) cell.Style {
	r, g, b := rgb>>16, rgb>>8&0xff, rgb&0xff
	switch has := c.profile.Convert(color.RGBA{uint8(r), uint8(g), uint8(b), 0xff}).(type) {
	case ansi.IndexedColor:
		return cell.Style(fmt.Sprintf("%d;5;%d", where, has))
	case ansi.BasicColor:
		n := int(has) + where - 8 // 30 or 40 on
		if has >= 8 {
			n += 60 - 8 // the bright ones, 90 or 100 on
		}
		return cell.Style(strconv.Itoa(n))
	}
	return cell.Style(fmt.Sprintf("%d;2;%d;%d;%d", where, r, g, b))
}

const (
	bold      cell.Style = "1"
	faintAttr cell.Style = "2"
	underline cell.Style = "4"
	reverse   cell.Style = "7"
)

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
		title:      bold.With(fg(p.onAccent), bg(p.accent)),
		tab:        fg(p.dim).With(bg(p.bar)),
		tabActive:  bold.With(fg(p.accent), bg(p.bar)),
		paneActive: bold.With(fg(p.accent)),
		paneIdle:   fg(p.dim),
		heading:    bold.With(fg(p.accent)),
		rule:       fg(p.rule),
		chip:       fg(p.chipText).With(bg(p.chip)),
		chipNot:    fg(p.err).With(bg(p.chip)),
		hot:        bold.With(fg(p.yellow)),
		good:       fg(p.green),
		wait:       fg(p.yellow),
		bad:        bold.With(fg(p.red)),
		match:      fg(p.onMatch).With(bg(p.match)),
		matchHere:  bold.With(fg(p.onMatch), bg(p.here)),
		found:      bold.With(fg(p.accent)),
		key:        fg(p.accent),
		str:        fg(p.string),
		num:        fg(p.number),
		gap:        fg(p.yellow),
		err:        fg(p.err),
		mark:       bold.With(fg(p.orange)),
		spark:      fg(p.spark),
		sparkBad:   fg(p.red),
		cursor:     bg(p.cursor),
		box:        fg(p.faint),
	}
	for _, c := range p.names {
		t.names = append(t.names, fg(c))
	}
	t.levels = [7]cell.Style{fg(p.dim), fg(p.faint), fg(p.debug), fg(p.dim), bold.With(fg(p.yellow)), bold.With(fg(p.red)), bold.With(reverse, fg(p.red))}
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
func (t *theme) in256(dark bool, p *palette, fg func(int) cell.Style) {
	bar, chip, cursor, rule := cell.Style("48;5;235"), cell.Style("48;5;238"), cell.Style("48;5;236"), cell.Style("38;5;239")
	if !dark {
		bar, chip, cursor, rule = "48;5;255", "48;5;253", "48;5;255", "38;5;251"
	}
	t.tab, t.tabActive = fg(p.dim).With(bar), bold.With(fg(p.accent), bar)
	t.chip, t.chipNot, t.cursor, t.rule, t.box = chip, fg(p.err).With(chip), cursor, rule, rule
	t.faint, t.dim, t.paneIdle = "38;5;245", "38;5;248", "38;5;248"
	if !dark {
		t.faint, t.dim, t.paneIdle = "38;5;242", "38;5;240", "38;5;240"
	}
	t.tab = t.dim.With(bar)
	t.levels[0], t.levels[1], t.levels[2], t.levels[3] = t.dim, t.faint, t.dim, t.dim
}

// in16 takes what is left with sixteen colours, which have no shades that could
// stand behind text.
func (t *theme) in16() {
	t.cursor, t.chip, t.chipNot, t.match, t.matchHere = reverse, reverse, reverse, reverse, bold.With(reverse)
	t.title = bold.With(reverse)
	t.tab, t.tabActive = "", bold.With(underline)
	t.dim, t.faint, t.rule, t.box, t.paneIdle = "", "", "90", "90", ""
	t.levels[0], t.levels[1], t.levels[2], t.levels[3] = "", "", "", ""
}

// plainTheme has no colours: NO_COLOR, or a terminal without any.
func plainTheme() *theme {
	t := &theme{
		faint: faintAttr, strong: bold,
		title: bold.With(reverse), tabActive: bold.With(underline),
		paneActive: bold, heading: bold, rule: faintAttr, chip: reverse, chipNot: reverse, hot: bold, bad: bold,
		match: reverse, matchHere: bold.With(reverse), found: bold.With(underline), gap: bold, err: bold,
		mark: bold, sparkBad: bold, cursor: reverse, names: []cell.Style{""},
	}
	t.levels = [7]cell.Style{"", faintAttr, "", "", bold, bold, bold.With(reverse)}
	return t
}

// level is the style of a level's letters.
func (t *theme) level(l record.Level) cell.Style {
	return t.levels[min(max(int(l)/10, 0), len(t.levels)-1)]
}

// message is the style of what a record of a level says.
func (t *theme) message(l record.Level) cell.Style {
	switch {
	case l >= record.Error:
		return t.err
	case l != 0 && l < record.Info:
		return t.dim
	}
	return t.text
}

// name is the style of a source: the same name always looks the same.
func (t *theme) name(name string) cell.Style {
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
