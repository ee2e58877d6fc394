package tui

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/bookmark"
	"sluice/tui/cell"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// bookmarksMsg brings the bookmarks as they are in the file, to be listed.
type bookmarksMsg []bookmark.Bookmark

// changeBookmarks changes the file of bookmarks, away from the keys, and says what came
// of it; without a change it lists them. A file that cannot be read is left as it is.
func (m *model) changeBookmarks(change func([]bookmark.Bookmark) ([]bookmark.Bookmark, string)) tea.Cmd {
	path := m.config.statePath("bookmarks")
	if path == "" {
		return m.notify("no bookmark is kept: there is no place for it, or the settings say forget")
	}
	return func() tea.Msg {
		all, bad, err := bookmark.Load(path)
		if err != nil {
			return flashMsg{err.Error()}
		}
		if change == nil {
			return bookmarksMsg(all)
		}
		if bad > 0 {
			return flashMsg{fmt.Sprintf("the bookmarks are as they were: %d lines of %s cannot be understood: take them out", bad, path)}
		}
		all, text := change(all)
		if err := bookmark.Save(path, all); err != nil {
			return flashMsg{err.Error()}
		}
		return flashMsg{text}
	}
}

// askBookmark asks for a comment on the record under the cursor, and keeps both.
func (m *model) askBookmark(p *pane) tea.Cmd {
	d := newRecordView(p)
	if d == nil || d.entry.Kind == rows.KindSeam {
		return m.notify("no record is here")
	}
	p.view.Hold()
	b := bookmark.Bookmark{
		Time: time.UnixMilli(d.entry.Time).UTC(), Stream: d.stream, Source: d.source, Made: m.config.Now().UTC(),
		Message: cell.Shorten(d.message(), rowtext.OnScreen), Data: d.data,
	}
	if !d.entry.Kind.Notice() {
		b.Level = record.Level(d.entry.Level).String()
	}
	pr := &prompt{lead: "comment: ", empty: "what it means · enter keeps the record with it"}
	pr.done = func(text string) doneWith {
		b.Comment = strings.TrimSpace(text)
		return doneWith{cmd: m.changeBookmarks(func(all []bookmark.Bookmark) ([]bookmark.Bookmark, string) {
			if len(all) >= bookmark.Max {
				return all, fmt.Sprintf("not kept: there are %d bookmarks already; B lists them", bookmark.Max)
			}
			return append(all, b), "bookmark kept; B lists them"
		})}
	}
	m.openDialog(pr)
	return nil
}

// showBookmarks lists the bookmarks by time: enter goes to the record of one, as far as
// a pane shows its stream.
func (m *model) showBookmarks(all []bookmark.Bookmark) tea.Cmd {
	if len(all) == 0 {
		return m.notify("there are no bookmarks: M puts a comment on a record")
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b bookmark.Bookmark) int { return a.Time.Compare(b.Time) })
	list := []command{
		{name: "write them as a timeline in Markdown", note: record.Count(uint64(len(all))), do: func() tea.Cmd { return m.askTimeline(all) }},
		{name: "take one away", do: func() tea.Cmd { return m.chooseBookmark("Take away", all, m.dropBookmark) }},
	}
	m.openChoice("Bookmarks", "which record", append(list, m.bookmarkCommands(all, m.goToBookmark)...))
	return nil
}

func (m *model) chooseBookmark(title string, all []bookmark.Bookmark, do func(bookmark.Bookmark) tea.Cmd) tea.Cmd {
	m.openChoice(title, "which record", m.bookmarkCommands(all, do))
	return nil
}

func (m *model) bookmarkCommands(all []bookmark.Bookmark, do func(bookmark.Bookmark) tea.Cmd) (list []command) {
	for _, b := range all {
		text := b.Comment
		if text == "" {
			text = b.Message
		}
		list = append(list, command{
			name: b.Time.In(m.location()).Format("2006-01-02 15:04:05 ") + cell.Shorten(text, maxInput), note: cell.Shorten(b.Stream, 20),
			do: func() tea.Cmd { return do(b) },
		})
	}
	return list
}

func (m *model) dropBookmark(b bookmark.Bookmark) tea.Cmd {
	return m.changeBookmarks(func(all []bookmark.Bookmark) ([]bookmark.Bookmark, string) {
		return slices.DeleteFunc(all, func(other bookmark.Bookmark) bool { return other == b }), "bookmark taken away"
	})
}

// goToBookmark goes to a record where it is held, or says what it was.
func (m *model) goToBookmark(b bookmark.Bookmark) tea.Cmd {
	for i, p := range m.panes {
		if !slices.Contains(p.store().Streams(), b.Stream) {
			continue
		}
		v := p.view
		ord := v.NotBefore(b.Time)
		for ; ord >= 0 && ord < v.Total(); ord++ {
			_, e, _, data := v.Row(ord)
			if e.Time > b.Time.UnixMilli() {
				break
			}
			if e.Time == b.Time.UnixMilli() && string(data) == b.Data {
				m.closeRecord()
				m.selectPane(i)
				v.Hold()
				v.GoTo(ord)
				return nil
			}
		}
	}
	return m.notify("it is not held in a pane now: " + cell.Shorten(b.Stream+" "+b.Message, 200))
}

// askTimeline asks for the file of a timeline.
func (m *model) askTimeline(all []bookmark.Bookmark) tea.Cmd {
	pr := &prompt{lead: "timeline to ", empty: "a path", past: &m.paths}
	pr.input.set("timeline-" + m.config.Now().In(m.location()).Format("20060102-150405") + ".md")
	pr.done = func(text string) doneWith {
		path := strings.TrimSpace(text)
		if path == "" {
			return doneWith{fault: "name a file"}
		}
		markdown := bookmark.Markdown(all, m.location())
		return doneWith{cmd: func() tea.Msg {
			file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err == nil {
				_, err = file.WriteString(markdown)
				if closing := file.Close(); err == nil {
					err = closing
				}
			}
			if err != nil {
				return flashMsg{"no timeline: " + err.Error()}
			}
			return flashMsg{fmt.Sprintf("timeline of %d records written to %s", len(all), path)}
		}}
	}
	m.openDialog(pr)
	return nil
}
