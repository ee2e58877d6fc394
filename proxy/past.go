package proxy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
	"sluice/proxy/resume"
)

const (
	maxPasts    = 64               // sessions that read history at a time, a quarter of them of one tenant
	pastWait    = 10 * time.Second // for a turn; without one, the session goes on without history
	pastSoon    = time.Second      // what was read in less is followed by what memory holds
	pastWaiting = 1 << 20          // bytes of history that wait for one session
	// What a consolidator that the proxy does not read from had so long ago is no sign that
	// it will be back.
	pastRecent = 10 * time.Minute
	// firstPast is the number of the first source of a session's history: those of logs
	// never come so far.
	firstPast = 1 << 40
)

// Past is what a session wants of before, of one stream.
type Past struct {
	Stream   string
	From, To time.Time // of the records; zero for no bound
	// Late is how much later than To a record may have come; 0 means as long as the archive
	// does by itself.
	Late time.Duration

	// After begins at a consolidator with this position, whatever From and the number of
	// records say; Keys, which may be nil, gives further ones, by the epochs that are found
	// there. Of others comes, with Named, nothing. Before ends there before this position.
	After, Before map[string]stream.Position
	Keys          func(consolidator string, epoch uint64) (at stream.Position, ok bool)
	Named         bool
	// Later are epochs that are known to be later than that of Before, by consolidator.
	Later map[string][]uint64
}

// History is what was said before, in an archive.
type History interface {
	// Read hands on what is held of different streams, merged by time over all of them, and
	// of all together so many of the newest, if last is not 0. It returns where it came to in
	// each: the position of the next record by consolidator. Nothing that hand was given may
	// be used after it has returned; an error of it ends the reading.
	Read(ctx context.Context, wants []Past, last int, hand func([]stream.Record, []stream.Notice) error) (ends []map[string]stream.Position, err error)
	// Counts says how many records of a stream are held that are wanted, by time.
	Counts(ctx context.Context, want Past, window stream.Window) (stream.Counts, error)
	// Held are the streams of which something is held.
	Held(ctx context.Context) ([]Held, error)
	// Imported is the consolidator under whose name recordings stand that were imported: no
	// session is to go on there.
	Imported() string
}

// Held is a stream of which something is held.
type Held struct {
	Stream        string
	Consolidators []string  // of which something is
	Newest        time.Time // no record of it has a later time
}

// past is the history of one part while it is read.
type past struct {
	want Past
	last int // of all streams that are read with it, so many of the newest; 0 all

	named map[string]bool // consolidators of which the session said where it stands

	ends map[string]stream.Position // where it came to; set when no more comes, as err is
	err  error

	// Of the session's goroutine.
	began   time.Time
	at      map[string]stream.Position // what comes next, of what was added
	newest  map[string]int64           // when the last record came, Unix nanoseconds
	numbers map[resume.Origin]uint64   // of sources, for a reader of ours
}

// wantsPast reports whether a part wants history before its log, and notes what. It is asked
// before the part begins, and once.
func (s *session) wantsPast(p *part) bool {
	if s.proxy.cfg.History == nil || p.pastAsked || p.want.Named {
		return false
	}
	want := Past{Stream: p.name, To: s.request.until}
	switch {
	case p.since > 0:
		want.From = time.UnixMilli(p.since)
	case s.request.earlier():
		s.wantsEarlier(p)
		return true
	case p.want.Last > 0 && !p.want.All && !s.request.wrapped:
		p.tail.mu.Lock()
		log := p.logAsAsked()
		p.tail.mu.Unlock()
		_, there := log.Newest(p.want.Last)
		return s.wantsLast(p, there)
	default:
		return false
	}
	p.pastAsked = true
	p.past = newPast(want)
	p.want.All = true // what the log has comes behind
	return true
}

// earlierLate is how much later than the time that is asked for the newest records up to then
// may have come: whoever goes back page by page does not wait for what came much later.
const earlierLate = time.Minute

// earlier reports whether the newest records up to a time that has been are wanted.
func (a *request) earlier() bool {
	return a.want.Last > 0 && !a.want.All && !a.want.Named && !a.until.IsZero() && a.until.Before(time.Now())
}

// wantsEarlier notes that a part wants these, whatever the logs have.
func (s *session) wantsEarlier(p *part) {
	p.pastAsked = true
	p.past = newPast(Past{Stream: p.name, To: s.request.until, Late: earlierLate})
	p.past.last = int(min(s.request.want.Last, maxPastLast))
	p.want.All = true
}

// wantsLast notes that a part wants more of the newest records than the logs have of all
// streams together, and reports whether it does.
func (s *session) wantsLast(p *part, there uint64) bool {
	if there >= s.request.want.Last || s.proxy.cfg.History == nil {
		return false
	}
	p.tail.mu.Lock()
	log := p.logAsAsked()
	log.Position.Next = log.First
	p.tail.mu.Unlock()
	positions, ok := p.tail.positionsAt(log.Position)
	if !ok {
		return false
	}
	p.pastAsked = true
	p.past = newPast(Past{Stream: p.name, To: s.request.until, Before: positions})
	p.past.last = int(min(s.request.want.Last-there, maxPastLast))
	p.want.All = true
	return true
}

