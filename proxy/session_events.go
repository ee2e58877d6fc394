package proxy

import (
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
	"sluice/proxy/resume"
)

// addBefore adds what is to be told before a piece.
func (s *session) addBefore(p *part, piece *fanout.Piece) {
	if p.tail.version.Load() != p.seen {
		s.addSources(p)
	}
	s.addOvertaken(p, piece)
}

// addPiece adds the entries of a piece to the batch, until that is full. It
// returns how many bytes of them it has used.
func (s *session) addPiece(p *part, piece *fanout.Piece) (used int) {
	next := piece.Next
	for used < len(piece.Bytes) && (used == 0 || s.size() < maxBatch && p.sieve.rest() == 0) {
		e, size := entry.First(piece.Bytes[used:])
		used += size
		next += e.Numbers()
		s.addNext(p, &e, fanout.Position{Epoch: piece.Epoch, Next: next})
	}
	if !piece.At.IsZero() {
		s.oldest = piece.At
	}
	s.stand(p, fanout.Position{Epoch: piece.Epoch, Next: next})
	s.addUnseen(p)
	if used == len(piece.Bytes) && piece.Live {
		s.addLive(p)
	}
	return used
}

// addNext adds the next entry of a log, which stands before a place.
func (s *session) addNext(p *part, e *entry.Entry, at fanout.Position) {
	switch {
	case p.resume.CatchesUp():
		s.out = p.resume.Entry(s.out[:0], *e, at.Next)
		s.addEvents(p, s.out)
	default:
		if s.ids {
			s.passed(p, e, at)
		}
		s.addEntry(p, e.ID(at.Epoch, at.Next), e)
	}
}

// stand notes that a log was read up to a place.
func (s *session) stand(p *part, at fanout.Position) {
	p.place = at
	if p.late.Epoch != 0 && (at.Epoch != p.late.Epoch || at.Next >= p.late.Next) {
		p.since, p.late = 0, fanout.Position{}
	}
	p.countSent()
	if p.resume.CatchesUp() {
		s.out = p.resume.Settle(s.out[:0], at.Next)
		s.addEvents(p, s.out)
		if s.ids && !p.resume.CatchesUp() {
			s.caughtUp(p)
		}
	}
	if s.ids {
		s.setPlace(p, at)
	}
}

// addLive says, to a reader of ours, that all that was there has come.
func (s *session) addLive(p *part) {
	p.live = true
	if !s.request.events || !s.request.ours {
		return
	}
	for _, other := range s.parts {
		if !other.live {
			return
		}
	}
	b := s.buffer()
	*b = appendLive(*b, s.placeText(p))
}

// placeText is the id of what is no entry of the log, but stands where a part is. It is
// empty when that is no place.
func (s *session) placeText(p *part) []byte {
	switch {
	case s.ids:
		return s.idText(httpapi.EventID{})
	case p.resume.CatchesUp():
		return httpapi.EventID{}.AppendPlace(s.text[:0])
	}
	s.text = httpapi.EventID{Epoch: p.place.Epoch, Next: p.place.Next}.AppendPlace(s.text[:0])
	return s.text
}

// addPing adds a heartbeat. It has the place where the session stands: of what does not
// pass its filter, the reader knows nothing, and would go on before it. A reader of ours
// is told the positions, too, for other proxies, and where no consolidators can be found
// anew.
func (s *session) addPing() {
	var ping httpapi.PingEvent
	if s.request.ours {
		ping.Finder = s.proxy.unfound()
	}
	if len(s.parts) == 0 && s.ids { // nothing matches yet
		b := s.buffer()
		*b = appendPing(*b, s.idText(httpapi.EventID{}), ping)
		return
	}
	if len(s.parts) == 0 || !s.ids && s.parts[0].resume.CatchesUp() {
		s.add(pingEvent) // it is at no place yet
		return
	}
	p := s.parts[0]
	if s.request.ours && s.request.filter != nil && !s.request.wrapped {
		if positions, ok := p.tail.positionsAt(p.place); ok {
			ping.Positions = httpapi.FormatPositions(positions)
		}
	}
	b := s.buffer()
	*b = appendPing(*b, s.placeText(p), ping)
}

