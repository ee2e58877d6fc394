package tui

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/pelletier/go-toml/v2"

	"sluice/cluster/names"
	"sluice/tui/cell"
	"sluice/tui/query"
	"sluice/tui/view"
)

// Layout is which panes stood how when the client was left.
type Layout struct {
	Panes []PaneLayout `toml:"pane"`
	Shown []int        `toml:"shown"` // indexes of the panes on the screen
	Focus int          `toml:"focus"` // index into Shown
	Zoom  bool         `toml:"zoom"`
	Stand arrangement  `toml:"panes"`
	Time  clockMode    `toml:"time"`
}

// PaneLayout is one pane of a [Layout].
type PaneLayout struct {
	Streams []string  `toml:"streams,omitempty"` // several are merged
	Follow  []string  `toml:"follow,omitempty"`  // in their place: patterns, and names beside them, as they are typed
	Level   LevelName `toml:"level,omitempty"`
	Filter  string    `toml:"filter,omitempty"` // its terms, as they are typed
	Search  string    `toml:"search,omitempty"`
	Wrap    bool      `toml:"wrap,omitempty"`
}

// maxPanes bounds the number of panes, so that every layout can be restored.
const maxPanes = 64

// MarshalText writes a level's name.
func (l LevelName) MarshalText() ([]byte, error) { return []byte(l.Level.String()), nil }

// LoadLayout reads a layout that was saved. Without a file the error is
// fs.ErrNotExist.
func LoadLayout(path string) (Layout, error) {
	if _, err := os.Stat(path); err != nil {
		return Layout{}, fmt.Errorf("read the last layout: %w", err)
	}
	data, err := readSmall(path)
	if err != nil {
		return Layout{}, fmt.Errorf("read the last layout: %w", err)
	}
	l, err := parseLayout(data)
	if err != nil {
		return Layout{}, fmt.Errorf("read the last layout in %s: %w", path, err)
	}
	return l, nil
}

func parseLayout(data []byte) (Layout, error) {
	var l Layout
	if err := decodeTOML(data, &l); err != nil {
		return Layout{}, err
	}
	if err := l.check(); err != nil {
		return Layout{}, err
	}
	return l, nil
}

// check refuses what no client has saved.
func (l *Layout) check() error {
	if len(l.Panes) == 0 || len(l.Panes) > maxPanes {
		return fmt.Errorf("it has %d panes, and may have 1 to %d", len(l.Panes), maxPanes)
	}
	for _, p := range l.Panes {
		if n := len(p.Streams) + len(p.Follow); n == 0 || n > maxMerged || len(p.Streams) > 0 && len(p.Follow) > 0 {
			return fmt.Errorf("a pane has %d streams and follows %d, and may have 1 to %d of either", len(p.Streams), len(p.Follow), maxMerged)
		}
		if len(p.Follow) > 0 {
			if _, err := newSelection(p.Follow, time.Time{}); err != nil {
				return err
			}
		}
		for _, name := range p.Streams {
			if err := names.Check(name); err != nil {
				return fmt.Errorf("stream %q: %w", name, err)
			}
		}
		if names := slices.Sorted(slices.Values(p.Streams)); len(slices.Compact(names)) < len(p.Streams) {
			return fmt.Errorf("a pane has a stream twice: %q", p.Streams)
		}
	}
	seen := make(map[int]bool)
	for _, i := range l.Shown {
		if i < 0 || i >= len(l.Panes) || seen[i] {
			return fmt.Errorf("pane %d cannot be shown: it is not there, or shown twice", i)
		}
		seen[i] = true
	}
	return nil
}

// saveLayout writes a layout so that a file is the old one or the new one,
// never a part.
func saveLayout(path string, l Layout) error {
	data, err := toml.Marshal(l)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = os.WriteFile(path+".new", data, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		_ = os.Remove(path + ".new")
		return fmt.Errorf("save the layout: %w", err)
	}
	return nil
}

// layout is how the panes stand now.
func (m *model) layout() Layout {
	l := Layout{Shown: m.slots, Focus: m.focus, Zoom: m.zoom, Stand: m.arrangement, Time: m.clock}
	for _, p := range m.panes {
		f := p.view.Filter()
		one := PaneLayout{Streams: p.store().Streams(), Filter: f.Text(), Level: LevelName{f.Level}, Wrap: p.wrap}
		if p.selection != nil {
			one.Streams, one.Follow = nil, p.selection.texts
		}
		if p.search != nil {
			one.Search = p.search.Matcher().Source
		}
		l.Panes = append(l.Panes, one)
	}
	return l
}

// restore opens the panes of a layout besides those that are there.
func (m *model) restore(l Layout) {
	m.arrangement, m.clock = l.Stand, l.Time
	index := make([]int, len(l.Panes)) // of those that could be opened
	for i, one := range l.Panes {
		open := m.openPane
		streams := one.Streams
		if len(one.Follow) > 0 {
			open, streams = m.openSelection, one.Follow
		}
		if index[i] = -1; !open(false, streams...) {
			continue
		}
		p := m.pane()
		index[i] = m.slots[m.focus]
		f := query.Filter{Level: one.Level.Level}
		if terms, err := query.Parse(one.Filter); err == nil {
			f = f.WithTerms(terms)
		}
		p.setFilter(f)
		p.setWrap(one.Wrap)
		if one.Search != "" {
			p.search = view.NewSearch(p.view, query.NewMatcher(cell.Shorten(one.Search, maxInput)))
		}
	}
	if slices.ContainsFunc(l.Shown, func(i int) bool { return index[i] >= 0 }) {
		m.slots = m.slots[:0]
		for _, i := range l.Shown {
			if index[i] >= 0 && !slices.Contains(m.slots, index[i]) && len(m.slots) < maxSlots {
				m.slots = append(m.slots, index[i])
			}
		}
	}
	m.focus = min(max(l.Focus, 0), len(m.slots)-1)
	m.zoom = l.Zoom && len(m.slots) > 1
}

// layoutMsg brings the layout that was asked for.
type layoutMsg struct {
	layout Layout
	err    error
}

// restoreLayout reads the last layout, away from the keys.
func (m *model) restoreLayout() tea.Cmd {
	path := m.config.LayoutPath
	return func() tea.Msg {
		l, err := LoadLayout(path)
		return layoutMsg{l, err}
	}
}

// layoutRead goes on with the layout.
func (m *model) layoutRead(msg layoutMsg) tea.Cmd {
	if errors.Is(msg.err, fs.ErrNotExist) {
		return m.notify("no layout has been saved yet: it is when you quit")
	}
	if msg.err != nil {
		return m.notify(msg.err.Error())
	}
	m.closePicker()
	m.restore(msg.layout)
	return tea.Batch(m.tick(), m.notifyFull())
}
