package tui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/tui/before"
	"sluice/tui/rows"
)

// errPlaces is why older records are not loaded after very many restarts.
var errPlaces = errors.New("it is not known where what is kept here begins: close the pane and open it again")

// loadOlder loads what comes before what a pane shows; anew: before what its store holds,
// in the place of what was loaded.
func (m *model) loadOlder(p *pane, anew bool) tea.Cmd {
	if v := p.view; anew && v.Kept() > 0 {
		// These rows are no longer held, and what is loaded leads up to those that are.
		_, e, _, _ := v.Row(v.TopOrd())
		return m.loadAround(p, time.UnixMilli(e.Time), true)
	}
	r := &reading{pane: p, verb: "loading older records", filter: p.view.Filter()}
	ask, joined, err := m.askOlder(p, r, anew)
	ask.Want = m.pageRows()
	var found before.Found
	r.show = func() tea.Cmd {
		if anew && p.begun() != ask.Begin.Sources() {
			return m.loadOlder(p, true) // records came from elsewhere meanwhile, that may be among these
		}
		m.showOlder(r, ask, &found, joined)
		return nil
	}
	return m.read(r, func(ctx context.Context) (fault error) {
		if err != nil {
			return err
		}
		found, fault = before.Older(ctx, m.config.Archive, ask)
		return fault
	})
}

// begun is at how many sources it is known where a pane's store begins.
func (p *pane) begun() int {
	edges, _, _ := p.store().Edges()
	return edges.Sources()
}

// askOlder asks for what comes before what a pane shows, chosen by its filter. joined is the
// number of the store's record that comes next, 0 if others do.
func (m *model) askOlder(p *pane, r *reading, anew bool) (ask *before.Ask, joined uint64, err error) {
	ask = &before.Ask{Streams: p.store().Streams(), Show: testOf(r.filter), Progress: &r.progress}
	ask.MaxRows, ask.MaxBytes = m.earlierBounds()
	if !anew {
		ask.Begin, ask.To = p.view.Past().Begin(), p.earlier.to
		ask.Later = p.store().Later(ask.Begin)
		return ask, 0, nil
	}
	ask.Live = true
	known := false
	if ask.Begin, ask.Held, known = p.store().Edges(); !known {
		err = errPlaces
	}
	ask.Later = p.store().Later(ask.Begin)
	return ask, p.store().First(), err
}

// showOlder shows what came before what a pane shows, or, with the number of a record that
// it leads up to, before its store.
func (m *model) showOlder(r *reading, ask *before.Ask, f *before.Found, joined uint64) {
	p, v := r.pane, r.pane.view
	past := v.Past()
	anew := joined != 0 || f.Island || past == nil
	if anew {
		past = p.store().NewPast(f.End)
	}
	put(past, f)
	if f.Island {
		joined = 0
	}
	var begins uint64
	if f.All {
		at := m.config.Now()
		if past.Held() > 0 {
			e, _ := past.Row(past.First())
			at = time.UnixMilli(e.Time)
		} else if s := p.store(); s.Held() > 0 {
			at = time.UnixMilli(s.Entry(s.First()).Time)
		}
		page := rows.NewPage(ask.Streams)
		page.Say(at, "the archive begins here")
		page.Begin = f.Begin
		past.Older(page, f.End)
		begins = past.First()
	}
	if anew {
		top, cursor := v.Stand()
		v.SetPast(past, r.filter, joined)
		v.StandAgain(top, cursor)
		p.earlier = earlier{to: ask.To}
	} else {
		v.Narrow(r.filter)
	}
	if begins != 0 {
		p.earlier.begins = begins
	}
}

// put puts what was found before a past.
func put(past *rows.Past, f *before.Found) {
	for i := len(f.Pages) - 1; i >= 0; i-- {
		past.Older(f.Pages[i], f.End)
	}
}

