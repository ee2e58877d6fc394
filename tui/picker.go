package tui

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/tui/cell"
	"sluice/tui/find"
)

// maxMerged is how many streams one pane merges at most.
const maxMerged = 64

// picker lists the live streams, those first that match what was typed best.
type picker struct {
	input   input
	streams []stream.Live
	items   []pick
	at      int    // index of the chosen item
	chosen  string // its name: it stays chosen while rates come and go
	top     int    // first item on the screen
	rows    int    // items that have room
	busiest bool   // by rate, and not by name
	marked  []string
	area    rect // of the items on the screen
	beside  bool // what is opened stands beside what is there
	scored  int  // names that were looked at, ever
	began   time.Time
}

// pick is one item.
type pick struct {
	stream.Live
	score   int
	typed   bool // not a live stream: the name as it was typed
	pattern bool // nor a name: the streams that match it, and those that appear
}

func (m *model) openPicker(beside bool) {
	p := &picker{beside: beside, began: m.config.Now()}
	m.openDialog(p)
	m.listAt = time.Time{}
	m.watchStreams()
	p.set(m.config.Feed.Streams())
}

// listed is the live streams, as they were found for a picker and for panes of patterns.
type listed struct {
	picker  *picker
	streams []stream.Live
	wanted  []stream.Live // those that panes of patterns want
	took    time.Duration
}

// listStreams asks for the live streams, away from the keys: of 100,000 it takes
// a while to find them, and to put them in order. It is asked for seldom enough
// that it takes a tenth of the time.
func (m *model) listStreams() tea.Cmd {
	p, wanted := dialogOf[*picker](m), m.selections()
	if p == nil && len(wanted) == 0 || m.listing || time.Now().Before(m.listAt) {
		return nil
	}
	m.listing = true
	feed := m.config.Feed
	return func() tea.Msg {
		begun := time.Now()
		streams := feed.Streams()
		return streamsMsg{p, streams, wantedBy(wanted, streams), time.Since(begun)}
	}
}

func (m *model) streamsListed(msg streamsMsg) {
	m.listing = false
	m.listAt = time.Now().Add(9 * msg.took)
	m.reselectAll(msg.wanted)
	if p := dialogOf[*picker](m); p != nil && p == msg.picker {
		msg.picker.set(msg.streams)
	}
}

// closePicker closes the picker that is open, if one is.
func (m *model) closePicker() {
	if p := dialogOf[*picker](m); p != nil {
		m.closeDialog(p)
		m.watchStreams()
	}
}

func (p *picker) changes() bool { return true }

func (p *picker) scroll(_ *model, by int) { p.move(by / 3) }

func (p *picker) paste(text string) {
	p.input.insert(text)
	p.choose()
}

func (p *picker) key(m *model, msg tea.KeyPressMsg) tea.Cmd {
	switch msg.String() {
	case "up", "ctrl+p", "ctrl+k":
		p.move(-1)
	case "down", "ctrl+n", "ctrl+j":
		p.move(1)
	case "pgup":
		p.move(-max(p.rows-1, 1))
	case "pgdown":
		p.move(max(p.rows-1, 1))
	case "home":
		p.move(-len(p.items))
	case "end":
		p.move(len(p.items))
	case "space", "tab":
		if p.at < len(p.items) && p.items[p.at].pattern {
			return p.markAll(m)
		}
		return p.mark(m)
	case "ctrl+a":
		return p.markAll(m)
	case "ctrl+s":
		p.busiest = !p.busiest
		p.choose()
	case "ctrl+r":
		return m.restoreLayout()
	case "ctrl+v":
		p.beside = true
		p.openChosen(m, false)
		return tea.Batch(m.tick(), m.notifyFull())
	case "ctrl+o":
		p.openChosen(m, false)
		return tea.Batch(m.tick(), m.notifyFull())
	case "enter":
		p.openChosen(m, true)
		return tea.Batch(m.tick(), m.notifyFull())
	case "esc":
		m.closePicker()
		return nil
	default:
		if len(m.panes) == 0 && p.input.text() == "" && matches(msg, m.keys.quit) {
			return m.quit()
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
	score := find.NewFuzzy(p.input.text()).Score
	pattern, patternErr := names.ParsePattern(p.input.text())
	isPattern := patternErr == nil && names.IsPattern(p.input.text())
	if isPattern {
		score = func(name string) (int, bool) { return 0, pattern.Match(name) || name == pattern.String() }
	}
	p.scored += len(p.streams)
	for _, s := range p.streams {
		if score, ok := score(s.Name); ok {
			p.items = append(p.items, pick{Live: s, score: score})
			exact = exact || s.Name == p.input.text()
		}
	}
	switch {
	case p.busiest:
		slices.SortFunc(p.items, func(a, b pick) int {
			return cmp.Or(cmp.Compare(b.Rate, a.Rate), strings.Compare(a.Name, b.Name))
		})
	case p.input.text() != "": // without a pattern they are in the order of their names
		slices.SortFunc(p.items, func(a, b pick) int {
			return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.Name, b.Name))
		})
	}
	if isPattern {
		p.items = slices.Insert(p.items, 0, pick{Live: stream.Live{Name: pattern.String()}, pattern: true})
	} else if !exact && names.Check(p.input.text()) == nil {
		p.items = append(p.items, pick{Live: stream.Live{Name: p.input.text()}, typed: true})
	}
	p.at = 0
	if p.chosen == "" {
		return
	}
	for i := range p.items {
		if p.items[i].Name == p.chosen && !p.items[i].pattern {
			p.at = i
		}
	}
}

