package tui

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unsafe"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/tui/cell"
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
	WheelMsg  tea.Msg = wheelMsg{}
	StageMsg  tea.Msg = stageMsg{}
)

// ListedMsg brings the live streams to the picker that is open.
func ListedMsg(m tea.Model) tea.Msg {
	return streamsMsg{m.(*model).picker, m.(*model).config.Feed.Streams(), 0}
}

// RawMsg is what the model has written to the terminal as it is.
type RawMsg = rawMsg

// Held is how many records are kept, and the memory that they take.
func Held(m tea.Model) (records int, bytes int64) { return m.(*model).archive.size() }

// Recount is the memory of all that is kept, or was and is not given back, added
// up anew.
func Recount(m tea.Model) (bytes int64) {
	a := m.(*model).archive
	for _, s := range a.stores {
		for _, sl := range s.slabs {
			bytes += int64(len(sl.mem.b))
		}
		for _, b := range s.blocks {
			bytes += int64(len(b.mem.b))
		}
		for _, m := range s.limbo {
			bytes += int64(len(m.b))
		}
		bytes += s.stage.bytes()
	}
	for _, m := range append(a.pool.slabs, a.pool.blocks...) {
		bytes += int64(len(m.b))
	}
	return bytes
}

// MarkAll marks the oldest n records of the pane in focus; Marks is how many are
// marked in it.
func MarkAll(m tea.Model, n int) {
	p := m.(*model).pane()
	for i := range n {
		p.marks = append(p.marks, p.view.at(i))
	}
}

func Marks(m tea.Model) int { return len(m.(*model).pane().marks) }

// FilterText is the filter of the pane in focus.
func FilterText(m tea.Model) string { return m.(*model).pane().view.filter.text() }

// Anchored is the record on the top line of the pane in focus; ok is false when
// the pane follows, a jump is on its way, or the filter has not looked at all of
// its records.
func Anchored(m tea.Model) (top uint64, ok bool) {
	p := m.(*model).pane()
	if p == nil || p.view.follow || p.view.total() == 0 || p.view.rows != nil && !p.view.rows.complete() || !p.view.settled || p.search != nil && p.search.want != stay {
		return 0, false
	}
	return p.view.at(p.view.topOrd()), true
}

// Scored is how many names the picker has looked at.
func Scored(m tea.Model) int { return m.(*model).picker.scored }

// EntrySizes are what an entry takes, and what blocks reckon with.
func EntrySizes() (size, reckoned int) { return int(unsafe.Sizeof(entry{})), entrySize }

// Taking reports whether a batch is not taken as a whole yet.
func Taking(m tea.Model) bool { return m.(*model).batch != nil }

// Flush ends the waiting of records for earlier ones.
func Flush(m tea.Model) {
	later := m.(*model).config.Now().Add(time.Hour)
	m.(*model).archive.settle(later)
	m.(*model).archive.evict()
}

// Busy reports whether something goes on in the background.
func Busy(m tea.Model) bool { return m.(*model).archive.busy() }

// Found is a set of numbers.
type Found struct{ f found }

func NewFound() *Found                                  { return &Found{} }
func (f *Found) Add(n uint64)                           { f.f.add(n) }
func (f *Found) Trim(n uint64)                          { f.f.trim(n) }
func (f *Found) Has(n uint64) bool                      { return f.f.has(n) }
func (f *Found) Count() int                             { return f.f.total }
func (f *Found) At(i int) uint64                        { return f.f.at(i) }
func (f *Found) Ord(n uint64) int                       { return f.f.ord(n) }
func (f *Found) Each(n uint64, yield func(uint64) bool) { f.f.each(n, yield) }

// Store keeps records of one stream.
type Store struct{ s *store }

func NewStore(name string) Store { return Store{newStore([]string{name}, &pool{})} }

func (s Store) Append(source string, data []byte) {
	s.s.add(&stream.Record{Stream: s.s.name, Source: source, Data: data, Backfill: true}, time.Time{})
}
func (s Store) EvictTo(n uint64) { s.s.evictTo(n) }
func (s Store) Free()            { s.s.free() }

