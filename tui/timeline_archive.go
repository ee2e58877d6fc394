package tui

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/tui/before"
	"sluice/tui/rows"
	"sluice/tui/timeline"
)

// archivedView is what a timeline knows of the archive.
type archivedView struct {
	counts  []stream.Counts
	known   bool // counts are
	stale   bool // something was loaded or let go since they were counted
	key     countedKey
	asked   time.Time // when they were asked for last
	held    uint64    // the first record that was held then
	running *counting // nil: nothing is counted
	halted  bool      // by the user
	word    string    // why they are not known; "" otherwise

	first, last int64 // of all that the archive has; zero: it is not known
	whole       bool  // the axis shows all of it, unless it is zoomed

	loaded timeline.Loaded
	axis   timeline.Axis // of drawn
	drawn  *timeline.Archived
}

// countedKey is what counts are of.
type countedKey struct {
	first, next uint64 // of what was loaded
	seam        bool
	axis        timeline.Axis // zero: all
}

// counting is the archive being counted, away from the keys.
type counting struct {
	view    *timelineView
	key     countedKey
	cancel  context.CancelFunc
	streams int
	done    atomic.Int32
	counts  []stream.Counts
	err     error
}

// countedMsg brings what was counted.
type countedMsg struct{ *counting }

// What counts may be old, and how long is waited for an archive that did not answer.
const (
	countAgain  = 10 * time.Second
	countFailed = 30 * time.Second
)

// countArchive begins to count what the archive has of the pane's streams, where that is not
// known as it is now.
func (v *timelineView) countArchive(m *model) tea.Cmd {
	p, a := v.pane, &v.archive
	if m.config.Archive == nil || p.tracing != nil {
		return nil
	}
	key := countedKey{seam: p.view.SeamOrd() >= 0}
	key.first, key.next = p.view.LoadedRows(nil).Bounds()
	if a.first != 0 && (v.zoomed || !a.whole) {
		if key.axis = a.key.axis; key.axis.Step != v.axis.Step || key.axis.From > v.axis.From || key.axis.To() < v.axis.To() {
			key.axis = v.axis
			key.axis.Width += v.axis.Width / 2 // live goes on
		}
	}
	a.stale = key.first != a.key.first || key.next != a.key.next || key.seam != a.key.seam || a.running != nil && a.stale
	since := time.Since(a.asked)
	switch same := key == a.key; {
	case a.halted, same && a.running != nil:
		return nil
	case same && a.known && (since < countAgain || p.store().First() == a.held):
		return nil
	case a.word != "" && since < countFailed:
		return nil
	}
	a.stop()
	edges, _, known := p.store().Edges()
	if !known {
		a.word, a.asked = "the archive is not counted: "+errPlaces.Error(), time.Now()
		return nil
	}
	window := stream.Window{Columns: min(2*timelineColumns(m.width), stream.MaxCounts)}
	if key.axis.Step != 0 {
		window.Columns = min(2*key.axis.Width, stream.MaxCounts)
		window.From, window.To = time.UnixMilli(key.axis.From), time.UnixMilli(key.axis.To()-1)
	}
	ctx, cancel := context.WithCancel(m.life)
	asks := v.countAsks(edges)
	c := &counting{view: v, key: key, cancel: cancel, streams: len(p.store().Streams())}
	a.running, a.key, a.asked, a.held = c, key, time.Now(), p.store().First()
	archive, wake := m.config.Archive, m.wake
	return func() tea.Msg {
		defer cancel()
		c.err = rescue.Call("count the archive", func() error {
			for _, of := range asks {
				for _, q := range of {
					counts, err := archive.Counts(ctx, q, window)
					if err != nil {
						return err
					}
					c.counts = append(c.counts, counts)
				}
				c.done.Add(1)
				wake()
			}
			return nil
		})
		return countedMsg{c}
	}
}

// countAsks are the questions for each stream: what came before all that is here, and what lies
// between what was loaded and what is held.
func (v *timelineView) countAsks(edges rows.Edges) (asks [][]before.Query) {
	view, store := v.pane.view, v.pane.store()
	past := view.Past()
	later := store.Later(edges)
	var laterThanPast rows.Epochs
	if past != nil {
		laterThanPast = store.Later(past.Begin())
	}
	for _, name := range store.Streams() {
		q := before.Query{Stream: name, Before: edges[name], Later: later[name]}
		if past == nil {
			asks = append(asks, []before.Query{q})
			continue
		}
		older := before.Query{Stream: name, Before: past.Begin()[name], Later: laterThanPast[name]}
		if view.SeamOrd() < 0 {
			asks = append(asks, []before.Query{older})
			continue
		}
		e, _ := past.Row(past.First())
		q.After, q.From = past.End()[name], time.UnixMilli(e.Time)
		older.To = q.From
		asks = append(asks, []before.Query{older, q})
	}
	return asks
}

