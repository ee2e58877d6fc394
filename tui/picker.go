package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// picker lists the live streams, those first that match what was typed best.
type picker struct {
	input   input
	streams []stream.Live
	items   []pick
	at      int    // index of the chosen item
	chosen  string // its name: it stays chosen while rates come and go
	top     int    // first item on the screen
}

// pick is one item.
type pick struct {
	stream.Live
	score int
	found []int // runes of the name that were typed
	typed bool  // not a live stream: the name as it was typed
}

func (m *model) openPicker() {
	m.picker = &picker{}
	m.config.Feed.WatchStreams(true)
	m.picker.set(m.config.Feed.Streams())
}

func (m *model) closePicker() {
	m.picker = nil
	m.config.Feed.WatchStreams(false)
}

func (m *model) pickerKey(msg tea.KeyPressMsg) tea.Cmd {
	p := m.picker
	switch msg.String() {
	case "up", "ctrl+p", "ctrl+k":
		p.move(-1)
	case "down", "ctrl+n", "ctrl+j", "tab":
		p.move(1)
	case "pgup":
		p.move(-10)
	case "pgdown":
		p.move(10)
	case "enter":
		if p.at < len(p.items) {
			name := p.items[p.at].Name
			m.closePicker()
			m.detail = nil
			m.openPane(name)
		}
	case "esc":
		m.closePicker()
	default:
		if len(m.panes) == 0 && p.input.text == "" && matches(msg, m.keys.quit) {
			return tea.Quit
		}
		if p.input.key(msg) {
			p.chosen = ""
			p.choose()
		}
	}
	return m.tick()
}

// set takes the live streams as they are now.
func (p *picker) set(streams []stream.Live) {
	p.streams = streams
	p.choose()
}

// choose finds what matches, and keeps the chosen item chosen.
func (p *picker) choose() {
	p.items = p.items[:0]
	exact := false
	for _, s := range p.streams {
		score, found, ok := fuzzy(p.input.text, s.Name)
		if ok {
			p.items = append(p.items, pick{Live: s, score: score, found: found})
			exact = exact || s.Name == p.input.text
		}
	}
	slices.SortStableFunc(p.items, func(a, b pick) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.Name, b.Name))
	})
	if !exact && stream.CheckName(p.input.text) == nil {
		p.items = append(p.items, pick{Live: stream.Live{Name: p.input.text}, typed: true})
	}
	p.at = 0
	for i := range p.items {
		if p.items[i].Name == p.chosen {
			p.at = i
		}
	}
}

func (p *picker) move(by int) {
	if len(p.items) == 0 {
		return
	}
	p.at = min(max(p.at+by, 0), len(p.items)-1)
	p.chosen = p.items[p.at].Name
}

// draw returns the box, its width, and the column of the cursor on its second
// line.
func (p *picker) draw(width, height int, lk look, opened func(string) bool) (box []string, w, x int) {
	w = min(72, width-4)
	rows := max(min(height-8, 16), 1)
	t := lk.theme
	edge := func(l *line) string { return l.String() }
	border := func(left, mid, right string) string {
		return newLine(w, lk.method, "").add(t.box, left+strings.Repeat(mid, w-2)+right).String()
	}
	title := " Open a stream "
	box = append(box, newLine(w, lk.method, "").add(t.box, "╭─").add(t.paneActive, title).add(t.box, strings.Repeat("─", max(w-3-len(title), 0))+"╮").String())

	l := newLine(w, lk.method, "").add(t.box, "│").add(t.strong, " › ")
	x = 4 + p.input.draw(l, t.text, w-8)
	if p.input.text == "" {
		l.add(t.faint, " type to search")
	}
	box = append(box, edge(l.fillTo("", 1).add(t.box, "│")), border("├", "─", "┤"))

	if p.at < p.top {
		p.top = p.at
	}
	if p.at >= p.top+rows {
		p.top = p.at - rows + 1
	}
	p.top = max(0, min(p.top, len(p.items)-rows))
	shown := p.items[p.top:min(p.top+rows, len(p.items))]
	for i, item := range shown {
		box = append(box, p.drawItem(item, p.top+i == p.at, w, lk, opened(item.Name)))
	}
	if len(shown) == 0 {
		text := "No stream has had a record within the last minute."
		if lk.trouble != nil {
			text = lk.trouble[0]
		}
		text, _ = fit(text, w-4, lk.method)
		box = append(box, edge(newLine(w, lk.method, "").add(t.box, "│ ").add(t.dim, text).fillTo("", 1).add(t.box, "│")))
	}
	box = append(box, border("├", "─", "┤"))
	foot := "↑↓ choose · enter open · esc leave"
	number := fmt.Sprintf("%d live ", len(p.streams))
	l = newLine(w, lk.method, "").add(t.box, "│ ")
	foot, _ = fit(foot, w-4, lk.method)
	l.add(t.faint, foot)
	if l.left > len(number)+2 {
		l.fillTo("", len(number)+1).add(t.faint, number)
	}
	box = append(box, edge(l.fillTo("", 1).add(t.box, "│")), border("╰", "─", "╯"))
	return box, w, x
}

func (p *picker) drawItem(item pick, here bool, w int, lk look, open bool) string {
	t := lk.theme
	inner := newLine(w-2, lk.method, "")
	if here {
		inner.base = t.cursor
		inner.add(t.paneActive, "▌ ")
	} else {
		inner.space(2)
	}
	note := rateText(item.Rate)
	if item.Sources > 0 {
		note = fmt.Sprintf("%d× ", item.Sources) + fmt.Sprintf("%10s", note)
	}
	if item.typed {
		note = "not live now"
	}
	if open {
		note = "open  " + note
	}
	room := max(w-2-2-len(note)-3, 4)
	name, _ := fit(record.Safe(item.Name), room, lk.method)
	st := t.text
	if item.typed {
		st = t.dim
	}
	if safe := record.Safe(item.Name) == item.Name && name == item.Name; safe && len(item.found) > 0 {
		at := 0
		for i, r := range []rune(name) {
			here := st
			if at < len(item.found) && item.found[at] == i {
				here = t.paneActive
				at++
			}
			inner.add(here, string(r))
		}
	} else {
		inner.add(st, name)
	}
	inner.fillTo("", len([]rune(note))+1).add(t.dim, note)
	return newLine(1, lk.method, "").add(t.box, "│").String() + inner.String() + newLine(1, lk.method, "").add(t.box, "│").String()
}