// Loop is the numbers that a search finds in a simple way.
func (s Store) Loop(pattern string) []uint64 {
	m := newMatcher(query.NewPattern(pattern))
	var numbers []uint64
	for n := s.s.first; n < s.s.next; n++ {
		r := s.s.row(n)
		if t := textOfRow(r.e, r.data, bodyInSearch); m.Regexp.MatchString(t.body) || m.Regexp.MatchString(t.label) || m.Regexp.MatchString(r.source()) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// Scan is a search that goes on step by step.
type Scan struct{ s *scan }

func (s Store) Scan(pattern string, from uint64) Scan {
	return Scan{newScan(s.s, from, newMatcher(query.NewPattern(pattern)).probe(filter{}))}
}

// ScanBy is a search that finds what a test passes.
func (s Store) ScanBy(from uint64, test func() bool) Scan {
	return Scan{newScan(s.s, from, probe{test: func(*row) bool { return test() }})}
}

// StepLate is Step when its time is over already.
func (s Scan) StepLate() (more bool) { return s.s.step(time.Time{}, time.Now) }

// Step goes on and reports whether everything was tested.
func (s Scan) Step() bool {
	s.s.step(time.Now().Add(time.Millisecond), time.Now)
	s.s.store.sweep()
	return s.s.complete()
}

func (s Scan) Count() int { return s.s.count() }

func (s Scan) Numbers() []uint64 {
	var numbers []uint64
	s.s.trim()
	s.s.found.each(0, func(n uint64) bool { numbers = append(numbers, n); return true })
	return numbers
}

// View is what a pane of some height shows of a store, filtered.
type View struct{ v *view }

func (s Store) View(height int, f Filter) View {
	v := newView(s.s, f.filter)
	v.height = height
	return View{v}
}

func (v View) Jump(n uint64) { v.v.jump(n) }
func (v View) Hold()         { v.v.hold() }
func (v View) Up()           { v.v.moveCursor(-1) }

// StepLate is a step whose time is over already.
func (v View) StepLate() (more bool) { return v.v.step(time.Time{}, time.Now) }

// Shown is the numbers of the records on the screen, and the one under the
// cursor.
func (v View) Shown() (numbers []uint64, cursor uint64) {
	top := v.v.topOrd()
	for ord := top; ord < min(top+v.v.height, v.v.total()); ord++ {
		numbers = append(numbers, v.v.at(ord))
	}
	return numbers, v.v.at(v.v.cursorOrd())
}

// QuickText is a row's text made in the quick way, if it can be, and in the
// usual way.
func QuickText(data []byte) (quick, usual [2]string, ok bool) {
	head := record.Peek(data)
	e := entry{time: head.Time, own: head.Time != 0, level: uint16(min(max(int(head.Level), 0), 1<<16-1))}
	text, body, ok := quickText(nil, &e, data)
	t := textOfRow(&e, data, bodyInSearch)
	return [2]string{string(text[:body]), string(text[body:])}, [2]string{t.body, t.label}, ok
}

// Open opens streams merged in a pane.
func Open(m tea.Model, streams ...string) { m.(*model).openPane(false, streams...) }

// SetFilter gives the pane that has the focus another filter.
func SetFilter(m tea.Model, f Filter) { m.(*model).pane().setFilter(f.filter) }

// Matcher is a compiled search.
type Matcher struct{ *matcher }

// NewMatcher compiles a search.
func NewMatcher(pattern string) Matcher { return Matcher{newMatcher(query.NewPattern(pattern))} }

// Match is the fast path and then the slow one; Slow is the slow one alone.
func (m Matcher) Match(data []byte) bool {
	head := record.Peek(data)
	return m.match(&row{e: &entry{plainly: query.Plain(data), level: uint16(min(head.Level, 1<<16-1)), time: head.Time, own: head.Time != 0}, data: data, names: &names{sources: []string{""}, streams: []string{""}}})
}

// Empty reports whether it matches an empty text.
func (m Matcher) Empty() bool { return m.Regexp.MatchString("") }

func (m Matcher) Slow(data []byte) bool {
	t := textOfRow(&entry{}, data, bodyInSearch)
	return m.Regexp.MatchString(t.body) || m.Regexp.MatchString(t.label)
}

// Filter is a parsed filter.
type Filter struct{ filter }

// ParseFilter reads a filter; At is the place of an error in the text.
func ParseFilter(text string) (f Filter, at int, err error) {
	terms, err := parseFilter(text)
	if bad := (*query.Error)(nil); errors.As(err, &bad) {
		at = bad.At
	}
	return Filter{filter{}.withTerms(terms)}, at, err
}

// Text is the terms as they are typed, and Chips as they are shown.
func (f Filter) Text() string    { return f.text() }
func (f Filter) Chips() []string { return f.chips() }

// Match tests a record; without trust, no fast path is taken.
func (f Filter) Match(data []byte, trust bool) bool {
	e := entry{level: uint16(min(record.Peek(data).Level, 1<<16-1)), plainly: trust && query.Plain(data)}
	return f.match(&row{e: &e, data: data, names: &names{sources: []string{"vm-1"}, streams: []string{"tenant/acme"}}})
}

// Row renders one record's row.
func Row(data []byte, source string, width, shift int, grapheme bool, pattern string) string {
	e := entry{level: 30}
	s := rowStyle{columns: layoutColumns(width, 0, 4, 9, shift), theme: newTheme(true, colorprofile.TrueColor), location: time.UTC}
	if grapheme {
		s.method = ansi.GraphemeWidth
	}
	if pattern != "" {
		s.matcher = newMatcher(query.NewPattern(pattern))
	}
	t := textOfRow(&e, data, bodyOnScreen)
	return s.render(&e, "", source, &t)
}

// Detail draws one record in full.
func Detail(data []byte, width, height int) []string {
	st := newStore([]string{"system"}, &pool{})
	st.append(entry{source: st.intern("vm-1")}, data)
	p := newPane(st, filter{})
	lk := look{theme: newTheme(true, colorprofile.TrueColor), location: time.UTC}
	p.rows(width, height, lk)
	d := newDetail(p)
	d.draw(width+1, height, lk) // a column is the cursor's
	lines := []string{d.message()}
	for _, l := range d.lines {
		lines = append(lines, l.text)
	}
	return lines
}

// ParseSettings and ParseLayout read what would be in a file.
var (
	ParseSettings = parseSettings
	ParseLayout   = parseLayout
)

// SaveLayout saves how the panes stand.
func SaveLayout(m tea.Model, path string) error { return saveLayout(path, m.(*model).layout()) }

// Restore opens the panes of a layout.
func Restore(m tea.Model, l Layout) { m.(*model).closePicker(); m.(*model).restore(l) }

// SameLayout compares layouts.
func SameLayout(a, b Layout) bool { return reflect.DeepEqual(a, b) }

// Colours of a style; -1 is the terminal's own.
type Colours struct{ Front, Back int }

func coloursOf(s cell.Style) Colours {
	c := Colours{-1, -1}
	parts := strings.Split(string(s), ";")
	for i, p := range parts {
		if (p == "38" || p == "48") && i+4 < len(parts) && parts[i+1] == "2" {
			n := 0
			for _, channel := range parts[i+2 : i+5] {
				v, _ := strconv.Atoi(channel)
				n = n<<8 | v
			}
			if p == "38" {
				c.Front = n
			} else {
				c.Back = n
			}
		}
	}
	return c
}

// ThemeStyles are all styles of a theme that text is written in.
func ThemeStyles(dark bool) map[string]Colours {
	t := newTheme(dark, colorprofile.TrueColor)
	styles := make(map[string]Colours)
	v := reflect.ValueOf(t).Elem()
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		if name == "rule" || name == "cursor" {
			continue // never text
		}
		switch f.Kind() {
		case reflect.String:
			styles[name] = coloursOf(cell.Style(f.String()))
		default: // levels and names
			for j := range f.Len() {
				styles[fmt.Sprintf("%s[%d]", name, j)] = coloursOf(cell.Style(f.Index(j).String()))
			}
		}
	}
	return styles
}

// CursorGround is the background of the row under the cursor.
func CursorGround(dark bool) int {
	return coloursOf(newTheme(dark, colorprofile.TrueColor).cursor).Back
}