// maxPastLast bounds last= beyond the log.
const maxPastLast = 1_000_000

func newPast(want Past) *past {
	named := make(map[string]bool)
	for consolidator := range want.After {
		named[consolidator] = true
	}
	return &past{want: want, named: named, began: time.Now(), at: make(map[string]stream.Position), newest: make(map[string]int64), numbers: make(map[resume.Origin]uint64)}
}

// wantsMissed has a part read in history first what it names and its log does not lead on from.
func (s *session) wantsMissed(p *part) {
	if s.proxy.cfg.History == nil || p.pastAsked || !p.want.Named {
		return
	}
	p.pastAsked = true
	want := Past{Stream: p.name, To: s.request.until, After: maps.Clone(p.resume.Positions()), Named: p.since == 0}
	if p.since > 0 {
		want.From = time.UnixMilli(p.since)
	}
	if keys := p.resume.Keys(); len(keys) > 0 && p.want.Key != nil {
		want.Keys = func(consolidator string, epoch uint64) (stream.Position, bool) {
			key := p.want.Key(consolidator)
			for _, k := range keys {
				if k.Key == key && k.Is(epoch) {
					return k.In(epoch), true
				}
			}
			return stream.Position{}, false
		}
	}
	p.past = newPast(want)
}

// takePasts takes up the parts whose history is to be read next, as one.
func (s *session) takePasts() []*part {
	last := s.joins.missing[0].past.last
	var together []*part
	s.joins.missing = slices.DeleteFunc(s.joins.missing, func(p *part) bool {
		is := p.past != nil && p.past.last == last
		if is {
			together = append(together, p)
		}
		return is
	})
	return together
}

// readPasts begins to read the history of parts, beside the session.
func (s *session) readPasts(ctx context.Context, parts []*part) *rereading {
	return s.beside(ctx, parts, func(ctx context.Context, r *rereading) {
		var ends []map[string]stream.Position
		err := rescue.Call("read history", func() (err error) {
			ends, err = s.proxy.readPasts(ctx, r)
			return err
		})
		for i, p := range parts {
			if p.past.err = err; i < len(ends) {
				p.past.ends = ends[i]
			}
		}
	})
}

var errPastBusy = errors.New("too many sessions read history: ask again later")

// readPasts hands on history, until it is read or ctx ends, and returns where it came to.
func (p *Proxy) readPasts(ctx context.Context, to *rereading) (ends []map[string]stream.Position, err error) {
	var wants []Past
	for _, one := range to.parts {
		wants = append(wants, one.past.want)
	}
	began, size := time.Now(), pastTurns(len(wants))
	turn, cancel := context.WithTimeout(ctx, pastWait)
	defer cancel()
	if !p.pasts.take(turn, to.owner, size) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p.pastFigures.failed(errPastBusy)
		return nil, errPastBusy
	}
	defer p.pasts.done(to.owner, size)
	defer func() { p.pastFigures.ended(ctx, began, err) }()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	waiting := stream.NewHandover(pastWaiting)
	ended := make(chan error, 1)
	var came []map[string]stream.Position // to be looked at when it has ended
	defer func() { stop(); <-ended }()
	go func() {
		defer close(ended)
		defer waiting.Close()
		ended <- rescue.Call("read history", func() (err error) {
			came, err = p.cfg.History.Read(reading, wants, to.parts[0].past.last, func(records []stream.Record, notices []stream.Notice) error {
				p.pastFigures.read(records)
				return waiting.Put(reading, records, notices)
			})
			return err
		})
	}()
	for {
		select {
		case <-to.more:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		b, err := waiting.Take(ctx)
		if errors.Is(err, stream.ErrClosed) {
			err = <-ended
			return came, err
		}
		if err != nil {
			return nil, err
		}
		select {
		case to.batches <- b:
		case <-ctx.Done():
			b.Release()
			return nil, ctx.Err()
		}
	}
}

// pastTurns is how many turns it takes to read so many streams at a time: for each the records
// of a batch are in memory.
func pastTurns(streams int) int { return 1 + (streams-1)/16 }

// addPast adds a record of history, as rereadRecord does.
func (s *session) addPast(again *rereading, p *part, r *stream.Record) {
	next := stream.Position{Epoch: r.Position.Epoch, Seq: r.Position.Seq + 1}
	p.past.at[r.Source], p.past.newest[r.Source] = next, r.Arrived
	id := s.pastID(p, r.Source, r.Position)
	if s.ids {
		s.id.set(p, r.Source, next)
	}
	switch again.line = record.Normalise(again.line[:0], r.Data); {
	case len(again.line) > zmtp.MaxRecord:
		s.addLossAgain(p, id, tooLarge(p.name, r.Source), time.Now())
	case s.request.filter.from(r.Source):
		s.addRecord(p, id, r.Source, again.line)
	}
}

