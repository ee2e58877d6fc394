package tui

import (
	"cmp"
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
type bookmarksMsg struct {
	all  []bookmark.Bookmark
	done string // what was done to them; "": nothing
}

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
			return bookmarksMsg{all: all}
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
// a pane shows its stream, and keys change its comment or take it away.
func (m *model) showBookmarks(msg bookmarksMsg) tea.Cmd {
	all := slices.Clone(msg.all)
	switch {
	case len(all) == 0 && msg.done != "":
		return m.notify(msg.done)
	case len(all) == 0:
		return m.notify("there are no bookmarks: " + m.keys.bookmark.Help().Key + " puts a comment on a record")
	}
	slices.SortStableFunc(all, func(a, b bookmark.Bookmark) int { return a.Time.Compare(b.Time) })
	list := []command{
		{name: "write them as a timeline in Markdown", note: record.Count(uint64(len(all))), do: func() tea.Cmd { return m.askTimeline(all) }},
	}
	for _, b := range all {
		list = append(list, command{
			name: m.bookmarkText(b), note: cell.Shorten(b.Stream, 20), bookmark: &b,
			do: func() tea.Cmd { return m.goToBookmark(b) },
		})
	}
	p := m.openChoice("Bookmarks", "which record", list)
	p.foot = "enter goes there · ^e comment · ^x away"
	p.more = func(key string, on command) (tea.Cmd, bool) {
		if on.bookmark == nil {
			return nil, false
		}
		switch key {
		case "ctrl+e":
			m.closeDialog(p)
			m.askComment(*on.bookmark)
		case "ctrl+x":
			m.closeDialog(p)
			m.askDrop(*on.bookmark)
		default:
			return nil, false
		}
		return nil, true
	}
	if msg.done != "" {
		return m.notify(msg.done)
	}
	return nil
}

// bookmarkText is a bookmark on one line.
func (m *model) bookmarkText(b bookmark.Bookmark) string {
	return b.Time.In(m.location()).Format("2006-01-02 15:04:05 ") + cell.Shorten(cmp.Or(b.Comment, b.Message), maxInput)
}

// askComment asks for another comment on a bookmark.
func (m *model) askComment(b bookmark.Bookmark) {
	pr := &prompt{lead: "comment: ", empty: "none · enter keeps it so"}
	pr.input.set(b.Comment)
	pr.done = func(text string) doneWith {
		changed := b
		changed.Comment = strings.TrimSpace(text)
		return doneWith{cmd: m.replaceBookmark(b, []bookmark.Bookmark{changed}, "comment kept")}
	}
	m.openDialog(pr)
}

// askDrop asks whether a bookmark is to be taken away.
func (m *model) askDrop(b bookmark.Bookmark) {
	m.ask("take away "+cell.Shorten(m.bookmarkText(b), 60)+"?", func(yes bool) tea.Cmd {
		if !yes {
			return m.changeBookmarks(nil)
		}
		return m.replaceBookmark(b, nil, "bookmark taken away")
	})
}

// replaceBookmark puts others, or none, in the place of a bookmark, and lists what there
// is then.
func (m *model) replaceBookmark(b bookmark.Bookmark, with []bookmark.Bookmark, done string) tea.Cmd {
	var now []bookmark.Bookmark
	change := m.changeBookmarks(func(all []bookmark.Bookmark) ([]bookmark.Bookmark, string) {
		at := slices.Index(all, b)
		if at < 0 {
			return all, "it is not there any more"
		}
		now = slices.Replace(all, at, at+1, with...)
		return now, done
	})
	return func() tea.Msg {
		msg := change()
		if flash, ok := msg.(flashMsg); ok && flash.text == done {
			return bookmarksMsg{now, done}
		}
		return msg
	}
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
