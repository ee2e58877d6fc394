package tui

import (
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
	"sluice/tui/view"
)

// recordView is one whole record, instead of the panes or beside its own. It has its
// own copy, so the record may be evicted meanwhile.
type recordView struct {
	pane   *pane
	number uint64
	entry  rows.Entry
	source string
	stream string
	data   string
	parsed record.Record

	seeking bool // it goes where the pane's cursor goes, until the next key

	top    int
	at     int // line under the cursor; its field is the chosen one
	height int
	lines  []pageLine // for layout
	layout recordLayout
}

// recordLayout is what the lines were drawn for.
type recordLayout struct {
	width    int
	theme    *theme
	location *time.Location
	matcher  *query.Matcher
}

// newRecordView copies the record under the pane's cursor; nil when there is none.
func newRecordView(p *pane) *recordView {
	ord := p.view.CursorOrd()
	if ord < 0 {
		return nil
	}
	number, e, source, data := p.view.Row(ord)
	d := &recordView{pane: p, number: number, entry: *e, source: source, stream: p.store().StreamOf(e), data: string(data)}
	if !e.Kind.Notice() {
		d.parsed = record.Parse([]byte(d.data[:min(len(d.data), rowtext.DisplayLimit)]))
	}
	return d
}

func (m *model) openRecord(p *pane) {
	if d := newRecordView(p); d != nil {
		// What is read must not move away behind it.
		p.view.Hold()
		m.openDialog(d)
	}
}

// closeRecord closes the record that is open, if one is.
func (m *model) closeRecord() {
	if d := dialogOf[*recordView](m); d != nil {
		m.closeDialog(d)
	}
}

func (d *recordView) changes() bool { return false }

// draw draws nothing over the screen: the record stands in the place of the panes.
func (d *recordView) draw(*model, []string) (*tea.Cursor, bool) { return nil, false }

func (d *recordView) key(m *model, msg tea.KeyPressMsg) tea.Cmd {
	k := &m.keys
	if cmd, taken := d.jumpKey(m, msg); taken {
		d.sync()
		return cmd
	}
	switch {
	case matches(msg, k.cancel, k.quit, k.detail):
		m.closeDialog(d)
	case matches(msg, k.help):
		m.openDialog(&help{})
	case matches(msg, k.palette):
		m.openPalette()
	case matches(msg, k.status):
		m.openDialog(&statusView{})
		return m.tick()
	case matches(msg, k.up):
		d.step(-1)
	case matches(msg, k.down):
		d.step(1)
	case matches(msg, k.halfUp):
		d.move(-max(d.height/2, 1))
	case matches(msg, k.halfDown):
		d.move(max(d.height/2, 1))
	case matches(msg, k.pageUp):
		d.move(-max(d.height-1, 1))
	case matches(msg, k.pageDown), msg.String() == "space":
		d.move(max(d.height-1, 1))
	case matches(msg, k.top):
		d.move(-len(d.lines))
	case matches(msg, k.bottom):
		d.move(len(d.lines))
	case matches(msg, k.copy):
		return m.copy(d.data, "record")
	case matches(msg, k.copyMsg):
		return m.copy(d.message(), "message")
	case matches(msg, k.inDetail.copyField):
		f := d.field()
		if f == nil {
			return m.notify("no field is here: j and k choose one")
		}
		return m.copy(clean(f.value), f.name)
	case matches(msg, k.follow):
		return d.follow(m)
	case matches(msg, k.inDetail.include):
		return d.narrow(m, false)
	case matches(msg, k.inDetail.exclude):
		return d.narrow(m, true)
	case matches(msg, k.clock):
		m.clock = (m.clock + 1) % clockMode(len(clockNames))
		return m.notify(m.clock.sentence(m.config.Location, m.config.Now()))
	case matches(msg, k.inDetail.next):
		d.turn(1)
	case matches(msg, k.inDetail.prev):
		d.turn(-1)
	default:
		return m.idle(msg, "in an open record")
	}
	return nil
}

// narrow filters the pane by the chosen field, and returns to it.
func (d *recordView) narrow(m *model, not bool) tea.Cmd {
	f := d.field()
	if f == nil || f.fixed {
		return m.notify("no field is here that one can filter by: j and k choose one")
	}
	if err := d.pane.narrow(f.name, f.value, not); err != nil {
		return m.notify(err.Error())
	}
	m.closeDialog(d)
	return nil
}

