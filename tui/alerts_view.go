package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/alert"
	"sluice/tui/cell"
	"sluice/tui/tomledit"
)

// alertsView lists the alerts, and what each has found.
type alertsView struct{ at int }

func (m *model) openAlerts() { m.openDialog(&alertsView{}) }

func (v *alertsView) changes() bool { return true }

func (v *alertsView) scroll(m *model, by int) {
	v.at = max(0, min(v.at+by, len(m.alerts.rules)-1))
}

// chosen is the rule under the cursor; nil when there is none.
func (v *alertsView) chosen(m *model) *alertRule {
	if v.at < len(m.alerts.rules) {
		return m.alerts.rules[v.at]
	}
	return nil
}

func (v *alertsView) key(m *model, msg tea.KeyPressMsg) tea.Cmd {
	k, r := &m.keys, v.chosen(m)
	switch key := msg.String(); {
	case matches(msg, k.up):
		v.scroll(m, -1)
	case matches(msg, k.down):
		v.scroll(m, 1)
	case key == "a":
		m.askAlert()
	case matches(msg, k.cancel, k.quit, k.detail, k.alerts):
		m.closeDialog(v)
	case matches(msg, k.help):
		m.openDialog(&help{})
	case r == nil:
	case key == "space", key == "x":
		r.off = !r.off
	case key == "d", key == "delete", key == "backspace":
		m.alerts.rules = append(m.alerts.rules[:v.at:v.at], m.alerts.rules[v.at+1:]...)
		v.scroll(m, 0)
	case key == "s":
		return m.keepAlert(r)
	}
	return nil
}

// askAlert asks for a rule.
func (m *model) askAlert() {
	pr := &prompt{lead: "alert when ", empty: "a filter, and how often it has to come: level>=error 10/m", past: &m.rules}
	if p := m.pane(); p != nil {
		pr.input.set(p.view.Filter().Text())
	}
	pr.done = func(text string) doneWith {
		filter, rate, _ := ruleOf(text)
		if _, err := m.alerts.add(strings.TrimSpace(text), filter, rate); err != nil {
			return doneWith{fault: err.Error()}
		}
		return doneWith{cmd: m.notify("alert: from now on, in all panes; ! lists them")}
	}
	m.openDialog(pr)
}

// keepAlert puts a rule into the settings.
func (m *model) keepAlert(r *alertRule) tea.Cmd {
	var taken []string
	for name := range m.config.Settings.Alerts {
		taken = append(taken, name)
	}
	askName(m, "alert", taken, func(name string) tea.Cmd {
		with(&m.config.Settings.Alerts, name, Alert{Filter: NamedFilter{r.text}, Rate: r.rate})
		r.name = name
		value := "{ filter = " + tomledit.Quote(r.text)
		if r.rate != (alert.Rate{}) {
			value += ", rate = " + tomledit.Quote(r.rate.String())
		}
		return m.keepSetting("alerts", name, value+" }", "alert "+name)
	})
	return nil
}

func (v *alertsView) draw(m *model, screen []string) (*tea.Cursor, bool) {
	w := min(100, m.width-4)
	t, f := m.theme, frameOf(m.theme, m.method, w)
	box := []string{f.top("Alerts", m.keys.alerts.Help().Key)}
	rules := m.alerts.rules
	room := max((m.height-5)/2, 1)
	first := max(0, min(v.at-room/2, len(rules)-room))
	for i := first; i < min(first+room, len(rules)); i++ {
		r := rules[i]
		l := cell.NewLine(w-4, m.method)
		if i == v.at {
			l.On(t.cursor).Add(t.paneActive, "▌ ")
		} else {
			l.Space(2)
		}
		if r.off {
			l.Add(t.faint, "· ")
		} else {
			l.Add(t.good, "✓ ")
		}
		count := "never yet"
		if r.rung > 0 {
			count = record.Count(r.rung) + "×, last " + ago(m.config.Now().Sub(r.when)) + " ago"
		}
		name := record.Safe(r.name)
		if rule := strings.TrimSpace(r.text + " " + r.rate.String()); r.name != rule {
			name += "  " + record.Safe(rule)
		}
		name, _ = cell.Fit(name, max(l.Left()-cell.Width(count, m.method)-2, 8), m.method)
		l.Add(t.text, name).FillTo("", cell.Width(count, m.method)).Add(t.dim, count)
		box = append(box, f.row(l.String()))
		note := r.last
		if r.untested > 0 {
			note = strings.TrimSpace(record.Count(r.untested) + " records were let go before they could be tested  " + note)
		} else if r.rung == 0 && r.rate.Count > 1 {
			note = record.Count(r.met) + " so far"
		}
		note, _ = cell.Fit(note, max(w-8, 1), m.method)
		box = append(box, f.row(cell.NewLine(w-4, m.method).Space(4).Add(t.faint, note).String()))
	}
	if len(rules) == 0 {
		for _, text := range []string{"No alert is set.", "a sets one: what is worth the bell when it comes, in any open pane."} {
			text, _ = cell.Fit(text, w-4, m.method)
			box = append(box, f.row(cell.NewLine(w-4, m.method).Add(t.dim, text).String()))
		}
	}
	m.overlay(screen, append(box, f.bottom("a adds · space on, off · d takes away · s keeps · esc")), w)
	return nil, true
}

// alertMark is what a tab shows of alerts while its pane was not looked at.
func (p *pane) alertMark() string {
	if p.alerts == 0 {
		return ""
	}
	return fmt.Sprintf(" ▲%s", record.Count(p.alerts))
}
