package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

const (
	// maxFollowed is how many streams a pane of patterns follows at once. Those that were
	// live first have a place; one that has ended gives its own to one that appears.
	maxFollowed = 256

	// listsWait is how long after a pane was opened the lists of all sources are on their
	// way. What is listed later has appeared.
	listsWait = 3 * time.Second
	lookSoon  = 100 * time.Millisecond // between two looks at the list until then

	// wholeLog is how many records of backfill a stream has that appears: all, so that
	// those from before it was seen in the list are there, too.
	wholeLog = 1 << 30

	// liveTime is how long a stream is live after a record: what appeared had none of them
	// longer than that before its pane was opened.
	liveTime = time.Minute

	maxTold   = 3               // streams that one row names
	tellEvery = 5 * time.Second // between two rows of the same pane
)

// selection is the streams of a pane that are found by patterns, as they appear. It names
// streams, too, which it has from the start.
type selection struct {
	texts    []string // as they were written
	names    []string
	patterns []names.Pattern
	opened   time.Time

	streams  map[string]*selected // that are followed, maxFollowed and those that are named at most
	unplaced int                  // live streams that match and are not followed, since there are maxFollowed

	news map[string][]string // streams that are still to be told of, by what became of them
	told time.Time           // when something was told
}

// selected is one stream of a selection.
type selected struct {
	live  bool
	named bool      // by its name, and not by a pattern
	ended time.Time // when it was found to have ended; zero: it has not
}

// newSelection reads names and patterns of streams.
func newSelection(texts []string, now time.Time) (*selection, error) {
	s := &selection{texts: texts, opened: now, streams: make(map[string]*selected), news: make(map[string][]string)}
	for _, text := range texts {
		if !names.IsPattern(text) {
			if err := names.Check(text); err != nil {
				return nil, fmt.Errorf("open stream %q: %w", text, err)
			}
			s.names = append(s.names, text)
			continue
		}
		p, err := names.ParsePattern(text)
		if err != nil {
			return nil, err
		}
		if name, single := p.Single(); single {
			s.names = append(s.names, name)
			continue
		}
		s.patterns = append(s.patterns, p)
	}
	return s, nil
}

func (s *selection) matches(name string) bool {
	return slices.ContainsFunc(s.patterns, func(p names.Pattern) bool { return p.Match(name) })
}

// count is how many streams there are now, in words; unheard: not all lists are known.
func (s *selection) count(unheard bool) string {
	ended := 0
	for _, one := range s.streams {
		if !one.ended.IsZero() {
			ended++
		}
	}
	all := len(s.streams) + s.unplaced
	text := record.Count(uint64(all)) + " streams"
	switch {
	case s.unplaced > 0:
		text = record.Count(uint64(len(s.streams))) + " of " + text
	case all == 1:
		text = "1 stream"
	}
	if ended > 0 {
		text += ", " + record.Count(uint64(ended)) + " ended"
	}
	if unheard {
		text += " + unknown"
	}
	return text
}

// openTexts opens what is written on a command line: names of streams, and patterns.
func (m *model) openTexts(beside bool, texts ...string) bool {
	s, err := newSelection(texts, m.config.Now())
	if err == nil && len(s.patterns) == 0 {
		return m.openPane(beside, s.names...)
	}
	return m.openSelection(beside, texts...)
}

// openSelection shows the streams that texts name or match, and those that appear, in the
// pane that has just these already, or in a new one. It reports false when maxPanes are
// open already, or a text is no pattern.
func (m *model) openSelection(beside bool, texts ...string) bool {
	title := strings.Join(texts, " + ")
	known := m.stores.FindGrowing(title)
	for i, p := range m.panes {
		if p.store() == known {
			m.showPane(i, beside)
			return true
		}
	}
	sel, err := newSelection(texts, m.config.Now())
	if err != nil {
		return false
	}
	if len(m.panes) == maxPanes {
		m.full = true
		return false
	}
	s := m.stores.OpenGrowing(title)
	p := m.addPane(s, beside)
	p.selection = sel
	p.setColumns(m.config.Settings.columnsOf(p.streams()))
	for _, name := range sel.names {
		sel.streams[name] = &selected{named: true}
		m.follow(p, name, stream.Backfill{Last: m.config.Last}, true)
	}
	m.watchStreams()
	m.reselect(p, m.config.Feed.Streams())
	return true
}

// follow adds a stream to a pane of patterns, and reports whether it could.
func (m *model) follow(p *pane, name string, from stream.Backfill, waits bool) bool {
	fresh, ok := m.stores.Grow(p.store(), name, waits, m.config.Now())
	if fresh {
		m.config.Feed.Tail(name, from)
		m.filling[name] = true
	}
	m.wake() // what it takes over from other panes waits to be merged
	return ok
}

// makeRoom ends the following of the stream of a pane that ended first; its records stay.
// It reports false when none has ended.
func (m *model) makeRoom(p *pane) bool {
	first := ""
	for name, one := range p.selection.streams {
		if !one.ended.IsZero() && !one.live && (first == "" || one.ended.Before(p.selection.streams[first].ended)) {
			first = name
		}
	}
	if first == "" {
		return false
	}
	delete(p.selection.streams, first)
	if m.stores.Shed(p.store(), first) {
		m.forget(first)
	}
	return true
}

