package tui

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
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

// sgr is a lipgloss style as rows are written with it: the parameters of the sequence
// that begins it. Rendering with lipgloss itself, per row and frame, would cost more
// than all the rest of a frame.
func sgr(s lipgloss.Style) cell.Style {
	params, _, _ := strings.Cut(strings.TrimPrefix(s.Render("x"), "\x1b["), "mx")
	return cell.Style(params)
}

// colours makes styles of 24-bit colours, as far as a terminal has them: of others
// the nearest that it has.
type colours struct{ profile colorprofile.Profile }

func (c colours) fg(rgb int) cell.Style { return foreground(c.nearest(rgb)) }
func (c colours) bg(rgb int) cell.Style { return background(c.nearest(rgb)) }

func (c colours) nearest(rgb int) color.Color {
	return c.profile.Convert(color.RGBA{uint8(rgb >> 16), uint8(rgb >> 8), uint8(rgb), 0xff})
}

func foreground(c color.Color) cell.Style { return sgr(lipgloss.NewStyle().Foreground(c)) }
func background(c color.Color) cell.Style { return sgr(lipgloss.NewStyle().Background(c)) }

var (
	bold      = sgr(lipgloss.NewStyle().Bold(true))
	faintAttr = sgr(lipgloss.NewStyle().Faint(true))
	underline = sgr(lipgloss.NewStyle().Underline(true))
	reverse   = sgr(lipgloss.NewStyle().Reverse(true))
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
	grey := struct{ bar, chip, cursor, rule, faint, dim ansi.IndexedColor }{235, 238, 236, 239, 245, 248}
	if !dark {
		grey.bar, grey.chip, grey.cursor, grey.rule, grey.faint, grey.dim = 255, 253, 255, 251, 242, 240
	}
	bar, chip := background(grey.bar), background(grey.chip)
	t.tabActive = bold.With(fg(p.accent), bar)
	t.chip, t.chipNot = chip, fg(p.err).With(chip)
	t.cursor, t.rule, t.box = background(grey.cursor), foreground(grey.rule), foreground(grey.rule)
	t.faint, t.dim, t.paneIdle = foreground(grey.faint), foreground(grey.dim), foreground(grey.dim)
	t.tab = t.dim.With(bar)
	t.levels[0], t.levels[1], t.levels[2], t.levels[3] = t.dim, t.faint, t.dim, t.dim
}

// in16 takes what is left with sixteen colours, which have no shades that could
// stand behind text.
func (t *theme) in16() {
	t.cursor, t.chip, t.chipNot, t.match, t.matchHere = reverse, reverse, reverse, reverse, bold.With(reverse)
	t.title = bold.With(reverse)
	t.tab, t.tabActive = "", bold.With(underline)
	grey := foreground(ansi.BrightBlack)
	t.dim, t.faint, t.rule, t.box, t.paneIdle = "", "", grey, grey, ""
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
	case l > 0 && l < record.Info:
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
