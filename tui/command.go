package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/bookmark"
	"sluice/tui/find"
)

// command is one line of the palette.
type command struct {
	name string // what it does; what is remembered of it when it was run
	key  string // what does it besides; "" when nothing does
	note string // of what kind it is
	do   func() tea.Cmd

	bookmark *bookmark.Bookmark // that it goes to; nil: to none
}

// commands are all that can be done: what every key does, as the help lists it, and
// what has a name of its own.
func (m *model) commands() (all []command) {
	within := dialogOf[*recordView](m)
	for _, g := range m.keys.groups() {
		for _, b := range g.bindings {
			names, name := b.Keys(), b.Help().Desc
			if len(names) == 0 || name == m.keys.palette.Help().Desc {
				continue
			}
			c := command{name: name, key: b.Help().Key, note: g.title}
			press := tea.KeyPressMsg{Text: names[0]} // matches the binding, whatever key that is
			switch {
			case name == m.keys.digit.Help().Desc:
				all = append(all, m.paneCommands()...)
				continue
			case g.title == inRecord:
				c.do = func() tea.Cmd { return m.inRecord(within, b, press) }
			default:
				c.do = func() tea.Cmd {
					m.closeRecord()
					if matches(press, m.keys.interrupt) {
						return m.key(press)
					}
					return m.mainKey(press)
				}
			}
			all = append(all, c)
		}
	}
	return append(all, m.namedCommands()...)
}

// paneCommands go to each pane.
func (m *model) paneCommands() (all []command) {
	for i, p := range m.panes {
		c := command{name: "go to " + p.title(), note: "Panes"}
		if i < 9 {
			c.key = strconv.Itoa(i + 1)
		}
		c.do = func() tea.Cmd {
			m.closeRecord()
			m.selectPane(i)
			return nil
		}
		all = append(all, c)
	}
	return all
}

// inRecord does in the open record what a key does there. When none is open it opens
// the one under the cursor, in which a field is to be chosen first.
func (m *model) inRecord(d *recordView, b key.Binding, press tea.KeyPressMsg) tea.Cmd {
	if d != nil {
		return d.key(m, press)
	}
	if p := m.pane(); p != nil {
		m.openRecord(p)
	}
	if d = dialogOf[*recordView](m); d == nil {
		return m.notify("no record is here")
	}
	return m.notifyWhile(func() bool { return dialogOf[*recordView](m) == d },
		fmt.Sprintf("j and k choose a field, then %s: %s", b.Help().Key, b.Help().Desc))
}

// found is a command that was found by what was typed.
type found struct {
	command
	score int
}

// findCommands are those that have the letters of a text in their order, the best
// first. Of those that are as good, and without a text, what was run last is first.
func findCommands(all []command, text string, ran []string) []found {
	var list []found
	for _, c := range all {
		score, ok := fuzzyWords(text, record.Safe(c.name))
		if !ok {
			// A key is found by itself, a kind by its letters.
			if score, ok = fuzzyWords(text, record.Safe(c.note)); !ok && c.key != text {
				continue
			}
			score -= 1000
		}
		if c.key == text && text != "" {
			score += 2000
		}
		list = append(list, found{c, score})
	}
	slices.SortStableFunc(list, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(slices.Index(ran, b.name), slices.Index(ran, a.name)))
	})
	return list
}

// fuzzyWords is how well the letters of each word that was typed stand in a name.
func fuzzyWords(typed, name string) (score int, ok bool) {
	for word := range strings.FieldsSeq(typed) {
		one, found := find.NewFuzzy(word).Score(name)
		if !found {
			return 0, false
		}
		score += one
	}
	return score, true
}

// foundLetters are the places in a name of the letters that were typed, in order.
func foundLetters(typed, name string) (places []int) {
	for word := range strings.FieldsSeq(typed) {
		_, found, _ := find.Letters(word, name)
		places = append(places, found...)
	}
	slices.Sort(places)
	return slices.Compact(places)
}
