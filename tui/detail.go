package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
)

// detail is one whole record, over the panes. It has its own copy, so the
// record may go meanwhile.
type detail struct {
	pane   *pane
	number uint64
	entry  entry
	source string
	data   string
	parsed record.Record

	top    int
	height int
	lines  []string // for key
	key    detailKey
}

// detailKey is what the lines were drawn for.
type detailKey struct {
	width int
	theme *theme
}

// newDetail copies the record under the pane's cursor; nil when there is none.
func newDetail(p *pane) *detail {
	ord := p.view.cursorOrd()
	if ord < 0 {
		return nil
	}
	number, e, source, data := p.view.row(ord)
	d := &detail{pane: p, number: number, entry: *e, source: source, data: string(data)}
	if !e.kind.told() {
		d.parsed = record.Parse([]byte(d.data[:min(len(d.data), displayLimit)]))
	}
	return d
}

func (m *model) openDetail(p *pane) {
	if d := newDetail(p); d != nil {
		// What is read must not move away behind it.
		p.view.hold()
		m.detail = d
	}
}

func (m *model) detailKey(msg tea.KeyPressMsg) tea.Cmd {
	k, d := &m.keys, m.detail
	switch {
	case matches(msg, k.cancel, k.quit, k.detail):
		m.detail = nil
	case matches(msg, k.help):
		m.help = &help{}
	case matches(msg, k.up):
		d.scroll(-1)
	case matches(msg, k.down):
		d.scroll(1)
	case matches(msg, k.halfUp):
		d.scroll(-max(d.height/2, 1))
	case matches(msg, k.halfDown):
		d.scroll(max(d.height/2, 1))
	case matches(msg, k.pageUp):
		d.scroll(-max(d.height-1, 1))
	case matches(msg, k.pageDown), msg.String() == "space":
		d.scroll(max(d.height-1, 1))
	case matches(msg, k.top):
		d.top = 0
	case matches(msg, k.bottom):
		d.scroll(len(d.lines))
	case matches(msg, k.copy):
		return m.copy(d.data, "record")
	case matches(msg, k.copyMsg):
		return m.copy(d.message(), "message")
	case matches(msg, k.right, k.next):
		m.turnDetail(1)
	case matches(msg, k.left, k.prev):
		m.turnDetail(-1)
	}
	return nil
}

// turnDetail shows the record below or above.
func (m *model) turnDetail(by int) {
	v := m.detail.pane.view
	at := v.cursorOrd() + by
	if at < 0 || at >= v.total() {
		return
	}
	v.jump(v.at(at))
	m.detail = newDetail(m.detail.pane)
}

func (d *detail) scroll(by int) { d.top = max(0, min(d.top+by, len(d.lines)-d.height)) }

// message is the record's message to be copied: text with line breaks and
// tabs, and no other control characters.
func (d *detail) message() string {
	if d.entry.kind.told() {
		return d.data
	}
	lines := strings.Split(d.parsed.Msg, "\n")
	for i, l := range lines {
		cells := strings.Split(strings.TrimSuffix(l, "\r"), "\t")
		for j := range cells {
			cells[j] = record.Safe(cells[j])
		}
		lines[i] = strings.Join(cells, "\t")
	}
	return strings.Join(lines, "\n")
}

// draw returns the detail's lines, and lays them out when it must.
func (d *detail) draw(width, height int, lk look) []string {
	if key := (detailKey{width, lk.theme}); key != d.key {
		p := page{width: width, look: lk}
		d.fill(&p)
		d.lines, d.key = p.lines, key
	}
	d.height = height - 1
	d.scroll(0)
	head := newLine(width, lk.method, "").add(lk.theme.paneActive, "━ "+record.Safe(d.pane.store().title())+" · one record ")
	keys := " esc back · ←→ other records · y copy ━"
	if n := head.left - textWidth(keys, lk.method); n > 0 {
		head.add(lk.theme.paneActive, strings.Repeat("━", n)).add(lk.theme.dim, strings.TrimSuffix(keys, "━")).add(lk.theme.paneActive, "━")
	}
	lines := []string{head.String()}
	for i := d.top; i < min(d.top+d.height, len(d.lines)); i++ {
		lines = append(lines, d.lines[i])
	}
	for len(lines) < height {
		lines = append(lines, newLine(width, lk.method, "").String())
	}
	return lines
}

