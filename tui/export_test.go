package tui

import (
	"fmt"
	"reflect"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/stream"
	"sluice/tui/bookmark"
	"sluice/tui/cell"
	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// NewModel is the model as Run makes it; wake is called when it wants a TakeMsg.
func NewModel(config Config, wake func(), profile colorprofile.Profile) (tea.Model, error) {
	c, err := New(config)
	if err != nil {
		return nil, err
	}
	return newModel(c.config, wake, profile), nil
}

// Messages that the model gets while it runs.
var (
	TakeMsg   tea.Msg = takeMsg{}
	SecondMsg tea.Msg = secondMsg{}
	DayMsg    tea.Msg = dayMsg{}
	WheelMsg  tea.Msg = wheelMsg{}
	SettleMsg tea.Msg = settleMsg{}
)

// ListedMsg brings the live streams to the picker that is open.
func ListedMsg(m tea.Model) tea.Msg {
	own := m.(*model)
	streams := own.config.Feed.Streams()
	return streamsMsg{dialogOf[*picker](own), streams, wantedBy(own.selections(), streams), 0}
}

// RawMsg is what the model has written to the terminal as it is.
type RawMsg = rawMsg

// Held is how many records are kept, and the memory that they take.
func Held(m tea.Model) (records int, bytes int64) { return m.(*model).stores.Size() }

// MarkAll marks the oldest n records of the pane in focus; Marks is how many are
// marked in it.
func MarkAll(m tea.Model, n int) {
	p := m.(*model).pane()
	for i := range n {
		p.marks = append(p.marks, p.view.At(i))
	}
}

func Marks(m tea.Model) int { return len(m.(*model).pane().marks) }

// FilterText is the filter of the pane in focus.
func FilterText(m tea.Model) string { return m.(*model).pane().view.Filter().Text() }

// Anchored is the record on the top line of the pane in focus; ok is false when
// the pane follows, a jump is on its way, or the filter has not looked at all of
// its records.
func Anchored(m tea.Model) (top uint64, ok bool) {
	p := m.(*model).pane()
	if p == nil || p.view.Following() || p.view.Total() == 0 || !p.view.Complete() || p.search != nil && !p.search.Complete() {
		return 0, false
	}
	return p.view.At(p.view.TopOrd()), true
}

// Scored is how many names the picker has looked at.
func Scored(m tea.Model) int { return dialogOf[*picker](m.(*model)).scored }

// Taking reports whether a batch is not taken as a whole yet.
func Taking(m tea.Model) bool { return m.(*model).batch != nil }

// Flush ends the waiting of records for earlier ones.
func Flush(m tea.Model) {
	later := m.(*model).config.Now().Add(time.Hour)
	m.(*model).stores.Settle(later)
	m.(*model).stores.Evict()
}

// Busy reports whether a filter or a search has not come to its end, or groups have not
// been read once.
func Busy(m tea.Model) bool {
	if v := dialogOf[*groupsView](m.(*model)); v != nil && (v.list == nil || !v.list.Complete) {
		return true
	}
	if v := dialogOf[*timelineView](m.(*model)); v != nil && v.pane.view.Total() > 0 {
		if c := v.line.Chart(); c == nil || c.Axis != v.axis || !c.Complete {
			return true
		}
	}
	for _, p := range m.(*model).panes {
		if !p.view.Complete() || p.search != nil && !p.search.Complete() {
			return true
		}
	}
	return false
}

// Open opens streams merged in a pane.
func Open(m tea.Model, streams ...string) { m.(*model).openPane(false, streams...) }

// SetFilter gives the pane that has the focus another filter.
func SetFilter(m tea.Model, f query.Filter) { m.(*model).pane().setFilter(f) }

// Row renders one record's row.
func Row(data []byte, source string, width, shift int, grapheme bool, pattern string) string {
	e := rows.Entry{Level: 30}
	s := rowStyle{columns: layoutColumns(width, 0, 4, 9, shift), theme: newTheme(true, colorprofile.TrueColor), location: time.UTC}
	if grapheme {
		s.method = ansi.GraphemeWidth
	}
	if pattern != "" {
		s.matcher = query.NewMatcher(pattern)
	}
	t := rowtext.Of(&e, data, rowtext.OnScreen)
	return s.render(&e, "", source, &t)
}

// Detail draws one record in full.
func Detail(data []byte, width, height int) []string {
	st, _ := rows.NewStores(1<<30, 1<<40).Open([]string{"system"}, time.Time{})
	st.Add(&stream.Record{Stream: "system", Source: "vm-1", Data: data, Backfill: true}, time.Time{})
	p := newPane(st, query.Filter{})
	sc := scene{theme: newTheme(true, colorprofile.TrueColor), location: time.UTC}
	p.rows(width, height, sc)
	d := newRecordView(p)
	d.page(width+1, height, sc) // a column is the cursor's
	lines := []string{d.message()}
	for _, l := range d.lines {
		lines = append(lines, l.text)
	}
	return lines
}

// ParseSettings and ParseLayouts read what would be in a file.
var (
	ParseSettings = parseSettings
	ParseLayouts  = parseLayouts
)

// SaveLayout saves how the panes stand.
func SaveLayout(m tea.Model, path string) error {
	return saveLayout(path, m.(*model).layout(), m.(*model).config.Now())
}

// Restore opens the panes of a layout.
func Restore(m tea.Model, l Layout) { m.(*model).closePicker(); m.(*model).restore(l) }

// ThemeStyles are all styles of a theme that text is written in.
func ThemeStyles(dark bool) map[string]cell.Style {
	t := newTheme(dark, colorprofile.TrueColor)
	styles := make(map[string]cell.Style)
	v := reflect.ValueOf(t).Elem()
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		if name == "rule" || name == "cursor" {
			continue // never text
		}
		switch f.Kind() {
		case reflect.String:
			styles[name] = cell.Style(f.String())
		default: // levels and names
			for j := range f.Len() {
				styles[fmt.Sprintf("%s[%d]", name, j)] = cell.Style(f.Index(j).String())
			}
		}
	}
	return styles
}

// CursorGround is the background of the row under the cursor.
func CursorGround(dark bool) cell.Style { return newTheme(dark, colorprofile.TrueColor).cursor }

// Commands are the names of what the palette lists; KeyHelp what the help says of keys.
func Commands(m tea.Model) (names []string) {
	for _, c := range m.(*model).commands() {
		names = append(names, c.name)
	}
	return names
}

func KeyHelp(m tea.Model) (texts []string) {
	for _, g := range m.(*model).keys.groups() {
		for _, b := range g.bindings {
			texts = append(texts, b.Help().Desc)
		}
	}
	return texts
}

// Typed is what a kind of prompt remembers, the newest last.
func Typed(m tea.Model, kind string) []string { return m.(*model).histories()[kind].texts }

// RestoreAtStart is what restores a layout at the start.
func RestoreAtStart(m tea.Model) tea.Cmd { return m.(*model).loadLayouts(true) }

// BookmarksMsg brings bookmarks of the stream system with comments, a minute apart.
func BookmarksMsg(at time.Time, comments ...string) tea.Msg {
	var all bookmarksMsg
	for i, text := range comments {
		all.all = append(all.all, bookmark.Bookmark{Time: at.Add(time.Duration(i) * time.Minute), Stream: "system", Comment: text})
	}
	return all
}
