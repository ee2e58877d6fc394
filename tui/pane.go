package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
	"sluice/tui/view"
)

// quietAfter is how long a stream is without a record before the pane shows it.
const quietAfter = 10 * time.Second

// pane shows a view: a header line, then rows.
type pane struct {
	view   *view.View
	search *view.Search

	stream, source, label, short int // widest seen, in columns
	shift                        int
	wrap                         bool
	chips                        []tabSpan      // where the filter's conditions stand in the header, by their number
	groups                       *groupsView    // as they were left; nil: they were not opened yet
	marks                        []uint64       // numbers of marked records, in order
	alerts                       uint64         // since somebody pressed a key while the pane was on the screen
	ranging                      bool           // a range of rows to be copied was begun
	rangeFrom                    uint64         // the record where it was
	columns                      *chosenColumns // nil: as by themselves
	above                        int            // lines of the last frame above its rows

	selection *selection // nil: its streams are named
	tracing   *tracing   // nil: it shows streams

	cache, spare []cachedRow // rows of the last frame, by number
	key          rowStyle    // what they were rendered with
	tall         []tallRow   // rows of the last frame while they are wrapped
	days         days

	earlier earlier

	shared sharedFields

	seen, seenErrors uint64 // of the store, when the pane was last on the screen
}

// cachedRow is a row of the last frame. line is empty when the row must be
// rendered again; its text is read only once while it stays on the screen.
type cachedRow struct {
	number uint64
	entry  rows.Entry
	stream string // when the pane shows several
	source string
	text   rowtext.Text
	step   string // the time since the row above, in a trace
	near   bool   // it does not pass the filter, and is near one that does
	line   string
}

func newPane(s *rows.Store, f query.Filter) *pane {
	return &pane{view: view.New(s, f), seen: s.Began()}
}

func (p *pane) store() *rows.Store { return p.view.Store() }

// title is what the pane shows, in words.
func (p *pane) title() string { return p.store().Title() }

// setFilter changes what is shown, and searches again in it.
func (p *pane) setFilter(f query.Filter) {
	p.view.SetFilter(f)
	p.shared = sharedFields{shown: p.shared.shown}
	if p.search != nil {
		p.search.Restart()
	}
}

// step does a frame's share of work; it reports whether there is more.
func (p *pane) step(deadline time.Time) bool {
	more := p.view.Step(deadline, time.Now)
	if p.search != nil {
		more = p.search.Step(deadline, time.Now) || more
	}
	return more
}

// see notes that the pane is on the screen.
func (p *pane) see() { p.seen, p.seenErrors = p.store().Next(), p.store().Errors() }

// scene is what a pane needs to be drawn.
type scene struct {
	theme    *theme
	method   ansi.Method
	location *time.Location
	ago      time.Time // see rowStyle
	now      time.Time // by the records: see model.recordTime
	focused  bool
	lights   *lights
	pulse    *pulse   // of the pane's store; may be nil
	trouble  []string // why nothing can come now; nil when something can

	wall      time.Time // now: its day is today
	withheld  bool      // none of the pane's streams is given by the proxy
	uncounted bool      // it is not known now what is lost
	locked    bool      // the panes on the screen are locked in time
	unheard   string    // a source whose streams are not known, and why; "" when there is none
}

// draw returns the pane's lines.
func (p *pane) draw(width, height int, sc scene) []string {
	p.turnDays(sc)
	p.above = 1
	if p.titled(height) {
		p.above = 2
	}
	var rows []string
	if p.wrap {
		rows = p.wrapped(width, height-p.above, sc)
	} else {
		rows = p.rows(width, height-p.above, sc)
	}
	if len(rows) == 0 {
		p.above = 1
		rows = p.empty(width, height-1, sc)
	}
	lines := make([]string, 0, height)
	lines = append(lines, p.header(width, sc)) // which says what the rows are without
	if p.above > 1 {
		lines = append(lines, p.key.titles())
	}
	lines = append(lines, rows[:min(len(rows), height-p.above)]...)
	for len(lines) < height {
		lines = append(lines, cell.NewLine(width, sc.method).String())
	}
	return lines
}

