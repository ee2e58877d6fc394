package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/tui/cell"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// statusView shows how everything stands: the sources, the open streams, what was
// lost where, and what is kept.
type statusView struct {
	top   int
	lines int // that there are
	room  int // that are shown
}

func (v *statusView) key(m *model, msg tea.KeyPressMsg) tea.Cmd {
	k := &m.keys
	switch {
	case matches(msg, k.down):
		v.scroll(m, 1)
	case matches(msg, k.up):
		v.scroll(m, -1)
	case matches(msg, k.pageDown, k.halfDown), msg.String() == "space":
		v.scroll(m, max(v.room-1, 1))
	case matches(msg, k.pageUp, k.halfUp):
		v.scroll(m, -max(v.room-1, 1))
	case matches(msg, k.top):
		v.top = 0
	case matches(msg, k.bottom):
		v.scroll(m, v.lines)
	case matches(msg, k.cancel, k.quit, k.status, k.detail):
		m.closeDialog(v)
	case matches(msg, k.help):
		m.openDialog(&help{})
	default:
		return m.idle(msg, "in the status")
	}
	return nil
}

func (v *statusView) changes() bool { return true }

func (v *statusView) scroll(_ *model, by int) { v.top = max(0, min(v.top+by, v.lines-v.room)) }

// statusWidth is the width of the status view where there is room for it.
const statusWidth = 116

func (v *statusView) draw(m *model, screen []string) (*tea.Cursor, bool) {
	box, w := v.box(m)
	m.overlay(screen, box, w)
	return nil, true
}

// box draws it as a box.
func (v *statusView) box(m *model) (box []string, w int) {
	w = min(statusWidth, m.width-2)
	t := table{m: m, width: w - 4}
	m.statusSources(&t)
	m.statusStreams(&t)
	m.statusLosses(&t)
	m.statusMemory(&t)
	v.lines, v.room = len(t.lines), min(len(t.lines), m.height-4)
	v.scroll(m, 0)
	foot := "esc leaves"
	if v.lines > v.room {
		foot = fmt.Sprintf("j k scroll · %d more below · esc leaves", v.lines-v.room-v.top)
	}
	f := frameOf(m.theme, m.method, w)
	box = append(box, f.top("Status", "i"))
	for _, l := range t.lines[v.top : v.top+v.room] {
		box = append(box, f.row(l))
	}
	return append(box, f.bottom(foot)), w
}

// table gathers lines of one width.
type table struct {
	m     *model
	width int
	lines []string
}

func (t *table) line() *cell.Line { return cell.NewLine(t.width, t.m.method) }

func (t *table) put(l *cell.Line) { t.lines = append(t.lines, l.String()) }

// title begins a section; what it counts stands at the right.
func (t *table) title(name, note string) {
	if len(t.lines) > 0 {
		t.put(t.line())
	}
	l := t.line().Add(t.m.theme.heading, name)
	note, w := cell.Fit(note, max(l.Left()-2, 0), t.m.method)
	t.put(l.FillTo("", w).Add(t.m.theme.dim, note))
}

// statusSources tells each source's state, since when, what came through it and
// what was lost, and why it is not there.
func (m *model) statusSources(t *table) {
	th := m.theme
	live := 0
	for _, s := range m.status {
		if s.State.Connected() {
			live++
		}
	}
	t.title("Sources", fmt.Sprintf("%d of %d live", live, len(m.status)))
	switch {
	case m.finder != nil:
		t.put(t.line().Add(th.wait, "◌ ").Add(th.dim, cell.Shorten(record.Safe(m.finder.FinderText()), 200)))
	case len(m.status) == 0:
		t.put(t.line().Add(th.dim, "none yet: Sluice goes on looking by itself"))
	}
	now := m.config.Now()
	wide := t.width >= 90
	for _, s := range m.status {
		mark, st, word := m.sourceMark(s)
		l := t.line().Add(st, mark+" ").Fixed(th.text, record.Safe(s.Name), 22).Space(1).Fixed(st, word, 12).Space(1)
		since := ""
		if !s.Since.IsZero() {
			since = "for " + ago(now.Sub(s.Since))
		}
		l.Fixed(th.dim, since, 12)
		records, last := m.through(s.Name)
		if wide {
			came := ""
			if !s.Proxy {
				came = fmt.Sprintf("%11s records", record.Count(records))
				if quiet := m.recordTime().Sub(last); !last.IsZero() && quiet >= quietAfter {
					came += ", quiet " + ago(quiet)
				}
			}
			l.Fixed(th.dim, came, 36)
		}
		absence := m.absent[s.Name]
		known := doubtful(s.State) == "" && absence == nil
		switch lost := m.ledger.sources[s.Name]; {
		case lost.any():
			unknown := lost.unknown > 0 || !known
			l.Add(th.hot, loss.Summary(lost.records, unknown, "lost"))
			if !unknown {
				l.Add(th.hot, " in "+lost.gapText())
			}
		case s.Proxy:
		case known:
			l.Add(th.faint, "nothing lost")
		default:
			l.Add(th.wait, loss.Summary(0, true, "lost"))
		}
		t.put(l)
		if absence != nil {
			text, _ := cell.Fit(string(rowtext.AppendAway(nil, absence))+", "+ago(now.Sub(absence.Time))+" ago", t.width-2, m.method)
			t.put(t.line().Space(2).Add(th.wait, text))
		}
		if note := s.Err; note != "" || wide && s.Address != "" && s.Address != s.Name {
			l := t.line().Space(2).Add(th.faint, record.Safe(s.Address))
			if note != "" {
				l.Add(th.dim, "  "+cell.Shorten(record.Safe(note), 200))
			}
			t.put(l)
		}
	}
}

