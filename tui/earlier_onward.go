package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/tui/before"
	"sluice/tui/query"
	"sluice/tui/rows"
)

// searchOnward looks for the next match in what came between what was loaded and what is
// held, and goes on behind that; nil: there is no such thing below the cursor.
func (m *model) searchOnward(p *pane) tea.Cmd {
	matcher := p.search.Matcher()
	return m.findOnward(p, onward{
		match: testBy(matcher.Probe(p.view.Filter())),
		behind: func() tea.Cmd {
			if p.search != nil && p.search.Matcher() == matcher {
				p.search.FindBehind()
			}
			return nil
		},
	})
}

// errorOnward looks for the next error there.
func (m *model) errorOnward(p *pane) tea.Cmd {
	f, v := p.view.Filter(), p.view
	return m.findOnward(p, onward{
		match: testBy(query.Probe{Test: func(r *query.Row) bool { return r.Entry.IsError() && f.Match(r) }}),
		behind: func() tea.Cmd {
			if n, ok := v.ErrorFrom(v.Seam(), 1); ok {
				v.Jump(n)
				return nil
			}
			return m.noErrorBelow(p)
		},
	})
}

// onward is a search towards newer records, across what is not loaded.
type onward struct {
	match  before.Test
	behind func() tea.Cmd // goes on in what is held, when there is no match before it
	after  rows.Edges     // where it begins; nil: where what was loaded ends
}

// findOnward searches what is not loaded below the cursor.
func (m *model) findOnward(p *pane, o onward) tea.Cmd {
	v := p.view
	seam := v.SeamOrd()
	if m.config.Archive == nil || p.tracing != nil || p.earlier.reading != nil || v.Following() || seam < 0 || v.CursorOrd() > seam {
		return nil
	}
	past := v.Past()
	next := past.Next()
	r := &reading{pane: p, verb: "searching the archive", filter: v.Filter()}
	ask, known := m.askOnward(p, r)
	if o.after != nil {
		ask.After = o.after
	}
	maxRows, _ := m.earlierBounds()
	joined := p.store().First()
	var found before.Ahead
	r.show = func() tea.Cmd {
		if v.Past() != past || past.Next() != next || v.Following() {
			return nil // the user went elsewhere meanwhile
		}
		whole := ask.Before.Sources() == p.begun()
		switch {
		case found.Hit:
			m.showOnward(r, &found, o.after == nil)
			if found.Joined() && whole && ask.Before.Sources() > 0 {
				v.Join(joined)
			}
			v.Jump(found.Page.First() + uint64(found.At))
			return nil
		case !whole: // records came from elsewhere meanwhile, that may be among these
			return m.findOnward(p, o)
		case p.store().First() > joined: // some were let go meanwhile, that were not searched
			o.after = found.End()
			return m.findOnward(p, o)
		}
		return o.behind()
	}
	return m.read(r, func(ctx context.Context) (err error) {
		if !known {
			return errPlaces
		}
		found, err = before.Search(ctx, m.config.Archive, *ask, o.match, maxRows)
		return err
	})
}

// showOnward shows what a search has read: behind what was loaded if it leads on from there,
// or else in its place.
func (m *model) showOnward(r *reading, found *before.Ahead, leads bool) {
	p, v := r.pane, r.pane.view
	v.Forget()
	past := v.Past()
	if leads = leads && !found.Island; !leads {
		past = p.store().NewPast(found.Reached[0].Page.Begin)
	}
	for _, f := range found.Reached {
		past.Newer(f.Page, f.End)
	}
	if leads {
		v.Narrow(r.filter)
		return
	}
	v.SetPast(past, r.filter, 0)
	first, _ := past.Row(past.First())
	p.earlier = earlier{to: time.UnixMilli(first.Time)}
}
