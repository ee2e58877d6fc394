package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/trace"
)

// tracing is what a pane follows that shows the steps of one thing: the records of all
// panes that have a value in a field.
type tracing struct {
	*trace.Trace
	name, value string
	anywhere    bool // in any field
	back        where
}

// where is how the panes stood when a trace was opened, to return to.
type where struct {
	slots  []*pane
	focus  *pane
	zoom   bool
	record *recordView // that was open; nil: none
}

// heading is what the trace looks for.
func (t *tracing) heading() string {
	value := cell.Shorten(t.value, 80)
	if t.anywhere {
		return value + " in any field"
	}
	return t.name + "=" + value
}

// summary is how far the trace is, sanitised.
func (t *tracing) summary(sources int) string {
	steps, took, beyond, unseen := t.Steps()
	if !t.Complete() {
		return fmt.Sprintf("looking through all panes: %d %%", int(100*t.Progress()))
	}
	text := record.Count(steps) + " steps"
	switch {
	case steps == 1:
		text = "1 step"
	case steps > 1:
		text += " in " + spanText(took)
	}
	if n := len(t.Store().Streams()); n > 1 {
		text += fmt.Sprintf(", %d streams", n)
	}
	if sources > 1 {
		text += fmt.Sprintf(", %d machines", sources)
	}
	if beyond > 0 {
		text += ", " + record.Count(beyond) + " more not shown"
	}
	if unseen > 0 {
		text += " · unknown: " + record.Count(unseen) + " records let go before"
	}
	return text
}

// states are what one can do in a trace, in ever fewer words.
func (t *tracing) states() []string {
	where := "a in any field"
	if t.anywhere {
		where = "a only " + record.Safe(cell.Shorten(t.name, 40))
	}
	return []string{where + " · esc back · following", "esc back · following", "following"}
}

// spanText is a time between two steps, in at most 7 letters.
func spanText(d time.Duration) string {
	switch ms := d.Milliseconds(); {
	case ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	case ms < 60_000:
		return fmt.Sprintf("%d.%03d s", ms/1000, ms%1000)
	}
	return ago(d)
}

// stepText is the time between a step and the one before, in at most stepWidth letters.
func stepText(ms int64) string {
	if ms < 0 {
		return "-" + spanText(time.Duration(-ms)*time.Millisecond)
	}
	return "+" + spanText(time.Duration(ms)*time.Millisecond)
}

// stepWidth is how many columns the time between two steps takes.
const stepWidth = 9

// stepAt is the time since the row above one that is a record, as it is shown; "" for
// what has none above it.
func (p *pane) stepAt(ord int, e *rows.Entry) string {
	if p.tracing == nil || e.Kind.Notice() {
		return ""
	}
	for ord--; ord >= 0; ord-- {
		if _, before, _, _ := p.view.Row(ord); !before.Kind.Notice() {
			return stepText(e.Time - before.Time)
		}
	}
	return ""
}

// openTrace shows the records of all panes that have a value in a field, or in any field,
// in a pane of their own.
func (m *model) openTrace(name, value string, anywhere bool, back where) tea.Cmd {
	t := &tracing{name: name, value: value, anywhere: anywhere, back: back}
	known := m.stores.FindApart(t.heading())
	for i, p := range m.panes {
		if p.store() == known {
			m.closeRecord()
			m.alone(i)
			return m.tick()
		}
	}
	if len(m.panes) == maxPanes {
		m.full = true
		return m.notifyFull()
	}
	field := name
	if anywhere {
		field = ""
	}
	s := m.stores.OpenApart(t.heading())
	t.Trace = trace.New(m.stores, s, query.Value(field, value), m.recordTime)
	m.closeRecord()
	p := m.addPane(s, false)
	p.setFilter(query.Filter{})
	p.tracing = t
	m.alone(len(m.panes) - 1)
	m.wake()
	return m.tick()
}

// alone shows one pane in the place of all others.
func (m *model) alone(i int) { m.slots, m.focus, m.zoom = []int{i}, 0, false }

// here is how the panes stand now.
func (m *model) here() where {
	w := where{focus: m.pane(), zoom: m.zoom, record: dialogOf[*recordView](m)}
	for _, i := range m.slots {
		w.slots = append(w.slots, m.panes[i])
	}
	return w
}

