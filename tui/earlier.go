package tui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/cluster/rescue"
	"sluice/tui/before"
	"sluice/tui/query"
	"sluice/tui/rows"
)

// maxPageRows is how many records from before are loaded at a time, at most. Of all that
// may be kept, a quarter may be such.
const (
	maxPageRows  = 1000
	earlierShare = 4
)

// pageRows is how many records from before are loaded at a time.
func (m *model) pageRows() int { return min(max(m.config.Records/(2*earlierShare), 10), maxPageRows) }

// retryAfter is how long what could not be read is not asked for again.
const retryAfter = 2 * time.Second

// earlier is what a pane knows of what came before its store, besides what its view shows.
type earlier struct {
	reading *reading  // nil: nothing is read
	begins  uint64    // the row that says that nothing came before; 0: none does
	to      time.Time // what is later is not before it; zero: there is no bound
	failed  time.Time // when it could not be read
	locked  time.Time // what was loaded last for a pane that goes with another one
}

// reading is a part of the archive that is read for a pane.
type reading struct {
	pane     *pane
	verb     string // what it does, for people
	cancel   context.CancelFunc
	stopped  bool // by the user
	progress before.Progress
	filter   query.Filter // chooses what is loaded
	show     func() tea.Cmd
	err      error
}

// earlierMsg brings what was read.
type earlierMsg struct{ *reading }

// read begins to read, away from the keys; then show shows it.
func (m *model) read(r *reading, do func(context.Context) error) tea.Cmd {
	ctx, cancel := context.WithCancel(m.life)
	r.cancel = cancel
	r.progress.Wake = func() { m.stores.Wake(false) }
	r.pane.earlier.reading = r
	return func() tea.Msg {
		defer cancel()
		r.err = rescue.Call("read the archive", func() error { return do(ctx) })
		return earlierMsg{r}
	}
}

// earlierKey takes the keys that are for what is being read, or cannot be.
func (m *model) earlierKey(p *pane, msg tea.KeyPressMsg) (cmd tea.Cmd, took bool) {
	k, v := &m.keys, p.view
	switch r := p.earlier.reading; {
	case r != nil && matches(msg, k.cancel):
		r.stopped = true
		r.cancel()
		return nil, true
	case p.tracing == nil && m.config.Archive == nil && m.config.RecordTime == nil && !v.Following() && v.CursorOrd() == 0 && matches(msg, k.halfUp, k.pageUp):
		return m.notifyWhile(m.standing(p), "this is the oldest record here; from an archive (--archive), older ones are loaded"), true
	}
	return nil, false
}

// moved loads what comes next on the way that a key has moved a pane, when that is near.
func (m *model) moved(p *pane, msg tea.KeyPressMsg) tea.Cmd {
	k := &m.keys
	switch {
	case matches(msg, k.up, k.halfUp, k.pageUp, k.top):
		return m.loadNear(p, -1)
	case matches(msg, k.down, k.halfDown, k.pageDown):
		return m.loadNear(p, 1)
	}
	return nil
}

// loadNear loads what comes next above or below the screen, if it is within another screen.
func (m *model) loadNear(p *pane, step int) tea.Cmd {
	v := p.view
	if m.config.Archive == nil || p.tracing != nil || p.earlier.reading != nil || v.Following() {
		return nil
	}
	if !p.earlier.failed.IsZero() && m.config.Now().Sub(p.earlier.failed).Abs() < retryAfter {
		return nil
	}
	top, seam := v.TopOrd(), v.SeamOrd()
	switch near := v.Height(); {
	case step < 0 && seam >= 0 && v.CursorOrd() >= seam && top-near <= seam:
		return m.loadOlder(p, true)
	case step < 0 && top <= near && !p.atBegin():
		return m.loadOlder(p, v.Past() == nil)
	case step > 0 && seam >= 0 && v.CursorOrd() <= seam && top+2*near >= seam:
		return m.loadNewer(p)
	}
	return nil
}

// atBegin reports whether nothing came before what was loaded.
func (p *pane) atBegin() bool {
	past := p.view.Past()
	return past != nil && p.earlier.begins != 0 && past.First() == p.earlier.begins
}

// refit loads again what another filter has left out of what is shown now.
func (m *model) refit(p *pane) tea.Cmd {
	v := p.view
	if !v.Lacks(v.Filter()) {
		return nil
	}
	if r := p.earlier.reading; r != nil {
		if v.Filter().Within(r.filter) && r.filter.Within(v.Filter()) {
			return nil
		}
		r.cancel() // what it brings would lack the same
		p.earlier.reading = nil
	}
	if top := v.TopOrd(); !v.Following() && v.Loaded(top) {
		_, e, _, _ := v.Row(top)
		return m.loadAround(p, time.UnixMilli(e.Time), true)
	}
	p.forgetEarlier()
	return nil
}

// forgetEarlier lets go of what was loaded.
func (p *pane) forgetEarlier() {
	if r := p.earlier.reading; r != nil {
		r.cancel()
	}
	p.view.DropPast()
	p.earlier = earlier{}
}

// earlierRead shows what was read, unless it is not wanted any more.
func (m *model) earlierRead(r *reading) (cmd tea.Cmd) {
	p := r.pane
	if p.earlier.reading != r || !slices.Contains(m.panes, p) {
		return nil
	}
	p.earlier.reading = nil
	switch {
	case r.stopped:
		return m.notify("stopped" + r.reach(m.location()))
	case r.err != nil:
		p.earlier.failed = m.config.Now()
		if p.view.Lacks(p.view.Filter()) {
			p.forgetEarlier()
		}
		return m.notifyWhile(m.looking(p), "older records cannot be loaded: "+r.err.Error())
	case !p.view.Filter().Within(r.filter):
		return nil // another filter was set meanwhile
	}
	cmd = r.show()
	records, bytes := m.earlierBounds()
	p.view.Bound(records, bytes)
	m.stores.Evict()
	m.wake()
	return cmd
}

// earlierBounds bounds what is loaded for a pane, in records and bytes.
func (m *model) earlierBounds() (records int, bytes int64) {
	return max(m.config.Records/earlierShare, 2*m.pageRows()), m.config.Bytes / earlierShare
}

// reach says how far a reading came.
func (r *reading) reach(location *time.Location) string {
	records, at := r.progress.Now()
	if records == 0 {
		return ""
	}
	return ", after " + record.Count(uint64(records)) + " records, at " + time.UnixMilli(at).In(location).Format(time.DateTime)
}

// earlierChip is what is read now, in the pane's header; "": nothing is.
func (p *pane) earlierChip(location *time.Location) string {
	r := p.earlier.reading
	if r == nil {
		return ""
	}
	records, at := r.progress.Now()
	if records == 0 {
		return r.verb + "…"
	}
	return r.verb + ": " + time.UnixMilli(at).In(location).Format("02 Jan 15:04") + ", " + record.Count(uint64(records)) + " records · esc stops"
}

// testOf is a filter as a test of rows of pages, for one goroutine; nil: all pass.
func testOf(f query.Filter) before.Test {
	if f.Empty() {
		return nil
	}
	return testBy(f.Probe())
}

func testBy(probe query.Probe) before.Test {
	var row query.Row
	return func(p *rows.Page, i int) bool {
		row.Entry, row.Data = p.Row(i)
		row.Names = p.Names()
		return probe.Test(&row)
	}
}