// fill writes the record onto a page.
func (d *detail) fill(p *page) {
	t := p.look.theme
	at := when(&d.entry, p.look.location)
	if d.entry.kind.told() {
		p.fact("time", t.text, at.Format(time.RFC3339Nano))
		if d.entry.kind == kindState {
			p.section("Source")
			p.text(t.gap, d.data)
			p.blank()
			p.text(t.dim, "What it had not handed over is asked for again when it is back; what it no longer has is shown as a gap.")
			return
		}
		p.section("Gap")
		p.text(t.gap, d.data)
		p.blank()
		p.text(t.dim, "These records were published and did not reach this screen. Their number is exact unless it says otherwise.")
		return
	}
	r := &d.parsed
	stamp := at.Format("2006-01-02 15:04:05.000 -07:00")
	if d.entry.time == 0 {
		stamp += " (of arrival: the record has none)"
	}
	p.fact("time", t.text, stamp)
	p.fact("level", t.level(r.Level), strings.ToUpper(r.Level.String()))
	p.fact("name", t.text, r.Name)
	p.fact("component", t.text, r.Component)
	host := r.Hostname
	if r.PID != 0 {
		host += " · pid " + itoa(r.PID)
	}
	p.fact("host", t.text, host)
	p.fact("source", t.name(d.source), d.source)
	p.fact("stream", t.text, d.pane.store().streamOf(&d.entry))

	p.section("Message")
	for line := range strings.SplitSeq(r.Msg, "\n") {
		p.text(t.text, line)
	}
	var rest []record.Field
	for _, f := range r.Fields {
		if !p.known(f) {
			rest = append(rest, f)
		}
	}
	if len(rest) > 0 {
		p.section("Fields")
		for _, f := range rest {
			p.json(f.Key, f.Value)
		}
	}
	if len(d.data) > displayLimit {
		p.blank()
		p.text(t.gap, "Only the first "+count(displayLimit)+" of "+count(uint64(len(d.data)))+" bytes are shown; y copies all.")
	}
}

// maxPage bounds a page, in lines.
const maxPage = 20_000

// page is lines of text, wrapped to a width.
type page struct {
	width int
	look  look
	lines []string
}

func (p *page) full() bool { return len(p.lines) >= maxPage }

func (p *page) blank() { p.lines = append(p.lines, newLine(p.width, p.look.method, "").String()) }

func (p *page) section(title string) {
	p.blank()
	p.lines = append(p.lines, newLine(p.width, p.look.method, "").space(2).add(p.look.theme.paneActive, record.Safe(title)).String())
}

// fact writes a name and a value, if there is one.
func (p *page) fact(name string, st style, value string) {
	if value == "" {
		return
	}
	l := newLine(p.width, p.look.method, "").space(2).fixed(p.look.theme.faint, name, 11)
	value, _ = fit(record.Safe(cutText(value, valueInRow)), max(l.left-1, 1), p.look.method)
	p.lines = append(p.lines, l.add(st, value).String())
}

// text writes foreign text, sanitised and wrapped.
func (p *page) text(st style, s string) {
	s = strings.ReplaceAll(strings.TrimSuffix(s, "\r"), "\t", "    ")
	p.parts(4, []part{{st, record.Safe(s)}})
}

// parts writes one line of sanitised parts; what does not fit goes on below,
// indented.
func (p *page) parts(indent int, parts []part) {
	indent = min(indent, p.width/2)
	l, empty := newLine(p.width, p.look.method, "").space(indent), true
	for _, pt := range parts {
		for pt.text != "" {
			if p.full() {
				return
			}
			piece, used, _ := take(pt.text, max(l.left-1, 0), p.look.method)
			if used == 0 && empty {
				// Wider than the page: it is passed over.
				_, used, _ = cluster(pt.text, p.look.method)
			}
			l.add(pt.style, piece)
			empty = empty && used == 0
			pt.text = pt.text[used:]
			if pt.text != "" {
				p.lines = append(p.lines, l.String())
				l = newLine(p.width, p.look.method, "").space(min(indent+2, p.width/2))
				empty = true
			}
		}
	}
	if !p.full() {
		p.lines = append(p.lines, l.String())
	}
}