// loadNewer loads what comes between what was loaded and what the store holds.
func (m *model) loadNewer(p *pane) tea.Cmd {
	v := p.view
	r := &reading{pane: p, verb: "loading what came between", filter: v.Filter()}
	ask, known := m.askOnward(p, r)
	edges, joined := ask.Before, p.store().First()
	var found before.Reached
	r.show = func() tea.Cmd {
		past := v.Past()
		if past == nil || v.Kept() > 0 && v.TopOrd() > v.SeamOrd() {
			return nil // what came before the rows that are looked at now has gone
		}
		v.Forget()
		past.Newer(found.Page, found.End)
		v.Narrow(r.filter)
		if found.Joined && edges.Sources() > 0 && edges.Sources() == p.begun() {
			v.Join(joined)
		}
		return nil
	}
	return m.read(r, func(ctx context.Context) (err error) {
		if !known {
			return errPlaces
		}
		found, err = before.Newer(ctx, m.config.Archive, ask)
		return err
	})
}

// askOnward asks for what comes between what was loaded and what a pane's store holds, chosen
// by its filter. known: it is known where that is.
func (m *model) askOnward(p *pane, r *reading) (ask *before.Onward, known bool) {
	v := p.view
	edges, held, known := p.store().Edges()
	ask = &before.Onward{
		Streams: p.store().Streams(), After: v.Past().End(), Before: edges,
		Want: m.pageRows(), Show: testOf(r.filter), Progress: &r.progress,
	}
	_, ask.MaxBytes = m.earlierBounds()
	if last := v.SeamOrd() - 1; last >= 0 {
		_, e, _, _ := v.Row(last)
		ask.From = time.UnixMilli(e.Time)
	}
	if len(held) > 0 {
		passes := ask.Show
		ask.Show = func(page *rows.Page, i int) bool {
			at, ok := page.Place(i)
			return !(ok && held[at]) && (passes == nil || passes(page, i))
		}
	}
	return ask, known
}

// loadAround loads what is around a time, and goes there; or stays on the same rows, which
// are of that time.
func (m *model) loadAround(p *pane, at time.Time, stay bool) tea.Cmd {
	v := p.view
	r := &reading{pane: p, verb: "loading records of " + at.In(m.location()).Format(time.DateTime), filter: v.Filter()}
	ask := &before.Ask{Streams: p.store().Streams(), Show: testOf(r.filter), Want: m.pageRows(), Progress: &r.progress}
	ask.MaxRows, ask.MaxBytes = m.earlierBounds()
	var older before.Found
	var newer before.Reached
	here := func() (bool, uint64) {
		if v.Following() || v.Total() == 0 {
			return true, 0
		}
		return false, v.At(v.CursorOrd())
	}
	following, cursor := here()
	r.show = func() tea.Cmd {
		if f, c := here(); !stay && (f != following || c != cursor) {
			return nil // the user went elsewhere meanwhile
		}
		anchor := v.Anchored()
		past := p.store().NewPast(newer.Page.Begin)
		past.Newer(newer.Page, newer.End)
		m.showIsland(r, past, &older, at.Add(-time.Millisecond))
		switch {
		case stay && v.Reanchor(anchor):
			return nil
		case newer.Page.Len() > 0:
			v.GoTo(v.Ord(newer.Page.First()))
			return nil
		}
		v.GoTo(max(v.SeamOrd()-1, 0))
		return m.notifyWhile(m.standing(p), "nothing in the archive is as new as "+at.In(m.location()).Format(time.DateTime)+": this is the newest")
	}
	return m.read(r, func(ctx context.Context) (err error) {
		older, newer, err = before.Around(ctx, m.config.Archive, ask, at)
		return err
	})
}

// showIsland shows what was loaded of some other time, and what came before that.
func (m *model) showIsland(r *reading, past *rows.Past, older *before.Found, to time.Time) {
	p := r.pane
	p.view.SetPast(past, r.filter, 0)
	p.earlier = earlier{to: to}
	m.showOlder(r, &before.Ask{Streams: p.store().Streams(), To: to}, older, 0)
}