// rows draws the rows that are on the screen, each at most once, and the lines between
// their days.
func (p *pane) rows(width, height int, sc scene) []string {
	v := p.view
	hidden := p.hidden()
	top, n := p.fit(height)
	next := p.spare[:0]
	j := 0
	for i := range n {
		number, e, source, data := v.Row(top + i)
		for j < len(p.cache) && p.cache[j].number < number {
			j++
		}
		if j < len(p.cache) && p.cache[j].number == number && !e.Kind.Between() { // what a seam says changes
			next = append(next, p.cache[j])
			continue
		}
		text, all := rowtext.Without(hidden, e, data, rowtext.OnScreen+4*p.shift)
		if !all {
			p.unshare(e, data)
			return p.rows(width, height, sc)
		}
		c := cachedRow{number: number, entry: *e, source: record.Safe(source), text: text}
		if v.Store().Merged() {
			c.stream = shortStream(v.Store().StreamOf(e))
		}
		p.readFields(e, data, &c.text)
		p.widen(e, c.stream, c.source, &c.text, sc)
		next = append(next, c)
	}
	clear(p.cache)
	p.cache, p.spare = next, p.cache

	key := p.rowStyle(width, sc)
	if key != p.key {
		for i := range p.cache {
			p.cache[i].line = ""
		}
		p.key = key
	}
	p.lookAround(top)
	cursor := -1
	if !v.Following() && (sc.focused || sc.locked) {
		cursor = v.CursorOrd() - top
	}
	from, to := p.ranged(top, cursor)
	lines := make([]string, 0, height)
	for i := range n {
		c := &p.cache[i]
		if p.days.begin[i] {
			lines = append(lines, key.divider(&c.entry))
		}
		if marked, ranged := p.marked(c.number), from <= i && i <= to; i == cursor || marked || ranged {
			here := key
			here.cursor, here.marked, here.ranged, here.step = i == cursor, marked, ranged, c.step
			here.near = c.near
			lines = append(lines, here.render(&c.entry, c.stream, c.source, &c.text))
			continue
		}
		if c.line == "" {
			key.step, key.near = c.step, c.near
			c.line = key.render(&c.entry, c.stream, c.source, &c.text)
		}
		lines = append(lines, c.line)
	}
	return lines
}

// shortStream is a stream's name in a row, sanitised. The class that most
// streams have goes without saying; the pane's header has it.
func shortStream(name string) string { return record.Safe(strings.TrimPrefix(name, "tenant/")) }

// widen makes the columns wide enough for a row.
func (p *pane) widen(e *rows.Entry, stream, source string, t *rowtext.Text, sc scene) {
	if e.Kind.Notice() {
		return // it has no columns
	}
	p.days.widen(e, sc)
	p.widenFields(t, sc)
	p.stream = max(p.stream, cell.Width(stream, sc.method))
	p.source = max(p.source, cell.Width(source, sc.method))
	p.label = max(p.label, cell.Width(t.Label, sc.method))
	p.short = max(p.short, cell.Width(t.Short, sc.method))
}

// rowStyle is how the pane's rows look now.
func (p *pane) rowStyle(width int, sc scene) rowStyle {
	label := p.label
	if width < 100 {
		label = p.short
	}
	s := rowStyle{columns: layoutColumns(width, p.stream, p.source, label, p.shift), theme: sc.theme, method: sc.method, location: sc.location, today: dayIn(sc.wall, sc.location), ago: sc.ago, lights: sc.lights}
	if sc.ago.IsZero() {
		s.date = p.days.date
		s.time += s.date
	}
	s.shown = p.showColumns(&s)
	if p.search != nil {
		s.matcher = p.search.Matcher()
	}
	if p.tracing != nil {
		s.since = stepWidth
	}
	return s
}

// empty explains why a pane has no rows, and what to do.
func (p *pane) empty(width, height int, sc scene) []string {
	v, s := p.view, p.store()
	var text []string
	switch {
	case !v.Complete():
		text = []string{"Looking through " + record.Count(uint64(s.Held())) + " records…"}
	case v.Filtered() && s.Held() > 0:
		text = []string{
			fmt.Sprintf("None of %s records matches %s.", record.Count(uint64(s.Held())), strings.Join(v.Filter().Chips(), ", ")),
			"Press 0 to show all.",
		}
		if hint := p.fieldHint(); hint != "" {
			text = []string{text[0], hint, text[1]}
		}
	case sc.trouble != nil:
		text = sc.trouble
	case p.selection != nil && len(p.selection.streams) == 0:
		text = []string{
			"No live stream matches " + record.Safe(s.Title()) + " yet.",
			"Those that do appear here as they come. Press o to see the streams that are live.",
		}
		if sc.unheard != "" {
			text[0] = "No stream is known yet that matches " + record.Safe(s.Title()) + ": " + sc.unheard + "."
		}
	default:
		text = []string{
			"No records yet in " + record.Safe(s.Title()) + ".",
			"They appear here as they come. Press o to see the streams that are live.",
		}
	}
	return centred(width, height, sc, text)
}

// centred puts lines of text in the middle of a space; the first counts most.
func centred(width, height int, sc scene, text []string) []string {
	lines := make([]string, 0, height)
	blank := cell.NewLine(width, sc.method).String()
	for range max((height-len(text))/2, 0) {
		lines = append(lines, blank)
	}
	for i, t := range text {
		if len(lines) == height {
			break
		}
		st := sc.theme.text
		if i > 0 {
			st = sc.theme.dim
		}
		t, w := cell.Fit(t, max(width-2, 1), sc.method)
		lines = append(lines, cell.NewLine(width, sc.method).Space((width-w)/2).Add(st, t).String())
	}
	return lines
}