// turn shows the record below or above.
func (d *recordView) turn(by int) {
	v := d.pane.view
	at := v.CursorOrd() + by
	if at < 0 || at >= v.Total() {
		return
	}
	v.Jump(v.At(at))
	if other := newRecordView(d.pane); other != nil {
		*d = *other
	}
}

// field is the one that is chosen; nil on a line without.
func (d *recordView) field() *field {
	if d.at < len(d.lines) {
		return d.lines[d.at].field
	}
	return nil
}

// move moves the cursor by lines; the screen goes along when it must.
func (d *recordView) move(by int) {
	d.at = max(0, min(d.at+by, len(d.lines)-1))
	d.top = min(d.top, d.at)
	d.top = max(d.top, d.at-d.height+1)
}

// step moves the cursor to the next line of a field, or to the end if none follows.
func (d *recordView) step(by int) {
	for to := d.at + by; to >= 0 && to < len(d.lines); to += by {
		if d.lines[to].field != nil {
			d.move(to - d.at)
			return
		}
	}
	d.move(by * len(d.lines))
}

// scroll moves the screen by lines; the cursor goes along.
func (d *recordView) scroll(_ *model, by int) {
	d.top = max(0, min(d.top+by, len(d.lines)-d.height))
	d.at = max(0, min(max(d.at, d.top), d.top+d.height-1, len(d.lines)-1))
}

// message is the record's message to be copied.
func (d *recordView) message() string {
	if d.entry.Kind.Notice() {
		return d.data
	}
	return clean(d.parsed.Msg)
}

// clean is foreign text as it is copied: with its line breaks and tabs, and no
// other control characters.
func clean(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		cells := strings.Split(strings.TrimSuffix(l, "\r"), "\t")
		for j := range cells {
			cells[j] = record.Safe(cells[j])
		}
		lines[i] = strings.Join(cells, "\t")
	}
	return strings.Join(lines, "\n")
}

// page returns the record's lines, and lays them out when it must.
func (d *recordView) page(width, height int, sc scene) []string {
	layout := recordLayout{width: width, theme: sc.theme, location: sc.location}
	if d.pane.search != nil {
		layout.matcher = d.pane.search.Matcher()
	}
	if layout != d.layout {
		p := page{width: width, scene: sc, matcher: layout.matcher}
		d.fill(&p)
		if d.seeking && layout.matcher != d.layout.matcher {
			d.at = 0 // what was found is shown, in the same record too
		}
		d.lines, d.layout = p.lines, layout
		if d.at == 0 {
			d.begin(height)
		}
	}
	d.height = max(height-1, 1)
	d.top = max(0, min(d.top, len(d.lines)-d.height))
	d.move(0)
	t := sc.theme
	head := cell.NewLine(width, sc.method).Add(t.paneActive, "━ ")
	if d.pane.marked(d.number) {
		head.Add(t.mark, "◆ ")
	}
	head.Add(t.paneActive, record.Safe(d.pane.title())+" · one record ")
	if d.pane.search != nil && d.pane.search.Matcher().Source != "" {
		head.Add(t.chip, " "+d.pane.searchChip()+" ").Space(1)
	}
	for _, keys := range []string{" ← → records · / n search · e E errors · j k fields · c copies one · f F filter · y copies all · s saves · esc ", " ← → records · j k fields · c copies one · f F filter · y copies all · esc ", " ← → records · c copies the field · esc ", " ← → records · esc ", " esc "} {
		if n := head.Left() - cell.Width(keys, sc.method) - 1; n > 0 {
			head.Add(t.paneActive, strings.Repeat("━", n)).Add(t.faint, keys).Add(t.paneActive, "━")
			break
		}
	}
	lines := []string{head.String()}
	chosen := d.field()
	for i := d.top; i < min(d.top+d.height, len(d.lines)); i++ {
		l := cell.NewLine(1, sc.method)
		switch f := d.lines[i].field; {
		case i == d.at:
			l.Add(t.paneActive, "▌")
		case f != nil && f == chosen:
			l.Add(t.paneActive, "▏")
		}
		lines = append(lines, l.String()+d.lines[i].text)
	}
	for len(lines) < height {
		lines = append(lines, cell.NewLine(width, sc.method).String())
	}
	return lines
}

