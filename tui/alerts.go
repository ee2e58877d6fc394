package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/record"
	"sluice/tui/alert"
	"sluice/tui/cell"
	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// Alert is a rule: what is worth a word as soon as it comes, in any open pane, on the
// screen or not.
type Alert struct {
	Filter NamedFilter `toml:"filter"`
	Rate   alert.Rate  `toml:"rate"` // so often, such as "10/m"; none: each
	Off    bool        `toml:"off"`  // not from the start
}

// notifyChoice is how a desktop is notified of alerts.
type notifyChoice uint8

const (
	notifyOff    notifyChoice = iota
	notifyOSC9                // iTerm2, WezTerm, kitty, ConEmu, Windows Terminal
	notifyOSC777              // urxvt, foot, Ghostty, VTE
)

var notifyNames = [...]string{"off", "osc9", "osc777"}

// UnmarshalText reads how a desktop is notified.
func (c *notifyChoice) UnmarshalText(text []byte) error {
	i := slices.Index(notifyNames[:], string(text))
	if i < 0 {
		return noneOf(text, notifyNames[:])
	}
	*c = notifyChoice(i)
	return nil
}

const (
	maxAlerts  = 50
	bellPause  = 5 * time.Second
	alertSlice = 500 // records that are tested between two looks at the clock
	alertText  = 200 // of a record, in bytes
)

// alerts are the rules, and how far each stream was tested.
type alerts struct {
	rules []*alertRule
	at    map[*rows.Store]uint64 // the next record to be tested
	bell  alert.Bell

	looked bool // somebody did something after the last alert, and no frame has shown it yet
}

type alertRule struct {
	name    string
	text    string // its filter, as it is typed
	filter  query.Filter
	rate    alert.Rate
	off     bool
	counter *alert.Counter

	met, rung uint64 // records that met it, and how often that was an alert
	untested  uint64 // records that were let go before they could be tested
	last      string // what was said last, and when
	when      time.Time
}

// newAlerts are the rules of the settings.
func newAlerts(named map[string]Alert) *alerts {
	a := &alerts{at: make(map[*rows.Store]uint64), bell: alert.Bell{Pause: bellPause}}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		one := named[name]
		if _, err := a.add(name, one.Filter.Text, one.Rate); err == nil {
			a.rules[len(a.rules)-1].off = one.Off
		}
	}
	return a
}

// add adds a rule, or replaces the one that has its name.
func (a *alerts) add(name, filter string, rate alert.Rate) (*alertRule, error) {
	terms, err := query.Parse(filter)
	switch {
	case err != nil:
		return nil, err
	case len(terms) == 0:
		return nil, fmt.Errorf("type a filter: what is worth an alert, such as level>=error 10/m")
	case len(a.rules) == maxAlerts:
		return nil, fmt.Errorf("there are %d alerts already: take one away", maxAlerts)
	}
	r := &alertRule{name: name, text: filter, filter: query.Filter{}.WithTerms(terms), rate: rate, counter: alert.NewCounter(rate)}
	a.rules = slices.DeleteFunc(a.rules, func(old *alertRule) bool { return old.name == name })
	a.rules = append(a.rules, r)
	return r, nil
}

// ruleOf reads a rule as it is typed: a filter, and a rate behind it.
func ruleOf(typed string) (filter string, rate alert.Rate, err error) {
	filter = strings.TrimSpace(typed)
	if i := strings.LastIndexByte(filter, ' '); i > 0 {
		if rate, err = alert.ParseRate(filter[i+1:]); err == nil {
			return strings.TrimSpace(filter[:i]), rate, nil
		}
	}
	return filter, alert.Rate{}, nil
}

func (a *alerts) any() bool {
	return slices.ContainsFunc(a.rules, func(r *alertRule) bool { return !r.off })
}

// filled passes over what is held of a stream: it was there before.
func (a *alerts) filled(stores []*rows.Store) {
	for _, s := range stores {
		a.at[s] = s.Next()
	}
}

