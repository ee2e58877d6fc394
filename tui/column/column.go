package column

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluice/cluster/record"
)

// The columns that every row has by itself; all others are fields of the record.
const (
	Time   = "time"
	Level  = "level"
	Stream = "stream" // of a pane that shows several
	Source = "source"
	Name   = "name" // of the logger, and its component
)

var own = []string{Time, Level, Stream, Source, Name}

// Bounds of a list: fields that may be columns, the width of one in columns of the
// screen, and the length of a field's name in bytes.
const (
	MaxFields = 12
	MaxWidth  = 120
	maxName   = 200
)

// Column is one column. The zero value of Width is as wide as what is in it, within
// bounds.
type Column struct {
	Name   string
	Width  int
	Pinned bool // stays when there is little room, and when the text is moved
	Hidden bool
}

// Own reports whether it is one that every row has by itself.
func (c Column) Own() bool { return slices.Contains(own, c.Name) }

// String is the column as it is written: its name, ":" and its width if it has one,
// and "!" if it is pinned.
func (c Column) String() string {
	text := c.Name
	if c.Width > 0 {
		text += ":" + strconv.Itoa(c.Width)
	}
	if c.Pinned {
		text += "!"
	}
	return text
}

// List is the columns of a pane, in their order. The text of a row follows them.
type List []Column

// Default is what a pane has without any choice.
func Default() List {
	var l List
	for _, name := range own {
		l = append(l, Column{Name: name, Pinned: true})
	}
	return l
}

// Parse reads a list as it is written. What every row has by itself and is not in it is
// hidden.
func Parse(texts []string) (List, error) {
	var l List
	for _, text := range texts {
		c := Column{}
		c.Name, c.Pinned = strings.CutSuffix(text, "!")
		if i := strings.LastIndexByte(c.Name, ':'); i >= 0 {
			n, err := strconv.Atoi(c.Name[i+1:])
			if err != nil || n < 1 || n > MaxWidth {
				return nil, fmt.Errorf("column %q: its width is a number from 1 to %d, as in tenant:10", text, MaxWidth)
			}
			c.Name, c.Width = c.Name[:i], n
		}
		if err := l.fault(c.Name); err != nil {
			return nil, err
		}
		l = append(l, c)
	}
	for _, name := range own {
		if l.index(name) < 0 {
			l = append(l, Column{Name: name, Pinned: true, Hidden: true})
		}
	}
	return l, nil
}

// fault says why a column cannot be added.
func (l List) fault(name string) error {
	switch {
	case name == "" || len(name) > maxName || name != record.Safe(name) || strings.ContainsAny(name, " :!"):
		return fmt.Errorf("column %q: name a field of at most %d bytes without blanks, : and !, such as res.statusCode", name, maxName)
	case l.index(name) >= 0:
		return fmt.Errorf("column %q is there already", name)
	case !slices.Contains(own, name) && l.fields() == MaxFields:
		return fmt.Errorf("column %q: %d fields are columns already, which is as many as there may be", name, MaxFields)
	}
	return nil
}

func (l List) fields() (n int) {
	for _, c := range l {
		if !c.Own() {
			n++
		}
	}
	return n
}

func (l List) index(name string) int {
	return slices.IndexFunc(l, func(c Column) bool { return c.Name == name })
}

// Texts is the list as it is written; hidden columns are left out.
func (l List) Texts() (texts []string) {
	for _, c := range l {
		if !c.Hidden {
			texts = append(texts, c.String())
		}
	}
	return texts
}

// Add appends a field as a column, or shows one of a row's own.
func (l List) Add(name string) (List, error) {
	if i := l.index(name); i >= 0 && l[i].Hidden {
		return l.change(i, func(c *Column) { c.Hidden = false }), nil
	}
	if err := l.fault(name); err != nil {
		return l, err
	}
	return append(slices.Clone(l), Column{Name: name}), nil
}

// Remove takes a field away; what every row has by itself is hidden.
func (l List) Remove(i int) List {
	if l[i].Own() {
		return l.change(i, func(c *Column) { c.Hidden = true })
	}
	return slices.Delete(slices.Clone(l), i, i+1)
}

// Toggle hides a column or shows it.
func (l List) Toggle(i int) List { return l.change(i, func(c *Column) { c.Hidden = !c.Hidden }) }

// Pin pins a column, or no longer.
func (l List) Pin(i int) List { return l.change(i, func(c *Column) { c.Pinned = !c.Pinned }) }

// Widen makes a column wider or narrower; width is what it has now. A width below 1 is
// that of what is in it.
func (l List) Widen(i, width, by int) List {
	return l.change(i, func(c *Column) { c.Width = max(0, min(width+by, MaxWidth)) })
}

// Move moves a column to another place, and returns where it is then.
func (l List) Move(i, by int) (List, int) {
	to := max(0, min(i+by, len(l)-1))
	moved := slices.Clone(l)
	c := moved[i]
	return slices.Insert(slices.Delete(moved, i, i+1), to, c), to
}

func (l List) change(i int, change func(*Column)) List {
	changed := slices.Clone(l)
	change(&changed[i])
	return changed
}
