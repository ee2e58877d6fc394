package tui

import (
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// What the screen says of losses is what was reported. That is all there is only as
// long as every source is there, and can count.

// lookAtSources notes which sources could not count what was lost.
func (m *model) lookAtSources() {
	for _, s := range m.status {
		if s.State == stream.StateUnaccounted && len(m.panes) > 0 {
			m.foreign = s.Name
		}
	}
}

// uncounted is why it is not known now what was lost: of which source, and what is the
// matter with it; "" when it is known.
func (m *model) uncounted() string {
	if len(m.panes) == 0 {
		return ""
	}
	if d := m.unheard(); d != "" {
		return d
	}
	for name := range m.refused {
		return record.Safe(name) + " is not given: it is asked for again"
	}
	if m.foreign != "" {
		return record.Safe(m.foreign) + " " + doubtful(stream.StateUnaccounted)
	}
	return ""
}

// doubtful reports whether more may be lost than was counted: a gap had no number, a
// source cannot be asked, or one was away, and took nothing from its publishers.
func (m *model) doubtful() bool {
	return m.ledger.unknown > 0 || len(m.absent) > 0 || m.uncounted() != ""
}

// unheard is the first source that is not there, or cannot say what it has; "" when
// there is none.
func (m *model) unheard() string {
	switch {
	case len(m.status) > 0:
	case m.finder != nil:
		return record.Safe(m.finder.FinderText())
	default:
		return "no source is there yet"
	}
	for _, s := range m.status {
		if text := doubtful(s.State); text != "" {
			return record.Safe(s.Name) + " " + text
		}
	}
	return ""
}

// doubtful is what is the matter with a source in a state; "" when nothing is.
func doubtful(s stream.State) string {
	switch s {
	case stream.StateLive:
		return ""
	case stream.StateLost:
		return "is away: what it has is asked for when it is back"
	case stream.StateConnecting:
		return "has not been reached"
	case stream.StateUnaccounted:
		return "cannot count what is lost"
	case stream.StateUnknown:
	}
	return "is not heard of"
}

// absenceText says what nobody knows once a source was away.
const absenceText = "unknown: what publishers dropped while a consolidator was away"

// completeness says whether all is here, when no loss was reported; sure: it is known.
func (m *model) completeness() (text string, sure bool) {
	if len(m.panes) == 0 {
		return "no stream is open", false
	}
	if d := m.uncounted(); d != "" {
		return "unknown: " + d, false
	}
	if m.config.RecordTime != nil {
		return "nothing so far: what was replayed tells of no loss", true
	}
	if len(m.filling) > 0 {
		return "nothing yet: earlier records are still on their way", false
	}
	if len(m.absent) > 0 {
		return absenceText + "; nothing of what reached it", false
	}
	var evicted uint64
	for s := range m.stores.Each() {
		if !s.Apart() {
			evicted += s.Evicted()
		}
	}
	if evicted > 0 {
		return "nothing: all that was published since you opened the streams has come; the oldest were let go here", true
	}
	return "nothing: all that was published since you opened the streams is here", true
}