func (p *picker) move(by int) { p.choice(p.at + by) }

// choice chooses the item with an index, or the nearest one.
func (p *picker) choice(i int) {
	if len(p.items) == 0 {
		return
	}
	p.at = min(max(i, 0), len(p.items)-1)
	p.chosen = p.items[p.at].Name
}

// pickerWidth is the width of the picker on a screen that is wide enough.
const pickerWidth = 84

func (p *picker) draw(m *model, screen []string) (*tea.Cursor, bool) {
	box, w, x := p.box(m.width, m.height, m.scene(nil), m.opened)
	// Its top is where that of a full list is, so that what is typed stands still.
	const around = 6 // lines of the box that are no items
	left, top := (m.width-w)/2, max((m.height-p.rows-around)/3, 1)
	p.area = rect{left + 2, top + 3, w - 4, min(p.rows, len(p.items)-p.top)}
	cell.Overlay(screen, box, left, top, w, m.method)
	return tea.NewCursor(left+x, top+1), true
}

// box returns the box, its width, and the column of the cursor on its second
// line.
func (p *picker) box(width, height int, sc scene, opened func(string) bool) (lines []string, w, x int) {
	w = min(pickerWidth, width-4)
	p.rows = max(min(height-9, 24), 1)
	t := sc.theme
	f := frameOf(t, sc.method, w)
	title := "Open streams"
	if p.beside {
		title = "Open beside"
	}
	lines = append(lines, f.top(title, ""))

	l := cell.NewLine(w-4, sc.method).Add(t.heading, "› ")
	x = 4 + p.input.draw(l, t.text, w-8)
	if p.input.text() == "" {
		l.Add(t.faint, "type to search")
	}
	lines = append(lines, f.row(l.String()), f.rule())

	if p.at < p.top {
		p.top = p.at
	}
	if p.at >= p.top+p.rows {
		p.top = p.at - p.rows + 1
	}
	p.top = max(0, min(p.top, len(p.items)-p.rows))
	shown := p.items[p.top:min(p.top+p.rows, len(p.items))]
	var most float64
	for _, item := range shown {
		most = max(most, item.Rate)
	}
	for i, item := range shown {
		lines = append(lines, f.row(p.item(item, p.top+i == p.at, most, w-4, sc, opened(item.Name))))
	}
	if len(shown) == 0 {
		text := []string{"No stream has had a record within the last minute.", "Type the whole name of a stream to open it all the same."}
		switch {
		case sc.trouble != nil:
			text = sc.trouble
		case p.looking(sc):
			text[0] = "Looking for streams that are live…"
		case sc.unheard != "":
			text = []string{"No stream is known to have had a record within the last minute:", sc.unheard + ".", text[1]}
		case p.input.text() != "":
			text[0] = "No live stream has a name like that."
		}
		for _, s := range text[:min(len(text), p.rows)] {
			s, _ = cell.Fit(s, w-4, sc.method)
			lines = append(lines, f.row(cell.NewLine(w-4, sc.method).Add(t.dim, s).String()))
		}
	}
	number := p.number(sc)
	room := max(w-4-cell.Width(number, sc.method)-2, 0)
	foot, _ := cell.Fit(p.foot(room, sc.method), room, sc.method)
	l = cell.NewLine(w-4, sc.method).Add(t.faint, foot).FillTo("", cell.Width(number, sc.method)).Add(t.dim, number)
	return append(lines, f.rule(), f.row(l.String()), f.bottom("")), w, x
}

// lookingTime is how long it may take to hear of the streams of all sources.
const lookingTime = 3 * time.Second

// looking reports whether the streams may not have come yet.
func (p *picker) looking(sc scene) bool {
	return len(p.streams) == 0 && sc.wall.Sub(p.began) < lookingTime
}

