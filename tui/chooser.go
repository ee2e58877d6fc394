package tui

import (
	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
)

// chooser is a box of things to choose from, each by one key, or by the cursor.
type chooser struct {
	title, opened string
	choices       []Choice
	cursor        int
	area          rect // of the choices on the screen
	first         int  // that is on it
}

// choose does what was chosen, or shows what can be chosen then.
func (m *model) choose(title, opened string, do func() string, choose func() []Choice) tea.Cmd {
	if do != nil {
		return func() tea.Msg { return flashMsg{do()} }
	}
	m.openDialog(&chooser{title: title, opened: opened, choices: choose()})
	return nil
}

// key moves the cursor, or chooses. Any other key closes the box.
func (c *chooser) key(m *model, msg tea.KeyPressMsg) tea.Cmd {
	for _, choice := range c.choices {
		if msg.String() == choice.Key {
			return c.take(m, choice)
		}
	}
	k := &m.keys
	switch {
	case matches(msg, k.down) || msg.String() == "tab":
		c.scroll(m, 1)
	case matches(msg, k.up) || msg.String() == "shift+tab":
		c.scroll(m, -1)
	case msg.String() == "enter" && len(c.choices) > 0:
		return c.take(m, c.choices[c.cursor])
	default:
		m.closeDialog(c)
	}
	return nil
}

// click takes the choice that is clicked on; outside of them it closes the box.
func (c *chooser) click(m *model, msg tea.MouseClickMsg) tea.Cmd {
	i, x := msg.Y-c.area.y, msg.X-c.area.x
	if i < 0 || i >= c.area.h || x < 0 || x >= c.area.w {
		m.closeDialog(c)
		return nil
	}
	return c.take(m, c.choices[c.first+i])
}

func (c *chooser) take(m *model, choice Choice) tea.Cmd {
	m.closeDialog(c)
	if choice.act != nil {
		return choice.act()
	}
	return m.choose(choice.Text, "", choice.Do, choice.Choose)
}

func (c *chooser) scroll(_ *model, by int) { c.cursor = max(0, min(c.cursor+by, len(c.choices)-1)) }

func (c *chooser) changes() bool { return false }

func (c *chooser) draw(m *model, screen []string) (*tea.Cursor, bool) {
	const most = 72
	w := min(most, m.width)
	t, f := m.theme, frameOf(m.theme, m.method, w)
	texts := 0
	for _, choice := range c.choices {
		texts = max(texts, cell.Width(choice.Text, m.method))
	}
	box := []string{f.top(record.Safe(c.title), c.opened)}
	room := max(m.height-4, 1)
	first := max(0, min(c.cursor-room/2, len(c.choices)-room))
	for i := first; i < min(first+room, len(c.choices)); i++ {
		choice := c.choices[i]
		l := cell.NewLine(w-4, m.method)
		text := t.text
		if mark := "  "; i == c.cursor {
			text = t.strong
			l.Add(t.strong, "› ")
		} else {
			l.Add(t.dim, mark)
		}
		l.Add(t.heading, record.Safe(choice.Key)).Space(2).
			Fixed(text, record.Safe(choice.Text), texts).Space(2)
		box = append(box, f.row(l.Fixed(t.dim, record.Safe(choice.Detail), max(l.Left(), 0)).String()))
	}
	c.first = first
	c.area = rect{(m.width - w) / 2, max((m.height-len(box)-1)/2, 0) + 1, w, len(box) - 1}
	m.overlay(screen, append(box, f.bottom("a letter chooses · any other key closes")), w)
	return nil, true
}