// stepAlerts tests new records of all streams until the deadline. It reports whether
// more are left.
func (m *model) stepAlerts(deadline time.Time) (cmd tea.Cmd, more bool) {
	a := m.alerts
	for s := range a.at {
		if m.stores.Find(s.Streams()...) != s {
			delete(a.at, s)
		}
	}
	for i, p := range m.panes {
		s := p.store()
		if slices.ContainsFunc(m.panes[:i], func(other *pane) bool { return other.store() == s }) {
			continue
		}
		if at, known := a.at[s]; !known || !a.any() || at > s.Next() {
			a.at[s] = s.Next()
			continue
		}
		said, left := m.testAlerts(s, deadline)
		cmd, more = tea.Batch(cmd, said), more || left
	}
	return cmd, more
}

// testAlerts tests the new records of one store. A stream that several panes show is
// tested in one of them.
func (m *model) testAlerts(s *rows.Store, deadline time.Time) (cmd tea.Cmd, more bool) {
	a := m.alerts
	if gone := s.First(); a.at[s] < gone {
		for _, r := range a.rules {
			if !r.off {
				r.untested += gone - a.at[s]
			}
		}
		a.at[s] = gone
	}
	row := query.Row{Names: s.Names()}
	for n := a.at[s]; n < s.Next(); n++ {
		if n%alertSlice == 0 && !time.Now().Before(deadline) {
			return cmd, true
		}
		a.at[s] = n + 1
		e := s.Entry(n)
		name := s.StreamOf(e)
		if of := m.stores.Of(name); e.Kind.Notice() || m.filling[name] && m.config.RecordTime == nil || len(of) == 0 || of[0] != s {
			continue
		}
		row.Entry, row.Data = e, s.Data(e)
		for _, r := range a.rules {
			if r.off || !r.filter.Match(&row) {
				continue
			}
			r.met++
			if r.counter.Add(e.Time * int64(time.Millisecond)) {
				cmd = tea.Batch(cmd, m.raise(r, name, e, row.Data))
			}
		}
	}
	return cmd, false
}

// raise tells of an alert: in the tabs at once, by the bell and the line at the bottom
// as often as these may.
func (m *model) raise(r *alertRule, stream string, e *rows.Entry, data []byte) tea.Cmd {
	now := m.config.Now()
	r.rung++
	body := rowtext.Of(e, data, alertText)
	r.last, r.when = cell.Shorten(body.Body, alertText), now
	m.dirty, m.alerts.looked = true, false
	for _, p := range m.panes {
		if slices.Contains(p.store().Streams(), stream) {
			p.alerts++
		}
	}
	missed, rings := m.alerts.bell.Ring(now)
	if !rings {
		return nil
	}
	text := r.name + " in " + record.Safe(stream) + ": " + r.last
	if missed > 0 {
		text += fmt.Sprintf(" (and %d alerts more before)", missed)
	}
	return tea.Batch(m.notify("alert: "+text), raw("\a"+m.desktop(text)))
}

// alertsSeen forgets the marks of the panes that a frame shows, when somebody is there.
func (m *model) alertsSeen() {
	if !m.alerts.looked {
		return
	}
	m.alerts.looked = false
	for _, a := range m.areas {
		a.pane.alerts = 0
	}
}

// desktop is what notifies the desktop, if it is wanted: text of our own making, in
// which nothing ends the sequence early.
func (m *model) desktop(text string) string {
	text = strings.ReplaceAll(record.Safe(text), ";", ",")
	var sequence string
	switch m.config.Settings.Notify {
	case notifyOSC9:
		sequence = "\x1b]9;" + text + "\x07"
	case notifyOSC777:
		sequence = "\x1b]777;notify;sluice;" + text + "\x07"
	case notifyOff:
		return ""
	}
	switch {
	case m.config.Getenv("TMUX") != "":
		return ansi.TmuxPassthrough(sequence)
	case m.config.Getenv("STY") != "":
		return ansi.ScreenPassthrough(sequence, 254)
	}
	return sequence
}