// number is how many streams are live, as far as it is known.
func (p *picker) number(sc scene) string {
	if len(p.streams) == 0 && (sc.trouble != nil || p.looking(sc)) {
		return "live: unknown"
	}
	number := record.Count(uint64(len(p.streams))) + " live"
	if sc.unheard != "" {
		number += " + unknown"
	}
	if p.input.text() != "" {
		number = record.Count(uint64(p.matching())) + " of " + number
	}
	return number
}

// foot describes the keys, in as many words as fit.
func (p *picker) foot(room int, method ansi.Method) string {
	order, shortly := "^s busiest first", "^s busiest"
	if p.busiest {
		order, shortly = "^s by name", "^s by name"
	}
	feet := []string{
		"enter opens · space marks, to merge · ^v beside · " + order + " · esc",
		"enter opens · space marks · ^v beside · " + shortly + " · esc",
		"enter opens · esc leaves",
	}
	if p.input.text() != "" {
		feet[0] = "enter opens · space marks · ^a marks all · ^v beside · " + shortly + " · esc"
	}
	if len(p.items) > 0 && p.items[0].pattern && p.at == 0 {
		feet = []string{
			"enter follows all that match · ^a marks them · ^v beside · " + shortly + " · esc",
			"enter follows all that match · ^a marks them · esc",
			"enter follows them · esc",
		}
	}
	if n := len(p.marked); n > 0 {
		feet = []string{
			fmt.Sprintf("enter merges %d in one pane · ^o each in its own · space unmarks · esc", n),
			fmt.Sprintf("enter merges %d in one pane · ^o opens each · esc", n),
			fmt.Sprintf("enter merges %d", n),
		}
	}
	for _, foot := range feet {
		if cell.Width(foot, method) <= room {
			return foot
		}
	}
	return feet[len(feet)-1]
}

// matching is how many live streams match what was typed.
func (p *picker) matching() int {
	if len(p.items) > 0 && p.items[0].pattern {
		return len(p.items) - 1
	}
	if n := len(p.items); n > 0 && p.items[n-1].typed {
		return n - 1
	}
	return len(p.items)
}

// rateCells is the width of the bar that compares the rates.
const rateCells = 10

// item draws one stream: its name with the letters that were typed, whether it
// is marked or open, how many machines it comes from, and its rate.
func (p *picker) item(item pick, here bool, most float64, w int, sc scene, open bool) string {
	t := sc.theme
	var ground cell.Style
	if here {
		ground = t.cursor
	}
	l := cell.NewLine(w, sc.method).On(ground)
	switch {
	case slices.Contains(p.marked, item.Name):
		l.Add(t.mark, "◆ ")
	case here:
		l.Add(t.paneActive, "▌ ")
	default:
		l.Space(2)
	}
	note := cell.NewLine(min(36, w/2), sc.method).On(ground)
	switch {
	case item.typed:
		note.FillTo("", 12).Add(t.dim, "not live now")
	case item.pattern:
		text, w := cell.Fit("all that match, and new ones", note.Left(), sc.method)
		note.FillTo("", w).Add(t.dim, text)
	default:
		if note.Left() >= 36 {
			if open {
				note.Fixed(t.good, "open", 5)
			} else {
				note.Space(5)
			}
			machines := ""
			if item.Sources > 0 {
				machines = fmt.Sprintf("%d×", item.Sources)
			}
			note.Fixed(t.faint, fmt.Sprintf("%5s", machines), 5).Space(1)
			full := 0
			if most > 0 {
				full = int(math.Sqrt(item.Rate/most)*rateCells + 0.5) // a quiet stream shows beside a loud one, too
			}
			note.Add(t.spark, strings.Repeat("━", full)).Add(t.rule, strings.Repeat("─", rateCells-full)).Space(1)
		}
		rate := rateText(item.Rate)
		if item.Rate == 0 && sc.wall.Sub(p.began) < lookingTime {
			rate = "…" // it takes a few seconds to know one
		}
		note.FillTo("", cell.Width(rate, sc.method)).Add(t.text, rate)
	}
	room := max(l.Left()-min(36, w/2)-1, 4)
	name, _ := cell.Fit(record.Safe(item.Name), room, sc.method)
	st := t.text
	if item.typed {
		st = t.dim
	}
	if plain := record.Safe(item.Name) == item.Name && name == item.Name; plain && p.input.text() != "" && !item.typed && !names.IsPattern(p.input.text()) {
		_, found, _ := find.Letters(p.input.text(), item.Name)
		for i, r := range []rune(name) {
			one := st
			if len(found) > 0 && found[0] == i {
				one, found = t.found, found[1:]
			}
			l.Add(one, string(r))
		}
	} else {
		l.Add(st, name)
	}
	l.FillTo("", min(36, w/2))
	return l.Join(note)
}
