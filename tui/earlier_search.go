package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/before"
	"sluice/tui/query"
)

// searchEarlier looks in the archive for the next match above what is shown; nil: there is
// no archive, or nothing above.
func (m *model) searchEarlier(p *pane) tea.Cmd {
	matcher := p.search.Matcher()
	return m.findEarlier(p, testBy(matcher.Probe(p.view.Filter())), matcher.Source)
}

// errorEarlier looks for the next error there.
func (m *model) errorEarlier(p *pane) tea.Cmd {
	f := p.view.Filter()
	return m.findEarlier(p, testBy(query.Probe{Test: func(r *query.Row) bool { return r.Entry.IsError() && f.Match(r) }}), "an error")
}

// findEarlier looks in the archive for the next row above what is shown that passes a test,
// and goes there.
func (m *model) findEarlier(p *pane, match before.Test, what string) tea.Cmd {
	v := p.view
	if m.config.Archive == nil || p.tracing != nil || p.earlier.reading != nil {
		return nil
	}
	v.Hold()
	seam := v.SeamOrd()
	anew := v.Past() == nil || seam >= 0 && v.CursorOrd() > seam
	if !anew && p.atBegin() {
		return nil
	}
	if anew && v.Kept() > 0 {
		v.Forget() // what is searched comes before what is held
	}
	r := &reading{pane: p, verb: "searching the archive", filter: v.Filter()}
	ask, joined, fault := m.askOlder(p, r, anew)
	ask.Match = match
	var found before.Found
	r.show = func() tea.Cmd {
		if !found.Hit && found.Island {
			return m.notifyWhile(m.looking(p), "not in the archive"+r.within()+": "+what)
		}
		if anew && p.begun() != ask.Begin.Sources() {
			return m.findEarlier(p, match, what)
		}
		m.showOlder(r, ask, &found, joined)
		if !found.Hit {
			return m.notifyWhile(m.looking(p), "not in the archive"+r.within()+": "+what)
		}
		v.Jump(found.Page.First() + uint64(found.At))
		return nil
	}
	return m.read(r, func(ctx context.Context) (err error) {
		if fault != nil {
			return fault
		}
		found, err = before.Older(ctx, m.config.Archive, ask)
		return err
	})
}

// within says in how many records was looked.
func (r *reading) within() string {
	records, _ := r.progress.Now()
	return ", in " + record.Count(uint64(records)) + " records"
}

// goEarlier goes to a time that is not among what a pane shows, if the archive may have it.
func (m *model) goEarlier(p *pane, at time.Time) (cmd tea.Cmd, goes bool) {
	v := p.view
	if m.config.Archive == nil || p.tracing != nil || at.After(m.recordTime()) {
		return nil, false
	}
	of := func(ord int) time.Time { _, e, _, _ := v.Row(ord); return time.UnixMilli(e.Time) }
	total, seam := v.Total(), v.SeamOrd()
	switch {
	case total == 0:
	case at.Before(of(0)):
		if p.atBegin() {
			return nil, false
		}
	case seam > 0 && seam+1 < total && at.After(of(seam-1)) && at.Before(of(seam+1)):
	default:
		return nil, false
	}
	if r := p.earlier.reading; r != nil {
		r.cancel()
	}
	return m.loadAround(p, at, false), true
}