// through is how many records of the open streams came through a source, and
// when the last one did.
func (m *model) through(source string) (records uint64, last time.Time) {
	for s := range m.stores.Each() {
		p := m.pulses[s]
		if p == nil || s.Apart() {
			continue
		}
		for id, name := range s.Sources() {
			// What names no source can have come from the only one there is.
			if (name == source || name == "" && len(m.status) == 1) && id < len(p.sources) {
				records += p.sources[id].records
				if at := p.sources[id].last; at.After(last) {
					last = at
				}
			}
		}
	}
	return records, last
}

// sourceMark is how a source's state looks; the mark tells it without colours.
func (m *model) sourceMark(s stream.Status) (mark string, st cell.Style, word string) {
	switch s.State {
	case stream.StateLive:
		return "●", m.theme.good, "live"
	case stream.StateUnaccounted:
		return "◐", m.theme.good, "unaccounted"
	case stream.StateLost:
		return "✕", m.theme.bad, "reconnecting"
	case stream.StateUnknown:
		return "◌", m.theme.dim, "unknown"
	case stream.StateConnecting:
	}
	return "◌", m.theme.wait, "connecting"
}

// statusStreams tells of each open stream its rate, its last minute, and what is
// kept of it.
func (m *model) statusStreams(t *table) {
	if len(m.panes) == 0 {
		return
	}
	th, now := m.theme, m.recordTime()
	stores := slices.SortedFunc(m.stores.Each(), func(a, b *rows.Store) int { return strings.Compare(a.Name(), b.Name()) })
	t.title("Streams", "records a second over the last minute")
	const cells = pulseCells
	for _, s := range stores {
		p := m.pulses[s]
		if p == nil || s.Apart() {
			continue
		}
		l := t.line().Space(2).Fixed(th.text, record.Safe(s.Title()), 22).Space(1)
		p.draw(l, th.spark, th.rule, cells, false, now)
		l.Space(1).Fixed(th.text, fmt.Sprintf("%9s", rateText(s.Rate(now))), 9).Space(1)
		errors := p.minute(now)
		st := th.faint
		if errors > 0 {
			st = th.sparkBad
		}
		if t.width >= 90 {
			p.draw(l, th.sparkBad, th.rule, pulseCells, true, now)
		}
		l.Fixed(st, fmt.Sprintf("%5s err/min", record.Count(errors)), 14).Space(1)
		if t.width >= 90 {
			l.Fixed(th.dim, fmt.Sprintf("%9s kept, %s", record.Count(uint64(s.Held())), bytesText(s.Bytes())), 25)
			note := ""
			if quiet := now.Sub(s.LastLive()); quiet < quietAfter {
				note = "lag " + lagText(s.Lag())
			} else if !s.LastLive().IsZero() {
				note = "quiet " + ago(quiet)
			}
			if len(note) <= l.Left() { // or it would lose its number
				l.Add(th.dim, note)
			}
		}
		t.put(l)
	}
}

// lagText is a lag in few letters.
func lagText(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return ago(d)
}

// statusLosses tells where records were lost.
func (m *model) statusLosses(t *table) {
	th := m.theme
	note := loss.Number(m.ledger.records, m.doubtful())
	if m.ledger.any() {
		note += " in " + m.ledger.gapText()
	}
	t.title("Lost on the way", note)
	if !m.ledger.any() {
		text, sure := m.completeness()
		st := th.wait
		if sure {
			st = th.good
		}
		text, _ = cell.Fit(text, t.width-2, m.method)
		t.put(t.line().Space(2).Add(st, text))
		return
	}
	for _, hop := range m.ledger.hopNames() {
		lost := m.ledger.hops[hop]
		name := record.Safe(hop)
		if name == "" {
			name = "somewhere"
		}
		l := t.line().Space(2).Fixed(th.text, name, 22).Space(1).Fixed(th.hot, fmt.Sprintf("%9s", lost.text()), 20)
		l.Fixed(th.dim, fmt.Sprintf("%11s", lost.gapText()), 14)
		t.put(l.Add(th.dim, "last: "+record.Safe(lost.reason)))
	}
	if m.ledger.unknown > 0 {
		t.put(t.line().Space(2).Add(th.dim, "unknown stands for gaps whose number nobody knows, "+record.Count(m.ledger.unknown)+" of them"))
	}
	var doubts []string
	if len(m.absent) > 0 {
		doubts = append(doubts, absenceText)
	}
	if d := m.uncounted(); d != "" {
		doubts = append(doubts, "unknown: "+d)
	}
	for _, text := range doubts {
		text, _ = cell.Fit(text, t.width-2, m.method)
		t.put(t.line().Space(2).Add(th.wait, text))
	}
}

// statusMemory tells what is kept, and how much of what it may be.
func (m *model) statusMemory(t *table) {
	th := m.theme
	records, bytes := m.stores.Size()
	var evicted uint64
	for s := range m.stores.Each() {
		evicted += s.Evicted()
	}
	t.title("Kept here", record.Count(evicted)+" old records let go")
	for _, row := range []struct {
		name, text string
		part       float64
	}{
		{"records", record.Count(uint64(records)) + " of " + record.Count(uint64(m.config.Records)), float64(records) / float64(m.config.Records)},
		{"memory", bytesText(bytes) + " of " + bytesText(m.config.Bytes), float64(bytes) / float64(m.config.Bytes)},
	} {
		const cells = 22
		full := min(int(row.part*cells+0.5), cells)
		l := t.line().Space(2).Fixed(th.text, row.name, 22).Space(1)
		l.Add(th.spark, strings.Repeat("█", full)).Add(th.rule, strings.Repeat("░", cells-full))
		t.put(l.Space(2).Add(th.dim, row.text))
	}
}
