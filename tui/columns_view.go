package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/column"
	"sluice/tui/tomledit"
)

// columnsView lists a pane's columns, to be chosen, put in order and sized. What is done
// is seen at once in the pane.
type columnsView struct {
	pane *pane
	list column.List
	at   int
}

func (m *model) openColumns(p *pane) {
	v := &columnsView{pane: p, list: column.Default()}
	if p.columns != nil {
		v.list = p.columns.list
	}
	m.openDialog(v)
}

func (v *columnsView) changes() bool { return false }

func (v *columnsView) scroll(_ *model, by int) { v.at = max(0, min(v.at+by, len(v.list)-1)) }

// set changes the columns of the pane.
func (v *columnsView) set(l column.List) {
	v.list = l
	v.at = max(0, min(v.at, len(l)-1))
	v.pane.setColumns(l)
}

// width is how wide the chosen column is now.
func (v *columnsView) width() int {
	c := v.list[v.at]
	if c.Width > 0 || v.pane.columns == nil || v.pane.columns.shown == nil {
		return c.Width
	}
	for _, shown := range v.pane.columns.shown.list {
		if shown.name == c.Name {
			return shown.width
		}
	}
	return 8
}

func (v *columnsView) key(m *model, msg tea.KeyPressMsg) tea.Cmd {
	k := &m.keys
	switch key := msg.String(); {
	case matches(msg, k.up):
		v.scroll(m, -1)
	case matches(msg, k.down):
		v.scroll(m, 1)
	case key == "space", key == "x":
		v.set(v.list.Toggle(v.at))
	case key == "p":
		v.set(v.list.Pin(v.at))
	case key == "d", key == "delete", key == "backspace":
		v.set(v.list.Remove(v.at))
	case key == "+", key == "=":
		v.set(v.list.Widen(v.at, v.width(), 1))
	case key == "-":
		v.set(v.list.Widen(v.at, v.width(), -1))
	case key == "0":
		v.set(v.list.Widen(v.at, 0, 0))
	case key == "}", key == "J", key == "shift+down":
		l, at := v.list.Move(v.at, 1)
		v.at = at
		v.set(l)
	case key == "{", key == "K", key == "shift+up":
		l, at := v.list.Move(v.at, -1)
		v.at = at
		v.set(l)
	case key == "a":
		v.askField(m)
	case key == "r":
		v.list, v.at = column.Default(), 0
		v.pane.setColumns(nil)
	case key == "s":
		v.askPattern(m)
	case matches(msg, k.cancel, k.quit, k.detail):
		m.closeDialog(v)
	case matches(msg, k.help):
		m.openDialog(&help{})
	}
	return nil
}

// askField asks for a field that becomes a column; tab goes through those of the records
// up to the cursor.
func (v *columnsView) askField(m *model) {
	known := v.pane.fieldNames()
	pr := &prompt{lead: "column of field: ", empty: "tab: " + cell.Shorten(strings.Join(known, ", "), 60)}
	if len(known) == 0 {
		pr.empty = "a field of the records, such as tenant or res.statusCode"
	}
	var typed, put string
	pr.more = func(key string) (tea.Cmd, bool) {
		if key != "tab" {
			return nil, false
		}
		if pr.input.text() != put {
			typed, put = pr.input.text(), ""
		}
		fit := slices.DeleteFunc(slices.Clone(known), func(name string) bool { return !strings.HasPrefix(name, typed) })
		if len(fit) == 0 {
			pr.fault = "no field of the records up to the cursor begins like that"
			return nil, true
		}
		put = fit[(slices.Index(fit, put)+1)%len(fit)]
		pr.input.set(put)
		pr.typed()
		return nil, true
	}
	pr.done = func(text string) doneWith {
		l, err := v.list.Add(strings.TrimSpace(text))
		if err != nil {
			return doneWith{fault: err.Error()}
		}
		v.at = slices.IndexFunc(l, func(c column.Column) bool { return c.Name == strings.TrimSpace(text) })
		v.set(l)
		return doneWith{}
	}
	m.openDialog(pr)
}

