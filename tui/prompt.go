package tui

import (
	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/query"
	"sluice/tui/view"
)

// prompt is one line of typing at the bottom of the screen. Every prompt is
// edited, kept, left and remembered in the same way; what it is for is in its
// functions.
type prompt struct {
	lead  string // before the text: "/", "filter "
	empty string // shown while nothing is typed
	input input
	fault string      // why what is typed was refused
	holds func() bool // whether that is still so; nil: until something else is typed

	note    func() string                           // beside the text while it is typed; may be nil
	changed func()                                  // after each change of the text; may be nil
	done    func(text string) doneWith              // on enter
	left    func()                                  // on escape; may be nil
	answer  func(key string) (cmd tea.Cmd, ok bool) // of a question: one key answers it; nil: text is asked for
	more    func(key string) (cmd tea.Cmd, ok bool) // keys of its own; may be nil
	past    *history                                // of earlier texts; may be nil
	back    int                                     // how far in the past we are, from 1

	column int // of the cursor, when it was drawn last
}

// doneWith is what became of a prompt's text.
type doneWith struct {
	cmd   tea.Cmd
	fault string      // what is wrong with it; the prompt stays open
	holds func() bool // whether it still is; nil: until something else is typed
}

func (p *prompt) changes() bool { return false }

// scroll scrolls the pane under the wheel: a prompt has nothing to scroll.
func (p *prompt) scroll(m *model, by int) { m.scrollPane(m.wheelAt, by) }

func (p *prompt) paste(text string) {
	if p.answer != nil {
		return // no key was pressed
	}
	p.input.insert(text)
	p.typed()
}

func (p *prompt) key(m *model, msg tea.KeyPressMsg) tea.Cmd {
	if p.answer != nil {
		cmd, ok := p.answer(msg.String())
		if ok {
			m.closeDialog(p)
		}
		return cmd
	}
	if p.more != nil {
		if cmd, ok := p.more(msg.String()); ok {
			return cmd
		}
	}
	switch {
	case msg.String() == "enter":
		with := p.done(p.input.text())
		if with.fault != "" {
			p.fault, p.holds = with.fault, with.holds
			return nil
		}
		m.closeDialog(p)
		return tea.Batch(m.remember(p.past, p.input.text()), with.cmd)
	case matches(msg, m.keys.cancel), p.input.text() == "" && msg.String() == "backspace":
		m.closeDialog(p)
		if p.left != nil {
			p.left()
		}
		return nil
	case msg.String() == "up", msg.String() == "ctrl+p":
		p.recall(1)
	case msg.String() == "down", msg.String() == "ctrl+n":
		p.recall(-1)
	default:
		if p.input.key(msg) {
			p.typed()
		}
	}
	return nil
}

// ask asks a question that one key answers: y, or n and esc. Other keys leave it open.
func (m *model) ask(question string, answered func(yes bool) tea.Cmd) {
	pr := &prompt{lead: question + " y/n ", empty: "esc leaves it as it is"}
	pr.answer = func(key string) (tea.Cmd, bool) {
		switch key {
		case "y", "Y":
			return answered(true), true
		case "n", "N", "q", "esc", "enter":
			return answered(false), true
		}
		pr.fault = "y or n"
		return nil, false
	}
	m.openDialog(pr)
}

// typed follows a change of the text.
func (p *prompt) typed() {
	p.fault, p.holds = "", nil
	if p.changed != nil {
		p.changed()
	}
}

// recall goes to an earlier text, or to a later one.
func (p *prompt) recall(by int) {
	if p.past == nil || p.back+by < 0 || p.back+by > len(p.past.texts) {
		return
	}
	p.back += by
	text := ""
	if p.back > 0 {
		text = p.past.texts[len(p.past.texts)-p.back]
	}
	p.input.set(text)
	p.typed()
}

// draw returns the cursor only: the status line, in which the prompt stands, draws it.
func (p *prompt) draw(m *model, _ []string) (*tea.Cursor, bool) {
	return tea.NewCursor(p.column, m.height-1), false
}

// append appends the prompt to the status line.
func (p *prompt) append(l *cell.Line, t *theme, room int) {
	lead, w := cell.Fit(" "+record.Safe(p.lead), max(room-12, 1), l.Method())
	l.Add(t.paneActive, lead)
	if p.holds != nil && !p.holds() {
		p.fault, p.holds = "", nil
	}
	var note string
	st := t.dim
	switch {
	case p.fault != "":
		note, st = p.fault, t.bad
	case p.input.text() == "":
		note, st = p.empty, t.faint
	case p.note != nil:
		note = p.note()
	}
	note = record.Safe(note) // it may quote what was typed or pasted
	beside := min(cell.Width(note, l.Method())+2, max(room/2, 1))
	p.column = w + p.input.draw(l, t.text, max(room-w-beside, 8))
	if note != "" {
		note, _ = cell.Fit(note, max(l.Left()-2, 0), l.Method())
		l.Space(2).Add(st, note)
	}
}

// openSearch asks what to search for. It moves the pane as it is typed, and
// back where it was when it is left.
func (m *model) openSearch(p *pane) {
	before, place := p.search, p.view.Place()
	alone := dialogOf[*recordView](m) != nil
	pr := &prompt{lead: "/", empty: "search: a regular expression · enter keeps · esc leaves", past: &m.searches}
	pr.note = func() string {
		if p.search == nil {
			return ""
		}
		return p.searchCount()
	}
	pr.changed = func() {
		p.view.Back(place)
		p.search = nil
		if pr.input.text() != "" {
			p.search = view.NewSearch(p.view, query.NewMatcher(pr.input.text()))
			if alone {
				p.search.NearestHere()
			} else {
				p.search.Nearest()
			}
		}
	}
	pr.left = func() {
		p.search = before
		p.view.Back(place)
	}
	pr.done = func(text string) doneWith {
		if text == "" && before != nil {
			p.search = before // as in less: the next match of the last search
			p.search.Find(view.Forward)
		}
		if p.search != nil && p.search.Keep() {
			p.view.Back(place)
			p.search.Find(view.Forward)
		}
		return doneWith{}
	}
	m.openDialog(pr)
}
