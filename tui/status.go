package tui

import (
	"fmt"
	"strings"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/tui/cell"
)

// drawStatus draws the last line: the prompt or a flash, or the sources; and
// what is kept.
func (m *model) drawStatus() string {
	t := m.theme
	l := cell.NewLine(m.width, m.method)
	numbers, dropped := m.numbers()
	right := cell.Width(numbers, m.method) + cell.Width(dropped, m.method) + 1
	// A notice has to fit as a whole, if need be instead of the numbers.
	prompt, flash := dialogOf[*prompt](m), m.flashText()
	whole := prompt == nil && (m.notice != "" || cell.Width(flash, m.method) > m.width-right-2)
	if right > m.width*2/3 { // what was lost counts most
		numbers = ""
		right = cell.Width(dropped, m.method) + 1
	}
	if right > m.width*2/3 || whole {
		right = 0
	}
	room := m.width - right - 1
	switch {
	case prompt != nil:
		prompt.append(l, t, room)
	case m.notice != "":
		text, _ := cell.Fit(record.Safe(m.notice), room-1, m.method)
		l.Space(1).Add(t.bad, text)
	case flash != "":
		text, _ := cell.Fit(flash, room-1, m.method)
		l.Space(1).Add(t.hot, text)
	default:
		m.drawSources(l, room)
	}
	if right > 0 {
		if l.Left() < right { // the prompt took the room
			return l.String()
		}
		l.FillTo("", right)
		l.Add(t.dim, numbers)
		st := t.dim
		switch {
		case m.ledger.any():
			st = t.hot
		case m.doubtful():
			st = t.wait
		}
		l.Add(st, dropped).Space(1)
	}
	return l.String()
}

// numbers is what is kept, and what was dropped.
func (m *model) numbers() (kept, dropped string) {
	var rate float64
	for s := range m.stores.Each() {
		if !s.Apart() {
			rate += s.Rate(m.recordTime())
		}
	}
	records, bytes := m.stores.Size()
	kept = rateText(rate) + " · " + record.Count(uint64(records)) + " kept"
	if m.width >= 100 {
		kept += " in " + bytesText(bytes)
	}
	if lag := m.lag(); m.width >= 120 && lag > 0 {
		kept += " · lag " + lagText(lag)
	}
	return kept + " · ", loss.Summary(m.ledger.records, m.doubtful(), "dropped")
}

// lag is how far the newest records are behind, the worst stream's.
func (m *model) lag() (most time.Duration) {
	now := m.recordTime()
	for s := range m.stores.Each() {
		if now.Sub(s.LastLive()) < quietAfter { // of one that is quiet it means nothing
			most = max(most, s.Lag())
		}
	}
	return most
}

func bytesText(n int64) string {
	if n >= 10<<30 {
		return fmt.Sprintf("%d GB", n>>30)
	}
	return fmt.Sprintf("%d MB", (n+1<<19)>>20)
}

// part is a piece of text in its style.
type part struct {
	style cell.Style
	text  string
}

// drawSources says how each source stands, in as many words as there is room.
func (m *model) drawSources(l *cell.Line, room int) {
	for brief := range 4 {
		parts := m.sources(brief)
		width := 1
		for _, p := range parts {
			width += cell.Width(p.text, m.method)
		}
		if width > room && brief < 3 {
			continue
		}
		l.Space(1)
		left := room - 1
		for _, p := range parts {
			text, w := cell.Fit(p.text, max(left, 0), m.method)
			l.Add(p.style, text)
			left -= w
		}
		return
	}
}

// sources lists the sources, ever more briefly: all with their troubles; all;
// those in trouble; how many there are.
func (m *model) sources(brief int) []part {
	t := m.theme
	if len(m.status) == 0 {
		text := " no source yet"
		if m.finder != nil {
			text += " in " + record.Safe(m.finder.Name)
		}
		return []part{{t.wait, "◌"}, {t.dim, text}}
	}
	var parts []part
	connected, lost := 0, 0
	for _, s := range m.status {
		switch {
		case s.State.Connected():
			connected++
		case s.State == stream.StateLost:
			lost++
		}
	}
	if brief >= 2 {
		text := part{t.dim, fmt.Sprintf(" %d of %d sources live", connected, len(m.status))}
		switch {
		case connected > 0:
			parts = append(parts, part{t.good, "●"}, text)
		case lost > 0:
			parts = append(parts, part{t.bad, "✕"}, text)
		default:
			parts = append(parts, part{t.wait, "◌"}, text)
		}
	}
	for _, s := range m.status {
		if brief == 3 || brief == 2 && s.State.Connected() {
			continue
		}
		if len(parts) > 0 {
			parts = append(parts, part{"", "  "})
		}
		name := record.Safe(s.Name)
		switch s.State {
		case stream.StateLive:
			parts = append(parts, part{t.good, "●"}, part{t.dim, " " + name})
			continue
		case stream.StateUnaccounted:
			parts = append(parts, part{t.good, "◐"}, part{t.dim, " " + name + " unaccounted"})
			continue
		case stream.StateUnknown:
			parts = append(parts, part{t.wait, "◌"}, part{t.dim, " " + name})
			continue
		case stream.StateLost:
			parts = append(parts, part{t.bad, "✕ " + name + " lost"})
		default:
			parts = append(parts, part{t.wait, "◌ " + name + " connecting"})
		}
		if !s.Since.IsZero() {
			parts = append(parts, part{t.dim, " since " + dayIn(m.config.Now(), m.config.Location).since(s.Since.In(m.config.Location))})
		}
		if brief == 0 && s.Err != "" {
			parts = append(parts, part{t.dim, ": " + cell.Shorten(record.Safe(s.Err), 200)})
		}
	}
	return parts
}

// trouble says why no record can come now, in lines: what, why as far as it is
// known, and what to do; none when one can come.
func (m *model) trouble() []string {
	if len(m.status) == 0 {
		lines := []string{"Looking for sources…", "Sluice goes on by itself as soon as one answers."}
		if m.finder != nil {
			lines[0] = cell.Shorten(record.Safe(m.finder.FinderText()), 200)
		}
		return lines
	}
	var names []string
	lost := false
	var reason string
	for _, s := range m.status {
		if s.State.Connected() && !s.Proxy {
			return nil
		}
		// Behind a proxy that is live, its consolidators decide; when it has
		// known of none yet, the proxy itself does.
		if s.State.Connected() && len(m.status) == 1 {
			return nil
		}
		if s.State.Connected() || s.State == stream.StateUnknown {
			continue
		}
		lost = lost || s.State == stream.StateLost
		name := record.Safe(s.Name)
		if s.Address != "" && s.Address != s.Name {
			name += " (" + record.Safe(s.Address) + ")"
		}
		names = append(names, name)
		if reason == "" {
			reason = record.Safe(s.Err)
		}
	}
	if len(names) == 0 {
		return nil // nothing is asked of any
	}
	list := strings.Join(names, ", ")
	lines := []string{"Connecting to " + list + "…"}
	if lost {
		lines[0] = "Lost " + list + "."
	}
	if reason != "" {
		lines = append(lines, cell.Shorten(reason, 200))
	}
	return append(lines, "Trying again until it answers.")
}