// counted takes what was counted.
func (m *model) counted(c *counting) {
	v := c.view
	a := &v.archive
	if a.running != c {
		return
	}
	a.running, m.dirty = nil, true
	if c.err != nil {
		a.known, a.counts, a.drawn = false, nil, nil
		a.word = "the archive is not counted: " + c.err.Error()
		return
	}
	a.known, a.stale, a.counts, a.word, a.drawn = true, false, c.counts, "", nil
	if first, last, ok := timeline.Spans(c.counts); ok && c.key.axis.Step == 0 {
		a.first, a.last = first, last
	}
	v.hasty = true
}

// stop ends the counting.
func (a *archivedView) stop() {
	if a.running != nil {
		a.running.cancel()
		a.running = nil
	}
}

// stopped ends it for the user, who waits for it; it reports whether there was any.
func (a *archivedView) stopped(axis timeline.Axis) bool {
	if a.running == nil || a.along(axis) != nil {
		return false
	}
	a.stop()
	a.halted, a.known = true, false
	a.word = "the archive is not counted: stopped, 0 counts it"
	return true
}

// along is what the archive has along an axis; nil: that is not known, or not so finely.
func (a *archivedView) along(axis timeline.Axis) *timeline.Archived {
	wider := func(c stream.Counts) bool { return c.Step > axis.Step }
	switch {
	case !a.known || slices.ContainsFunc(a.counts, wider):
		return nil
	case a.drawn == nil || a.axis != axis:
		a.axis, a.drawn = axis, timeline.Along(axis, a.counts)
	}
	return a.drawn
}

// span is the time that the axis shows by itself: what is held and what was loaded, and, when
// all is wanted, what the archive has.
func (v *timelineView) span() (first, last int64, ok bool) {
	ask := v.asks()
	first, last, ok = timeline.Span(v.pane.store(), ask.Rows, ask.End)
	widen := func(from, to int64) {
		if !ok {
			first, last, ok = from, to, true
		}
		first, last = min(first, from), max(last, to)
	}
	if l := v.pane.view.LoadedRows(nil); l.Rows() > 0 {
		from, to := l.Row(l.At(0)).Time, l.Row(l.At(l.Rows()-1)).Time
		widen(min(from, to), max(from, to))
	}
	if a := &v.archive; a.first != 0 && (a.whole || !ok) {
		widen(a.first, a.last)
	}
	return first, last, ok
}

// chart is what is drawn; nil: it is not known yet.
func (v *timelineView) chart() *timeline.Chart {
	c := v.line.Chart()
	if c == nil {
		if !v.archive.known || v.axis.Step == 0 {
			return nil
		}
		c = &timeline.Chart{Axis: v.axis, Columns: make([]timeline.Column, v.axis.Width), Complete: true}
	}
	far := v.archive.along(c.Axis)
	if l := v.pane.view.LoadedRows(nil); far != nil && v.archive.stale && l.Rows() > 0 {
		far = far.Without(c.Axis, l.Row(l.At(0)).Time, l.Row(l.At(l.Rows()-1)).Time)
	}
	return c.With(v.archive.loaded.Chart(), far)
}

// unsearched reports whether a filter chooses rows, or a search looks for some: of the archive
// that is not known.
func (v *timelineView) unsearched() (filtered, searched bool) {
	return !v.pane.view.Filter().Empty(), v.pane.search != nil
}

// archiveWord is what the head says of the archive: how counting goes, why it is not known, or
// since when there is more than is shown.
func (v *timelineView) archiveWord(m *model) (text string, waits bool) {
	switch a := &v.archive; {
	case a.running != nil && a.along(v.axis) == nil && a.running.streams > 1:
		return "counting the archive, " + record.Count(uint64(a.running.done.Load())) + " of " + record.Count(uint64(a.running.streams)) + " streams: esc stops", true
	case a.running != nil && a.along(v.axis) == nil:
		return "counting the archive: esc stops", true
	case a.word != "":
		return record.Safe(a.word), true
	case a.first != 0 && !a.whole && !v.zoomed && a.first < v.axis.From:
		return "0 shows the archive, from " + m.momentText(time.UnixMilli(a.first)), false
	}
	return "", false
}
