package tui

import (
	"cmp"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
)

// commandPalette lists everything that can be done, by name and with its key, those first
// that match what was typed best. Enter does it.
type commandPalette struct {
	title, opened, empty string
	ran                  *history // of the names of those that were run; nil: none is kept
	foot                 string   // what its keys do, besides leaving; "": enter does it

	// more takes keys of its own, on the chosen command; may be nil.
	more func(key string, on command) (cmd tea.Cmd, ok bool)

	input input
	all   []command
	found []found
	at    int // index of the chosen one in found
	top   int // the first on the screen
	rows  int // that have room
}

func (m *model) openPalette() {
	p := &commandPalette{title: "Actions", opened: m.keys.palette.Help().Key, empty: "type what you want to do", ran: &m.ran, all: m.commands()}
	m.openDialog(p)
	p.choose()
}

// openChoice lists some commands, to choose one of them.
func (m *model) openChoice(title, empty string, all []command) *commandPalette {
	p := &commandPalette{title: title, empty: empty, all: all}
	m.openDialog(p)
	p.choose()
	return p
}

func (p *commandPalette) changes() bool { return false }

func (p *commandPalette) scroll(_ *model, by int) { p.move(by / 3) }

func (p *commandPalette) paste(text string) {
	p.input.insert(text)
	p.choose()
}

// choose finds what matches.
func (p *commandPalette) choose() {
	var ran []string
	if p.ran != nil {
		ran = p.ran.texts
	}
	p.found = findCommands(p.all, strings.TrimSpace(p.input.text()), ran)
	p.at, p.top = 0, 0
}

func (p *commandPalette) move(by int) { p.at = max(0, min(p.at+by, len(p.found)-1)) }

func (p *commandPalette) key(m *model, msg tea.KeyPressMsg) tea.Cmd {
	if p.more != nil && p.at < len(p.found) {
		if cmd, ok := p.more(msg.String(), p.found[p.at].command); ok {
			return cmd
		}
	}
	switch msg.String() {
	case "up", "ctrl+p", "ctrl+k", "shift+tab":
		p.move(-1)
	case "down", "ctrl+n", "ctrl+j", "tab":
		p.move(1)
	case "pgup":
		p.move(-max(p.rows-1, 1))
	case "pgdown":
		p.move(max(p.rows-1, 1))
	case "home":
		p.move(-len(p.found))
	case "end":
		p.move(len(p.found))
	case "enter":
		m.closeDialog(p)
		if p.at >= len(p.found) {
			return nil
		}
		c := p.found[p.at]
		return tea.Batch(m.remember(p.ran, c.name), c.do())
	case "esc":
		m.closeDialog(p)
	case "backspace":
		if p.input.text() == "" {
			m.closeDialog(p)
			return nil
		}
		fallthrough
	default:
		if p.input.key(msg) {
			p.choose()
		}
	}
	return nil
}

// paletteWidth is the width of the palette on a screen that is wide enough.
const paletteWidth = 72

func (p *commandPalette) draw(m *model, screen []string) (*tea.Cursor, bool) {
	w := min(paletteWidth, m.width-4)
	p.rows = max(min(m.height-7, 24), 1)
	t, f := m.theme, frameOf(m.theme, m.method, w)
	box := []string{f.top(p.title, p.opened)}
	l := cell.NewLine(w-4, m.method).Add(t.heading, "› ")
	x := 4 + p.input.draw(l, t.text, w-8)
	if p.input.text() == "" {
		l.Add(t.faint, p.empty)
	}
	box = append(box, f.row(l.String()), f.rule())
	p.top = max(0, min(max(min(p.top, p.at), p.at-p.rows+1), len(p.found)-p.rows))
	keys := 0
	for _, c := range p.all {
		keys = max(keys, min(cell.Width(record.Safe(c.key), m.method), 12))
	}
	for i := p.top; i < min(p.top+p.rows, len(p.found)); i++ {
		box = append(box, f.row(p.line(m, p.found[i].command, i == p.at, keys, w-4)))
	}
	if len(p.found) == 0 {
		box = append(box, f.row(cell.NewLine(w-4, m.method).Add(t.dim, "Nothing has a name like that.").String()))
	}
	box = append(box, f.bottom(cmp.Or(p.foot, "enter does it")+" · esc leaves"))
	left, top := (m.width-w)/2, max((m.height-len(box))/3, 1)
	cell.Overlay(screen, box, left, top, w, m.method)
	return tea.NewCursor(left+x, top+1), true
}

// line draws one command, with the letters that were typed.
func (p *commandPalette) line(m *model, c command, here bool, keys, w int) string {
	t := m.theme
	l := cell.NewLine(w, m.method)
	if here {
		l.On(t.cursor).Add(t.paneActive, "▌ ")
	} else {
		l.Space(2)
	}
	l.Fixed(t.strong, record.Safe(c.key), keys).Space(2)
	note := record.Safe(c.note)
	room := max(l.Left()-cell.Width(note, m.method)-2, 8)
	name, _ := cell.Fit(record.Safe(c.name), room, m.method)
	addFound(l, t, name, strings.TrimSpace(p.input.text()))
	if n := l.Left() - cell.Width(note, m.method); n > 0 {
		l.Space(n).Add(t.faint, note)
	}
	return l.String()
}

// addFound appends a name, with the letters in it that were typed.
func addFound(l *cell.Line, t *theme, name, typed string) {
	var letters []int
	if len(name) == len([]rune(name)) { // else runes may belong together
		letters = foundLetters(typed, name)
	}
	if len(letters) == 0 {
		l.Add(t.text, name)
		return
	}
	for i := range len(name) {
		st := t.text
		if len(letters) > 0 && letters[0] == i {
			st, letters = t.found, letters[1:]
		}
		l.Add(st, name[i:i+1])
	}
}
