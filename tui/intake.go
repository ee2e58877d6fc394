package tui

import (
	"math"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// take keeps all that the feed has, as far as the time goes. A batch may be
// large, when much came while the machine was busy: it is taken in pieces.
func (m *model) take() {
	now := m.config.Now()
	budget := takeBudget
	if m.hurried() {
		budget = hasteTime
	}
	deadline := time.Now().Add(budget)
	for {
		if m.batch == nil {
			if m.batch = m.config.Feed.TryTake(); m.batch == nil {
				break
			}
			m.kept, m.noticed = 0, 0
		}
		all := m.keep(m.batch, now)
		// What is not kept yet arrived after this, and may belong before it.
		upTo := now
		if m.kept > 0 {
			if at := time.Unix(0, m.batch.Records[m.kept-1].Arrived); at.Before(now) {
				upTo = at
			}
		}
		if all {
			m.batch.Release()
			m.batch = nil
		}
		m.waiting = m.stores.Settle(upTo)
		m.stores.Evict()
		if !time.Now().Before(deadline) {
			m.stores.Wake(true) // keys first, and then at once more
			m.refresh()
			return
		}
	}
	m.waiting = m.stores.Settle(now)
	m.stores.Evict()
	m.refresh()
}

// settleTick asks for a settleMsg, when records wait and none is on its way.
func (m *model) settleTick() tea.Cmd {
	if !m.waiting || m.settling {
		return nil
	}
	m.settling = true
	return tea.Tick(frame, func(time.Time) tea.Msg { return settleMsg{} })
}

// keepAtOnce is how many records are kept between two looks at the clock.
const keepAtOnce = 512

// keep puts some of a batch's records, and the gaps between them, into the
// stores, from where it stopped the last time. It reports whether that was all.
func (m *model) keep(batch *stream.Batch, now time.Time) (all bool) {
	var name string
	var stores []*rows.Store
	var since int64
	records := now
	if m.config.RecordTime != nil && len(batch.Records) > 0 {
		m.arrived = time.Unix(0, batch.Records[len(batch.Records)-1].Arrived)
		records = m.recordTime()
	}
	notices := func(before int) {
		for ; m.noticed < len(batch.Notices) && batch.Notices[m.noticed].At <= before; m.noticed++ {
			m.keepNotice(&batch.Notices[m.noticed])
		}
	}
	end := min(m.kept+keepAtOnce, len(batch.Records))
	for ; m.kept < end; m.kept++ {
		notices(m.kept)
		r := &batch.Records[m.kept]
		if name != r.Stream {
			name, stores = r.Stream, m.stores.Of(r.Stream) // none: its pane was closed a moment ago
			since = m.appeared[name]
		}
		if r.Backfill && since != 0 && isBefore(r.Data, since) {
			continue
		}
		for _, s := range stores {
			s.Add(r, records)
		}
	}
	if end < len(batch.Records) {
		return false
	}
	notices(math.MaxInt)
	return true
}

// isBefore reports whether a record's own time is before another, in Unix milliseconds.
func isBefore(data []byte, ms int64) bool {
	at := record.Peek(data).Time
	return at != 0 && at < ms
}

// keepNotice takes one of a batch's notices.
func (m *model) keepNotice(n *stream.Notice) {
	stores := m.stores.Of(n.Stream)
	switch n.Kind {
	case stream.KindGap:
		m.ledger.gap(n)
		text := rowtext.AppendGap(nil, n)
		for _, s := range stores {
			s.Gap(n, text)
		}
	case stream.KindBackfill:
		delete(m.filling, n.Stream)
		for _, s := range stores {
			s.Filled(n.Stream)
		}
		m.alerts.filled(stores)
	case stream.KindPosition:
		for _, s := range stores {
			s.Begins(n.Stream, n.Source, n.Position)
		}
	case stream.KindState:
		m.stateChanged(n)
	case stream.KindAway:
		m.wasAway(n)
	case stream.KindRestart:
		m.restart()
	case stream.KindRefused:
		m.streamRefused(n, stores)
	}
}

// restart forgets everything that came, since it comes again.
func (m *model) restart() {
	for _, p := range m.panes {
		p.view.Resume()
		p.marks, p.seenErrors = nil, 0
	}
	for s := range m.stores.Each() {
		s.Restart()
	}
	m.ledger, m.arrived = ledger{}, time.Time{}
	clear(m.pulses)
}

// streamRefused puts a row where a stream is refused, and where it is given.
func (m *model) streamRefused(n *stream.Notice, stores []*rows.Store) {
	if len(stores) == 0 {
		return // its pane was closed a moment ago
	}
	if m.refused[n.Stream] = n.Err != ""; n.Err == "" {
		delete(m.refused, n.Stream)
	}
	text := rowtext.AppendRefused(nil, n)
	for _, s := range stores {
		s.State(n, text)
	}
}

// wasAway puts a row where a source came back from an absence, and keeps it for the
// board.
func (m *model) wasAway(n *stream.Notice) {
	if m.absent == nil {
		m.absent = make(map[string]*stream.Notice)
	}
	if _, known := m.absent[n.Source]; !known && len(m.absent) >= rows.MaxSources {
		return
	}
	noted := *n
	m.absent[n.Source] = &noted
	text := rowtext.AppendAway(nil, n)
	for s := range m.stores.Each() {
		s.State(n, text)
	}
}

// stateChanged puts a row where a source was lost, and where it is back; the
// status line says how all of them stand now.
func (m *model) stateChanged(n *stream.Notice) {
	was := m.lost[n.Source]
	lost := n.State == stream.StateLost
	if lost == was && !n.Gone || !lost && !n.State.Connected() || len(m.lost) >= rows.MaxSources && !was {
		return
	}
	if lost {
		m.lost[n.Source] = true
	} else {
		delete(m.lost, n.Source)
	}
	text := rowtext.AppendState(nil, n)
	for s := range m.stores.Each() {
		s.State(n, text)
	}
}

// look asks how the sources stand.
func (m *model) look() {
	m.status, m.finder = m.config.Feed.Status(), nil
	if len(m.status) > 0 && m.status[0].Finder {
		m.finder, m.status = &m.status[0], m.status[1:]
	}
}

// refresh looks at what the feed knows besides records.
func (m *model) refresh() {
	m.look()
	m.lookAtSources()
	now := m.recordTime()
	for s := range m.stores.Each() {
		p := m.pulses[s]
		if p == nil {
			p = &pulse{}
			m.pulses[s] = p
		}
		p.update(s, now, m.config.RecordTime != nil)
	}
}