// begin puts the cursor on what one came for: the message, or what was searched for.
func (d *recordView) begin(height int) {
	at := -1
	for i, l := range d.lines {
		if l.found {
			at = i
			break
		}
		if at < 0 && l.field != nil && l.field.name == "msg" {
			at = i
		}
	}
	if at >= 0 {
		d.at, d.top = at, max(at-2*max(height-1, 1)/3, 0)
	}
}

// fill writes the record onto a page.
func (d *recordView) fill(p *page) {
	t := p.scene.theme
	at := when(&d.entry, p.scene.location)
	if d.entry.Kind == rows.KindLeft {
		p.section("Left out")
		p.text(t.text, d.data)
		p.blank()
		p.text(t.dim, "They do not pass the filter, and are not near one that does. C shows more of those around, 0 shows all.")
		return
	}
	if d.entry.Kind == rows.KindSeam && strings.HasSuffix(d.data, view.SeamLoads) {
		p.section("Not loaded")
		p.text(t.gap, d.data)
		p.blank()
		p.text(t.dim, "What is above was loaded from the archive, and what is below came live. What came between is loaded from there: scroll down to this row from above, or up to it from below.")
		return
	}
	if d.entry.Kind == rows.KindSeam {
		p.section("No longer held")
		p.text(t.gap, d.data)
		p.blank()
		p.text(t.dim, "They came, and were let go to make room for newer ones; what is above was kept, as it is on the screen. --keep and --keep-bytes say how much is held.")
		return
	}
	if d.entry.Kind.Notice() {
		p.fact("time", t.text, at.Format(time.RFC3339Nano), nil)
		if d.entry.Kind == rows.KindState {
			p.section("Source")
			p.text(t.gap, d.data)
			p.blank()
			p.text(t.dim, "What it had not handed over is asked for again; what it no longer has then is shown as a gap.")
			return
		}
		if d.entry.Kind == rows.KindStreams {
			p.section("Streams")
			p.text(t.text, d.data)
			p.blank()
			p.text(t.dim, "This pane shows the streams that "+record.Safe(d.pane.title())+" matches, and follows those that appear. A stream that has had no record for a minute may go on later.")
			return
		}
		p.fact("stream", t.text, d.stream, nil)
		p.section("Gap")
		p.text(t.gap, d.data)
		p.blank()
		p.text(t.dim, "These records were published and did not reach this screen. Their number is exact unless it says otherwise.")
		return
	}
	r := &d.parsed
	stamp := at.Format("2006-01-02 15:04:05.000 -07:00")
	if !d.entry.Own {
		stamp += " (of arrival: the record has none)"
	}
	own, _ := r.Field("time")
	p.fact("time", t.text, stamp, &field{name: "time", value: own, fixed: true})
	p.fact("level", t.level(r.Level), strings.ToUpper(r.Level.String()), &field{name: "level", value: r.Level.String()})
	p.fact("name", t.text, r.Name, &field{name: "name", value: r.Name})
	p.fact("component", t.text, r.Component, &field{name: "component", value: r.Component})
	p.fact("host", t.text, r.Hostname, &field{name: "hostname", value: r.Hostname})
	if r.PID != 0 {
		p.fact("pid", t.text, strconv.Itoa(r.PID), &field{name: "pid", value: strconv.Itoa(r.PID)})
	}
	p.fact("source", t.name(d.source), d.source, &field{name: "source", value: d.source})
	p.fact("stream", t.text, d.stream, &field{name: "stream", value: d.stream})

	p.section("Message")
	p.field = &field{name: "msg", value: r.Msg}
	for line := range strings.SplitSeq(r.Msg, "\n") {
		p.text(t.text, line)
	}
	p.field = nil
	var rest []record.Field
	for _, f := range r.Fields {
		if !p.known(f) {
			rest = append(rest, f)
		}
	}
	if len(rest) > 0 {
		p.section("Fields")
		for _, f := range rest {
			p.json(f.Key, f.Key, f.Value)
		}
	}
	if len(d.data) > rowtext.DisplayLimit {
		p.blank()
		p.text(t.gap, "Only the first "+record.Count(rowtext.DisplayLimit)+" of "+record.Count(uint64(len(d.data)))+" bytes are shown; y copies all.")
	}
}

// maxPage bounds a page, in lines.
const maxPage = 20_000