// leaveTrace closes a trace, and returns to where it was opened.
func (m *model) leaveTrace(p *pane) {
	back := p.tracing.back
	m.closePane()
	var slots []int
	for _, p := range back.slots {
		if i := slices.Index(m.panes, p); i >= 0 {
			slots = append(slots, i)
		}
	}
	if len(slots) == 0 {
		return
	}
	m.slots, m.zoom = slots, back.zoom && len(slots) > 1
	m.focus = max(slices.IndexFunc(slots, func(i int) bool { return m.panes[i] == back.focus }), 0)
	if back.record != nil && slices.Contains(m.panes, back.record.pane) {
		m.openDialog(back.record)
	}
}

// widenTrace looks for the value of a trace in any field, or in that of its name again.
func (m *model) widenTrace(p *pane) tea.Cmd {
	t := p.tracing
	cmd := m.openTrace(t.name, t.value, !t.anywhere, t.back)
	other := m.pane()
	if other == p {
		return cmd // there is no room for another one
	}
	m.alone(slices.Index(m.panes, p))
	m.closePane()
	m.alone(slices.Index(m.panes, other))
	return cmd
}

// stepTraces does a frame's share of what traces have to do, and reports whether there is
// more, and whether something came that waits for its place.
func (m *model) stepTraces(deadline time.Time) (more, came bool) {
	for _, p := range m.panes {
		if p.tracing != nil {
			a, b := p.tracing.Step(deadline, time.Now)
			more, came = more || a, came || b
		}
	}
	return more, came
}

// follows opens the trace of a field of an open record.
func (d *recordView) follow(m *model) tea.Cmd {
	f := d.field()
	if f == nil || f.fixed || f.value == "" {
		return m.notify("no field is here whose value can be followed: j and k choose one")
	}
	return m.openTrace(f.name, f.value, false, m.here())
}

// followRow opens the trace of the field of a record that tells one request from others,
// or asks for the field.
func (m *model) followRow(p *pane) tea.Cmd {
	if p.tracing != nil {
		return m.widenTrace(p)
	}
	d := newRecordView(p)
	if d == nil || d.entry.Kind.Notice() {
		return m.notify("no record is here whose values can be followed")
	}
	fields := d.fields(m.scene(p))
	if len(fields) == 0 {
		return m.notify("the record has no field whose value can be followed")
	}
	p.view.Hold()
	back := m.here()
	if identifies(fields[0].name) && (len(fields) == 1 || !identifies(fields[1].name)) {
		return m.openTrace(fields[0].name, fields[0].value, false, back)
	}
	var choices []Choice
	for i, f := range fields[:min(len(fields), len(choiceKeys))] {
		choices = append(choices, Choice{
			Key: choiceKeys[i : i+1], Text: cell.Shorten(f.name, 40), Detail: cell.Shorten(f.value, 200),
			act: func() tea.Cmd { return m.openTrace(f.name, f.value, false, back) },
		})
	}
	m.openDialog(&chooser{title: "Follow which value everywhere?", choices: choices})
	return nil
}

// choiceKeys choose the first fields, without those that move the cursor.
const choiceKeys = "abcdefghilmnoprstuvwxyz123456789"

// fields are those of the record whose values can be followed, each once, those first
// that tell one request from others.
func (d *recordView) fields(sc scene) []field {
	pg := page{width: 80, scene: sc}
	d.fill(&pg)
	var fields []field
	for _, l := range pg.lines {
		if f := l.field; f != nil && !f.fixed && f.value != "" && !slices.Contains(fields, *f) {
			fields = append(fields, *f)
		}
	}
	slices.SortStableFunc(fields, func(a, b field) int { return cmp.Compare(unlikely(a.name), unlikely(b.name)) })
	return fields
}

// unlikely is how unlikely somebody follows the value of a field: an identifier first,
// then what the record has of its own, at last what all records have.
func unlikely(name string) int {
	switch {
	case identifies(name):
		return 0
	case slices.Contains([]string{"level", "name", "component", "hostname", "pid", "source", "stream", "msg"}, name):
		return 2
	}
	return 1
}

// identifies reports whether a field of a name is likely to tell one request from others.
func identifies(name string) bool {
	leaf := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	leaf = strings.NewReplacer("_", "", "-", "").Replace(leaf)
	return slices.Contains([]string{"reqid", "requestid", "xrequestid", "traceid", "correlationid", "xcorrelationid", "jobid", "sessionid"}, leaf)
}
