package tui

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/pelletier/go-toml/v2"

	"sluice/cluster/names"
	"sluice/tui/cell"
	"sluice/tui/query"
	"sluice/tui/view"
)

// Layout is which panes stand how.
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
	Around  int       `toml:"around,omitempty"` // records around each that passes
}

// maxPanes bounds the number of panes, so that every layout can be restored.
const maxPanes = 64

// MarshalText writes a level's name.
func (l LevelName) MarshalText() ([]byte, error) { return []byte(l.Level.String()), nil }

// SavedLayout is a [Layout] that was left.
type SavedLayout struct {
	Layout
	Left time.Time `toml:"left"`
}

// maxLayouts is how many layouts are kept, of different streams.
const maxLayouts = 10

// layoutFile is the file of the last layouts. In older ones there was just one.
type layoutFile struct {
	Layouts []SavedLayout `toml:"layout"`
	Layout
}

// LoadLayouts reads the last layouts that were saved, the newest first; there is at
// least one. Without a file the error is fs.ErrNotExist.
func LoadLayouts(path string) ([]SavedLayout, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("read the last layouts: %w", err)
	}
	data, err := readSmall(path)
	if err != nil {
		return nil, fmt.Errorf("read the last layouts: %w", err)
	}
	all, err := parseLayouts(data)
	if err != nil {
		return nil, fmt.Errorf("read the last layouts in %s: %w", path, err)
	}
	return all, nil
}

func parseLayouts(data []byte) ([]SavedLayout, error) {
	var file layoutFile
	if err := decodeTOML(data, &file); err != nil {
		return nil, err
	}
	if len(file.Layouts) == 0 {
		file.Layouts = []SavedLayout{{Layout: file.Layout}}
	}
	var fault error
	good := slices.DeleteFunc(file.Layouts, func(l SavedLayout) bool {
		err := l.check()
		fault = cmp.Or(fault, err)
		return err != nil
	})
	if len(good) == 0 {
		return nil, fault
	}
	return good, nil
}

// streams are the streams that a layout shows, and the patterns by which it finds them,
// each once, in order.
func (l *Layout) streams() (all []string) {
	for _, p := range l.Panes {
		all = append(append(all, p.Streams...), p.Follow...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// title names what a layout shows.
func (l *Layout) title() string {
	var panes []string
	for _, p := range l.Panes {
		panes = append(panes, strings.Join(append(slices.Clone(p.Streams), p.Follow...), "+"))
	}
	return strings.Join(panes, ", ")
}

// layoutOf is the newest layout that shows just these streams; any, when none is named.
func layoutOf(all []SavedLayout, streams []string) *Layout {
	streams = slices.Compact(slices.Sorted(slices.Values(streams)))
	for i := range all {
		if len(streams) == 0 || slices.Equal(all[i].streams(), streams) {
			return &all[i].Layout
		}
	}
	return nil
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

// saveLayout writes a layout before those that were saved, so that a file is the old
// one or the new one, never a part. It takes the place of one that shows the same
// streams; of too many the oldest goes. A file that cannot be read is written anew.
func saveLayout(path string, l Layout, now time.Time) error {
	all := []SavedLayout{{Layout: l, Left: now.Truncate(time.Second)}}
	before, _ := LoadLayouts(path)
	for _, one := range before {
		if len(all) < maxLayouts && !slices.Equal(one.streams(), l.streams()) {
			all = append(all, one)
		}
	}
	data, err := toml.Marshal(struct {
		Layouts []SavedLayout `toml:"layout"`
	}{all})
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
	l := Layout{Zoom: m.zoom, Stand: m.arrangement, Time: m.clock}
	index := make(map[int]int) // in the layout, by the index of the pane
	for i, p := range m.panes {
		if p.tracing != nil {
			continue // its steps are of what is held now
		}
		index[i] = len(l.Panes)
		f := p.view.Filter()
		one := PaneLayout{Streams: p.store().Streams(), Filter: f.Text(), Level: LevelName{f.Level}, Wrap: p.wrap, Around: p.view.Around()}
		if p.selection != nil {
			one.Streams, one.Follow = nil, p.selection.texts
		}
		if p.search != nil {
			one.Search = p.search.Matcher().Source
		}
		l.Panes = append(l.Panes, one)
	}
	for slot, i := range m.slots {
		if at, saved := index[i]; saved {
			if slot == m.focus {
				l.Focus = len(l.Shown)
			}
			l.Shown = append(l.Shown, at)
		}
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
		p.view.SetAround(min(one.Around, query.MaxAround))
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

// useLayout shows a layout that has a name.
func (m *model) useLayout(l Layout) tea.Cmd {
	if err := l.check(); err != nil {
		return m.notify("this layout cannot be shown: " + err.Error())
	}
	m.closeRecord()
	m.closePicker()
	m.restore(l)
	return tea.Batch(m.tick(), m.notifyFull())
}

// layoutMsg brings the layouts that were saved.
type layoutMsg struct {
	layouts []SavedLayout
	start   bool // they are asked for at the start, and not by a key
	err     error
}

// loadLayouts reads the last layouts, away from the keys.
func (m *model) loadLayouts(start bool) tea.Cmd {
	path := m.config.LayoutPath
	if path == "" {
		return m.notify("no layout is kept of this: o opens streams")
	}
	return func() tea.Msg {
		all, err := LoadLayouts(path)
		return layoutMsg{all, start, err}
	}
}

// restoreLayout restores the last layout, or one of several that is chosen.
func (m *model) restoreLayout() tea.Cmd { return m.loadLayouts(false) }

// awaitsLayout reports whether the streams that were named are opened as a layout has
// them, once it was read.
func (m *model) awaitsLayout() bool {
	return m.config.Restore && m.config.LayoutPath != "" && len(m.config.Streams) > 0
}

// layoutsRead goes on with the layouts. At the start there are panes in any case.
func (m *model) layoutsRead(msg layoutMsg) tea.Cmd {
	cmd := m.showLayouts(msg)
	if msg.start && m.awaitsLayout() && len(m.panes) == 0 {
		m.openFirst()
		m.look()
		cmd = tea.Batch(cmd, m.tick(), m.lookTick())
	}
	return cmd
}

func (m *model) showLayouts(msg layoutMsg) tea.Cmd {
	switch {
	case errors.Is(msg.err, fs.ErrNotExist):
		return m.notify("no layout has been saved yet: it is when you quit")
	case msg.err != nil:
		return m.notify(msg.err.Error())
	case !msg.start && len(msg.layouts) > 1:
		m.chooseLayout(msg.layouts)
		return nil
	case !msg.start:
		return m.useLayout(msg.layouts[0].Layout)
	}
	var streams []string
	for _, list := range m.config.Streams {
		streams = append(streams, names.Split(list)...)
	}
	l := layoutOf(msg.layouts, streams)
	if l == nil {
		return m.notify("no layout of just these streams is kept: it is when you quit")
	}
	return m.useLayout(*l)
}

// chooseLayout lists layouts to choose from.
func (m *model) chooseLayout(all []SavedLayout) {
	var list []command
	now := m.config.Now()
	for _, one := range all {
		c := command{name: one.title(), do: func() tea.Cmd { return m.useLayout(one.Layout) }}
		if !one.Left.IsZero() {
			c.note = ago(now.Sub(one.Left)) + " ago"
		}
		list = append(list, c)
	}
	m.openChoice("Layouts of before", "which streams", list)
}