// forget ends the reading of a stream that no pane has any more.
func (m *model) forget(name string) {
	m.config.Feed.Stop(name)
	delete(m.filling, name)
	delete(m.refused, name)
	delete(m.appeared, name)
}

// watchStreams keeps track of the live streams as long as somebody wants to know them.
func (m *model) watchStreams() {
	wanted := dialogOf[*picker](m) != nil || m.selecting()
	if wanted != m.watching {
		m.watching = wanted
		m.config.Feed.WatchStreams(wanted)
	}
}

// selecting reports whether a pane finds its streams by patterns.
func (m *model) selecting() bool {
	return slices.ContainsFunc(m.panes, func(p *pane) bool { return p.selection != nil })
}

// selections are copies of what panes look for, to be compared away from the keys.
func (m *model) selections() []*selection {
	var all []*selection
	for _, p := range m.panes {
		if p.selection != nil {
			all = append(all, &selection{patterns: p.selection.patterns, names: p.selection.names})
		}
	}
	return all
}

// wantedBy are those of the live streams that selections want.
func wantedBy(all []*selection, live []stream.Live) []stream.Live {
	if len(all) == 0 {
		return nil
	}
	var wanted []stream.Live
	for i := range live {
		if slices.ContainsFunc(all, func(s *selection) bool { return s.matches(live[i].Name) || slices.Contains(s.names, live[i].Name) }) {
			wanted = append(wanted, live[i])
		}
	}
	return wanted
}

// lookTick asks for a look at the list soon, as long as a pane was opened a moment ago.
func (m *model) lookTick() tea.Cmd {
	now := m.config.Now()
	fresh := slices.ContainsFunc(m.panes, func(p *pane) bool { return p.selection != nil && now.Sub(p.selection.opened) < listsWait })
	if !fresh || m.lookingSoon {
		return nil
	}
	m.lookingSoon = true
	return tea.Tick(lookSoon, func(time.Time) tea.Msg { return lookMsg{} })
}

// reselectAll compares the panes of patterns with the streams that are live now, among
// others.
func (m *model) reselectAll(live []stream.Live) {
	for _, p := range m.panes {
		if p.selection != nil {
			m.reselect(p, live)
		}
	}
}

// reselect follows the streams that have appeared, and tells of them, and of those that
// have ended.
func (m *model) reselect(p *pane, live []stream.Live) {
	sel, now := p.selection, m.config.Now()
	for _, one := range sel.streams {
		one.live = false
	}
	late := now.Sub(sel.opened) >= listsWait
	sel.unplaced = 0
	var unplaced []string
	for i := range live {
		name := live[i].Name
		if one := sel.streams[name]; one != nil {
			one.live = true
			if !one.ended.IsZero() {
				one.ended = time.Time{}
				sel.note("has records again", name)
			}
		} else if sel.matches(name) {
			unplaced = append(unplaced, name)
		}
	}
	for _, name := range unplaced {
		if len(sel.streams) >= maxFollowed && !m.makeRoom(p) {
			sel.unplaced++
			continue
		}
		from := stream.Backfill{Last: m.config.Last}
		if late && m.config.RecordTime == nil {
			// All that it has is new.
			from.Last = wholeLog
			m.appeared[name] = sel.opened.Add(-liveTime).UnixMilli()
		}
		if !m.follow(p, name, from, !late) {
			sel.unplaced++
			continue
		}
		sel.streams[name] = &selected{live: true}
		if late {
			sel.note("appeared", name)
		}
	}
	if late && m.unheard() == "" {
		for name, one := range sel.streams {
			if !one.live && !one.named && one.ended.IsZero() {
				one.ended = now
				sel.note("has had no record for a minute", name)
			}
		}
	}
	m.tellNews(p)
}

// note keeps what is to be told of a stream.
func (s *selection) note(what, name string) { s.news[what] = append(s.news[what], name) }

// tellNews puts a row into a pane that says which of its streams have appeared or ended;
// not often, however many do.
func (m *model) tellNews(p *pane) {
	sel, now := p.selection, m.config.Now()
	if len(sel.news) == 0 || now.Sub(sel.told) < tellEvery {
		return
	}
	sel.told = now
	at := now
	if m.config.RecordTime != nil {
		at = m.recordTime()
	}
	for _, what := range slices.Sorted(maps.Keys(sel.news)) {
		streams := sel.news[what]
		slices.Sort(streams)
		p.store().Tell(at, newsText(slices.Compact(streams), what))
	}
	clear(sel.news)
}

// newsText is what became of some streams, sanitised.
func newsText(streams []string, what string) []byte {
	var text []byte
	for i, name := range streams[:min(len(streams), maxTold)] {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = record.AppendSafe(text, name)
	}
	if more := len(streams) - maxTold; more > 0 {
		text = append(text, " and "+record.Count(uint64(more))+" more"...)
	}
	if len(streams) > 1 {
		what = strings.NewReplacer("has ", "have ").Replace(what)
	}
	return append(append(text, ": "...), what...)
}
