package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/tui/cell"
)

// header is the pane's first line: its stream, what is chosen, and its state.
func (p *pane) header(width int, sc scene) string {
	rule, name := "─", sc.theme.paneIdle
	if sc.focused {
		rule, name = "━", sc.theme.paneActive
	}
	ruleStyle := sc.theme.rule
	if sc.focused {
		ruleStyle = sc.theme.paneActive
	}
	title := record.Safe(p.title())
	if p.selection != nil {
		title += " · " + p.selection.count(sc.unheard != "")
	}
	if p.tracing != nil {
		title += " · " + p.tracing.summary(len(p.store().Sources()))
	}
	l := cell.NewLine(width, sc.method)
	l.Add(ruleStyle, rule).Space(1)
	chips := p.view.Filter().Chips()
	if p.search != nil && p.search.Matcher().Source != "" {
		chips = append(chips, p.searchChip())
	}
	if chip := p.aroundChip(); chip != "" {
		chips = append(chips, chip)
	}
	if chip := p.earlierChip(sc.location); chip != "" {
		chips = append(chips, chip)
	}
	if sc.locked {
		chips = append(chips, "= in time")
	}
	want := 0
	for _, chip := range chips {
		want += cell.Width(chip, sc.method) + 3
	}
	titleWidth := min(cell.Width(title, sc.method), max(width-12, 4))
	states, stateStyle := p.states(sc)
	state := choose(states, width-titleWidth-7, want, sc.method)
	stateWidth := cell.Width(state, sc.method)
	room := max(l.Left()-stateWidth-4, 3)
	short, w := cell.Fit(title, room, sc.method)
	l.Add(name, short)
	room -= w
	p.chips = p.chips[:0]
	for i, chip := range chips {
		if w := cell.Width(chip, sc.method) + 3; w > room {
			if room < 8 {
				break
			}
			chip, _ = cell.Fit(chip, room-3, sc.method)
		}
		st := sc.theme.chip
		if strings.HasPrefix(chip, "-") || strings.HasPrefix(chip, "!") {
			st = sc.theme.chipNot
		}
		l.Space(1)
		from := width - l.Left()
		l.Add(st, " "+chip+" ")
		p.chips = append(p.chips, tabSpan{from, width - l.Left(), i})
		room -= cell.Width(chip, sc.method) + 3
	}
	if text := p.sharedText(); text != "" && cell.Width(text, sc.method)+2 < room {
		l.Space(2).Add(sc.theme.faint, text)
		room -= cell.Width(text, sc.method) + 2
	}
	p.drawPulse(l, room, sc)
	l.Space(1)
	if n := l.Left() - stateWidth - 3; n > 0 {
		l.Add(ruleStyle, strings.Repeat(rule, n))
	}
	l.Space(1).Add(stateStyle, state).Space(1).Add(ruleStyle, rule)
	return l.String()
}

// dropChip takes a condition of the filter away, or the search, which stands
// behind them.
func (p *pane) dropChip(i int) {
	switch n := len(p.view.Filter().Chips()); {
	case i >= 0 && i < n:
		p.setFilter(p.view.Filter().Without(i))
	case i == n && p.search != nil:
		p.search = nil
	case i == n && p.aroundChip() != "", i == n+1 && p.search != nil:
		p.view.SetAround(0)
	}
}

// pulseCells is how many cells a pane's last minute takes.
const pulseCells = 12

// drawPulse draws the last minute, and the errors in it if there were any, when
// there is room for that besides everything else.
func (p *pane) drawPulse(l *cell.Line, room int, sc scene) {
	if sc.pulse == nil || room < pulseCells+14 {
		return
	}
	t := sc.theme
	l.Space(2)
	sc.pulse.draw(l, t.spark, t.rule, pulseCells, false, sc.now)
	errors := sc.pulse.minute(sc.now)
	note := " " + record.Count(errors) + " err/min"
	if errors == 0 || room < 2*pulseCells+len(note)+16 {
		return
	}
	l.Space(2)
	sc.pulse.draw(l, t.sparkBad, t.rule, pulseCells, true, sc.now)
	l.Add(t.sparkBad, note)
}

// choose returns the most words that leave room for the chips; a few stand there even
// if they do not.
func choose(states []string, room, chips int, method ansi.Method) string {
	for i, s := range states {
		w := cell.Width(s, method)
		if w+chips <= room || (w <= room && i >= len(states)-2) {
			return s
		}
	}
	return states[len(states)-1]
}

// states are texts of the pane's state, each shorter than the one before.
func (p *pane) states(sc scene) ([]string, cell.Style) {
	v, s := p.view, p.store()
	if v.Following() {
		if sc.trouble != nil || sc.withheld {
			return []string{"waiting"}, sc.theme.wait
		}
		if last := s.Newest(); !last.IsZero() && sc.now.Sub(last) >= quietAfter {
			since := dayIn(sc.wall, sc.location).since(last.In(sc.location))
			return []string{"quiet since " + since, "quiet"}, sc.theme.dim
		}
		if p.tracing != nil {
			return p.tracing.states(), sc.theme.good
		}
		return []string{"following"}, sc.theme.good
	}
	word, keys := "SCROLLED", "G to follow"
	if v.Paused() {
		word, keys = "PAUSED", "G to resume"
	}
	records, errors, uncounted := v.Since()
	fresh := loss.Summary(records, uncounted, "new")
	withErrors := fresh
	if errors > 0 {
		withErrors += fmt.Sprintf(" (%s error)", record.Count(errors))
	}
	lost, unknown := v.Lost()
	dropped := loss.Summary(lost, unknown || sc.uncounted, "dropped")
	all := word + " · " + withErrors + " · " + dropped + " · " + keys
	states := []string{all, word + " · " + withErrors + " · " + dropped, word + " · " + withErrors, word + " · " + fresh, word}
	if n := v.Kept(); n > 0 {
		note := fmt.Sprintf("%s rows only kept here", record.Count(uint64(n)))
		states = append([]string{word + " · " + withErrors + " · " + dropped + " · " + note + " · " + keys, word + " · " + withErrors + " · " + note}, states...)
	}
	st := sc.theme.wait
	if v.Paused() {
		st = sc.theme.hot
	}
	return states, st
}