// askPattern asks for which streams the columns are kept in the settings.
func (v *columnsView) askPattern(m *model) {
	pr := &prompt{lead: "keep these columns for streams: ", empty: "a name or a pattern, such as tenant/*"}
	pr.input.set(v.pattern())
	pr.done = func(text string) doneWith {
		pattern := strings.TrimSpace(text)
		if err := checkColumnsPattern(pattern); err != nil {
			return doneWith{fault: err.Error()}
		}
		texts := v.list.Texts()
		with(&m.config.Settings.Columns, pattern, texts)
		quoted := make([]string, len(texts))
		for i, one := range texts {
			quoted[i] = tomledit.Quote(one)
		}
		return doneWith{cmd: m.keepSetting("columns", pattern, "["+strings.Join(quoted, ", ")+"]", "what "+pattern+" shows")}
	}
	m.openDialog(pr)
}

// pattern is what is offered: the pattern that the columns are of, or the pane's class
// of streams.
func (v *columnsView) pattern() string {
	streams := v.pane.streams()
	if len(streams) == 0 {
		return ""
	}
	if i := strings.LastIndexByte(streams[0], '/'); i >= 0 {
		class := streams[0][:i+1]
		if !slices.ContainsFunc(streams, func(name string) bool { return !strings.HasPrefix(name, class) }) {
			return class + "*"
		}
	}
	if len(streams) > 1 {
		return "**"
	}
	return streams[0]
}

// namedRecords is how many records are looked at for the names of their fields.
const namedRecords = 50

// fieldNames are the fields of the records up to the cursor, those of objects in them
// with a dot, without those that a row shows by itself.
func (p *pane) fieldNames() (fields []string) {
	add := func(name string) {
		if len(name) <= maxName && name == record.Safe(name) && !slices.Contains(fields, name) {
			fields = append(fields, name)
		}
	}
	at := p.view.CursorOrd()
	for ord := max(at-namedRecords, 0); ord <= at; ord++ {
		_, e, _, data := p.view.Row(ord)
		if e.Kind.Notice() || len(data) > hintBytes || !record.IsLine(data) {
			continue
		}
		for key, value := range jsonscan.Members(data) {
			if slices.Contains([]string{"v", "time", "level", "name", "msg"}, string(key)) {
				continue
			}
			if len(value) == 0 || value[0] != '{' {
				add(string(key))
				continue
			}
			for inner := range jsonscan.Members(value) {
				add(string(key) + "." + string(inner))
			}
		}
	}
	return fields
}

func (v *columnsView) draw(m *model, screen []string) (*tea.Cursor, bool) {
	w := min(60, m.width-4)
	t, f := m.theme, frameOf(m.theme, m.method, w)
	box := []string{f.top("Columns of "+cell.Shorten(record.Safe(v.pane.title()), 30), m.keys.columns.Help().Key)}
	room := max(m.height-6, 1)
	first := max(0, min(v.at-room/2, len(v.list)-room))
	for i := first; i < min(first+room, len(v.list)); i++ {
		c := v.list[i]
		l := cell.NewLine(w-4, m.method)
		name := t.text
		if i == v.at {
			l.On(t.cursor).Add(t.paneActive, "▌ ")
		} else {
			l.Space(2)
		}
		if c.Hidden {
			name = t.faint
			l.Add(t.faint, "· ")
		} else {
			l.Add(t.good, "✓ ")
		}
		l.Fixed(name, record.Safe(c.Name), max(w-36, 8)).Space(1)
		width := "auto"
		if c.Width > 0 {
			width = fmt.Sprint(c.Width)
		}
		l.Fixed(t.dim, width, 6)
		pinned := ""
		if c.Pinned {
			pinned = "pinned"
		}
		l.Fixed(t.dim, pinned, 8)
		if !c.Own() {
			l.Add(t.faint, "field")
		}
		box = append(box, f.row(l.String()))
	}
	for _, keys := range []string{"space hides · { } move · + - width · p pins", "a adds a field · d takes it away · r as at first"} {
		keys, _ = cell.Fit(keys, w-4, m.method)
		box = append(box, f.row(cell.NewLine(w-4, m.method).Add(t.faint, keys).String()))
	}
	m.overlay(screen, append(box, f.bottom("s keeps them for such streams · esc")), w)
	return nil, true
}