// addEvents adds what a reader gets that catches up.
func (s *session) addEvents(p *part, events []resume.Event) {
	for i := range events {
		e := &events[i]
		if e.Loss == nil && !e.Entry.Lost {
			s.addBeginning(p, e.Consolidator, e.Entry.Data)
		}
		if s.ids && e.Next.Epoch != 0 {
			s.id.set(p, e.Consolidator, e.Next)
		}
		if e.Loss != nil {
			s.addOwnLoss(p, e.ID, *e.Loss)
			continue
		}
		s.addEntry(p, e.ID, &e.Entry)
	}
}

// addEntry adds one entry to the batch, if the filter lets it pass.
func (s *session) addEntry(p *part, id httpapi.EventID, e *entry.Entry) {
	from := ""
	if s.request.filter != nil {
		from = p.origins[e.Source].Consolidator
	}
	if e.Lost {
		if e.Source != 0 && !s.request.filter.from(from) {
			return
		}
		lost := e.Loss()
		lost.Stream = p.name
		s.addLoss(p, id, loss.Event{Loss: lost.Loss, Total: lost.Total, Since: lost.Since})
		return
	}
	s.addRecord(p, id, from, e.Data)
}

// addRecord adds one record, which is normalised, if the filter lets it pass.
func (s *session) addRecord(p *part, id httpapi.EventID, from string, data []byte) {
	if s.isOutside(p, id, data) {
		return
	}
	switch p.sieve.of(numberOf(id), p.name, from, data) {
	case fails:
		return
	case unseen:
		p.unseen++
		p.unseenLast = append(p.unseenLast[:0], s.idText(id)...)
		return
	}
	s.addUnseen(p)
	b := s.buffer()
	s.records++
	p.sent++
	switch {
	case s.ids:
		*b = append(append(append(*b, s.id.line()...), dataLine...), p.wrap...)
	case s.request.events:
		*b = append(append(*b, s.head.of(id)...), p.wrap...)
	default:
		*b = append(*b, p.wrap...)
	}
	if s.request.events {
		*b = append(*b, data...)
	} else {
		*b = appendText(*b, data)
	}
	if p.wrap != nil {
		*b = append(*b, '}')
	}
	*b = append(*b, '\n')
	if s.request.events {
		*b = append(*b, '\n')
	}
}

// numberOf is the record's number in the log, or 0 when it has none there.
func numberOf(id httpapi.EventID) uint64 {
	if id.Epoch == 0 {
		return 0
	}
	return id.Next
}

// addUnseen adds the loss of the records that the filter could not look at.
func (s *session) addUnseen(p *part) {
	if n := p.unseen; n > 0 {
		p.unseen = 0
		s.addLossAt(p, p.unseenLast, s.ownLoss(p, resume.Loss{Count: n, Reason: loss.Filter}))
	}
}

// isOutside reports whether a record is outside the time that is wanted. One that does
// not say its time is not.
func (s *session) isOutside(p *part, id httpapi.EventID, data []byte) bool {
	since := p.since
	if p.late.Epoch != 0 && id.Epoch == p.late.Epoch && id.Next > p.late.Next {
		since = 0
	}
	if since == 0 && s.request.until.IsZero() {
		return false
	}
	t := record.PeekTime(data)
	return t != 0 && (t < since || !s.request.until.IsZero() && t > s.request.until.UnixMilli())
}

// addLoss adds a loss, in the form that the reader gets.
func (s *session) addLoss(p *part, id httpapi.EventID, lost loss.Event) {
	s.addUnseen(p)
	s.addLossAt(p, s.idText(id), lost)
}

// addLossAt adds a loss with the text of its id.
func (s *session) addLossAt(p *part, id []byte, lost loss.Event) {
	s.missed += lost.Count
	if lost.Unknown {
		s.unknown++
	}
	b := s.buffer()
	if s.request.events {
		*b = appendLoss(*b, id, &lost)
		return
	}
	s.addNotice(p, lost.AppendText(nil, time.Now()))
}

// addNotice adds a line of our own.
func (s *session) addNotice(p *part, line []byte) {
	b := s.buffer()
	*b = append(append(*b, p.wrap...), line...)
	if p.wrap != nil {
		*b = append(*b, '}')
	}
	*b = append(*b, '\n')
}