// addPastGap adds a loss of history.
func (s *session) addPastGap(p *part, n *stream.Notice) {
	at := p.past.at[n.Source]
	if at.Seq += n.Count; n.Position.Epoch != 0 {
		at = n.Position
	}
	var id httpapi.EventID
	if at.Epoch != 0 {
		p.past.at[n.Source] = at
		if at.Seq > 0 {
			id = s.pastID(p, n.Source, stream.Position{Epoch: at.Epoch, Seq: at.Seq - 1})
		}
		if s.ids {
			s.id.set(p, n.Source, at)
		}
	}
	s.addLossAgain(p, id, n.Loss(), n.Time)
}

// pastID is the id of a record of history: no place in the log. A reader of ours is told what
// its source stands for, by a number of this session alone.
func (s *session) pastID(p *part, consolidator string, at stream.Position) httpapi.EventID {
	if !s.request.events || s.ids {
		return httpapi.EventID{}
	}
	o := resume.Origin{Consolidator: consolidator, Epoch: at.Epoch}
	n, known := p.past.numbers[o]
	if !known {
		n = firstPast + uint64(len(p.past.numbers))
		p.past.numbers[o] = n
		b := s.buffer()
		*b = appendSource(*b, nil, s.streamOf(p), resume.Source{Number: n, Consolidator: consolidator, Epoch: at.Epoch, Next: at.Seq})
	}
	return httpapi.EventID{Next: 1, Source: n, Seq: at.Seq}
}

// endPasts has parts go on where their history ended.
func (s *session) endPasts(ctx context.Context, parts []*part) {
	var began, reached bool
	for _, p := range parts {
		began = began || time.Since(p.past.began) > pastSoon && p.past.want.Late == 0
		reached = reached || p.past.err == nil && len(p.past.at) > 0
	}
	for _, p := range parts {
		s.endPast(ctx, p, began && reached)
	}
}

// endPast does so for one; behind says that what was archived meanwhile is to be read, too.
func (s *session) endPast(ctx context.Context, p *part, behind bool) {
	past := p.past
	p.past = nil
	if err := past.err; err != nil && ctx.Err() == nil {
		s.addLoss(p, httpapi.EventID{}, loss.Event{
			Loss:  loss.Loss{Stream: p.name, Hop: loss.AtArchive, Unknown: true, Reason: "history unavailable: " + err.Error()},
			Total: s.lost, Since: time.Now(),
		})
	}
	if past.err == nil && behind {
		// It may be more than memory holds.
		want := past.want
		want.Before, want.Keys = nil, nil
		want.Named = want.From.IsZero()
		want.After = past.goesOn()
		p.past = newPast(want)
		p.past.named, p.past.newest = past.named, past.newest
		s.joins.missing = append(s.joins.missing, p)
		return
	}
	known := make(map[string]bool)
	p.tail.mu.Lock()
	for _, o := range p.tail.sources.Origins() {
		known[o.Consolidator] = true
	}
	p.tail.mu.Unlock()
	positions, imported := past.goesOn(), s.proxy.cfg.History.Imported()
	delete(positions, imported)
	for consolidator := range past.reached() {
		_, before := past.want.Before[consolidator]
		if !past.named[consolidator] && !before && !known[consolidator] && time.Since(time.Unix(0, past.newest[consolidator])) >= pastRecent {
			delete(positions, consolidator)
		}
		if p.reached != nil {
			p.reached[consolidator] = true // what came before it was told
		}
	}
	if p.want.Keys != nil {
		p.want.Keys = slices.DeleteFunc(slices.Clone(p.want.Keys), func(k httpapi.KeyPosition) bool {
			for consolidator := range positions {
				if k.Key == p.want.Key(consolidator) {
					return true
				}
			}
			return k.Key == p.want.Key(imported)
		})
	}
	if p.want.Positions, p.want.More = positions, false; len(positions) > 0 {
		p.want.Named = true
	}
	s.begin(p)
}

// reached is where history came to, as far as it was added.
func (p *past) reached() map[string]stream.Position {
	if p.err != nil || p.ends == nil {
		return p.at
	}
	return p.ends
}

// goesOn is where the stream goes on behind it, by consolidator.
func (p *past) goesOn() map[string]stream.Position {
	positions := make(map[string]stream.Position)
	maps.Copy(positions, p.want.After)
	maps.Copy(positions, p.want.Before)
	for consolidator, at := range p.reached() {
		if _, begun := p.want.Before[consolidator]; !begun || p.at[consolidator] != (stream.Position{}) {
			positions[consolidator] = at // otherwise nothing came before that
		}
	}
	return positions
}