// idText is an id as it stands in an event, valid until the next call.
func (s *session) idText(id httpapi.EventID) []byte {
	if s.ids {
		return s.id.line()[len(idLine):]
	}
	s.text = id.AppendEvent(s.text[:0])
	return s.text
}

// addOvertaken adds the loss of what the log has lost for this session before a
// piece. A reader of events is told where the log goes on at each consolidator, so
// that it can go on at another proxy; when that cannot be found out, the piece is
// given up for one at the end of the log, where it is known.
func (s *session) addOvertaken(p *part, piece *fanout.Piece) {
	t := p.tail
	at := fanout.Position{Epoch: piece.Epoch, Next: piece.Next}
	lost, id := p.resume.Overtaken(at, piece.Lost, piece.Unknown, p.log)
	if lost == nil {
		return
	}
	if p.resume.CatchesUp() {
		s.addOwnLoss(p, id, *lost)
		return
	}
	var positions map[string]stream.Position
	if s.request.events {
		var ok bool
		if positions, ok = t.positionsAt(at); !ok {
			positions = t.giveUp(s.reader, piece)
			lost.Count, lost.Unknown, id.Next = piece.Lost, piece.Unknown, piece.Next
		}
	}
	lost.Reason = loss.TooSlow
	if piece.Cause == fanout.CauseTooLate {
		lost.Reason = loss.TooLate
	}
	event := s.ownLoss(p, *lost)
	if s.ids {
		s.setPositions(p, positions)
		s.setPlace(p, fanout.Position{Epoch: piece.Epoch, Next: piece.Next})
		p.vague = false
	} else {
		event.Positions = httpapi.FormatPositions(positions)
	}
	s.addLoss(p, id, event)
}

// addOwnLoss adds a loss of this session alone.
func (s *session) addOwnLoss(p *part, id httpapi.EventID, lost resume.Loss) {
	s.addLoss(p, id, s.ownLoss(p, lost))
}

// ownLoss counts a loss of this session alone.
func (s *session) ownLoss(p *part, lost resume.Loss) loss.Event {
	s.lost += lost.Count
	s.proxy.lost.Add(lost.Count)
	p.tail.counts.dropped.Add(lost.Count)
	s.proxy.countLoss(lost)
	since := s.behind
	if since.IsZero() {
		since = time.Now()
	}
	return loss.Event{
		Loss:  loss.Loss{Stream: p.name, Hop: loss.AtProxy, Reason: lost.Reason, Count: lost.Count, Unknown: lost.Unknown},
		Total: s.lost, Since: since,
	}
}

// addAllSources adds the source events of all streams that the reader does not have
// yet.
func (s *session) addAllSources() {
	for _, p := range s.parts {
		if p.tail.version.Load() != p.seen {
			s.addSources(p)
		}
	}
}

// addBeginning adds, before the first record that there is of a consolidator since the
// time asked for, that what came before it is gone.
func (s *session) addBeginning(p *part, consolidator string, data []byte) {
	if p.reached == nil || p.reached[consolidator] || !s.request.filter.from(consolidator) {
		return
	}
	t := record.PeekTime(data)
	if t == 0 {
		return
	}
	p.reached[consolidator] = true
	if t <= p.since {
		return
	}
	s.addLoss(p, httpapi.EventID{}, loss.Event{
		Loss: loss.Loss{
			Stream: p.name, Source: consolidator, Hop: loss.AtConsolidator, Unknown: true,
			Reason: "nothing is held from before " + time.UnixMilli(t).UTC().Format(time.RFC3339Nano),
		},
		Total: s.lost, Since: time.UnixMilli(p.since),
	})
}

// repeatsReason is why records may come twice.
const repeatsReason = "the id names 16 places, each a stream at a consolidator, and there were more: of the others everything that is held comes, and may come twice"

// addRepeats says, to a reader whose id has not all positions, what may come twice.
func (s *session) addRepeats(p *part) {
	if !s.request.events {
		s.addNotice(p, record.AppendNotice(nil, time.Now(), record.Warn, repeatsReason, "stream", p.name, record.NoticeKey, record.NoticeRepeats))
		return
	}
	e := httpapi.RepeatsEvent{Stream: p.name, Reason: repeatsReason}
	b := s.buffer()
	*b = appendRepeats(*b, s.placeText(p), e)
}
