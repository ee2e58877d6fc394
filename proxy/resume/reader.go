package resume

import (
	"slices"

	"sluice/cluster/fanout"
	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
)

// NoLog is the reason for a loss whose number nobody knows.
const NoLog = "the proxy has no log from before: it was started, or nobody read the stream for a while"

// Want is what a reader asks for.
type Want struct {
	Last      uint64                   // so many of the newest records, when it names nothing that is known
	Named     bool                     // it was here before: After is given, or Positions
	After     fanout.Position          // place in the log where it goes on
	Positions map[string]loss.Position // of the next record, by consolidator

	// Keys are positions of consolidators that go by their keys, in terms of Key.
	// With a place in the log that leads on, they need not be looked at: both are
	// of one moment. Shared says that some are of other streams.
	Keys   []httpapi.KeyPosition
	Key    func(consolidator string) uint32
	Shared bool
	// More says that it has positions which are not among these.
	More bool
	// All wants all that there is of consolidators that have no position.
	All bool
}

// names reports whether places at consolidators are named.
func (w *Want) names() bool { return len(w.Positions) > 0 || len(w.Keys) > 0 }

// position is where it stands at a consolidator, if it says so.
func (w *Want) position(consolidator string) (at httpapi.KeyPosition, ok bool) {
	if p, ok := w.Positions[consolidator]; ok {
		return httpapi.KeyPosition{Epoch: p.Epoch & httpapi.EpochMask, Next: p.Seq}, true
	}
	if len(w.Keys) == 0 {
		return at, false
	}
	key := w.Key(consolidator)
	i := slices.IndexFunc(w.Keys, func(k httpapi.KeyPosition) bool { return k.Key == key })
	if i < 0 {
		return at, false
	}
	return w.Keys[i], true
}

// Log is a log as it stands.
type Log struct {
	fanout.Position        // its end
	Floor           uint64 // number of the first entry that may be read
	First           uint64 // number of the oldest entry that may be read and is still there
	Gaps            *Gaps
	Sources         *Sources
	Checkpoints     *Checkpoints // only for Reader.Covered
}

// Newest is the place of the n newest records, or of as many as there are, and how many
// those are.
func (l *Log) Newest(n uint64) (at, records uint64) { return l.Gaps.before(l.First, l.Next, n) }

// Event is what a reader gets next: an entry of the log, or a loss.
type Event struct {
	ID    httpapi.EventID
	Entry entry.Entry
	Loss  *Loss // of this reader alone

	// Consolidator and Next are where the reader stands after it, if the event
	// moves it on.
	Consolidator string
	Next         loss.Position
}

// Loss is what a reader is told of besides the losses in the log.
type Loss struct {
	Count   uint64
	Unknown bool // and a number that nobody can know
	Reason  string
}

// Reader decides what one reader gets.
type Reader struct {
	fresh bool                  // what is gone before its first piece was never wanted
	catch *catchUp              // nil: it stands where the log does
	keys  []httpapi.KeyPosition // those that were not found until it did
}

// Begin decides where in a log a reader begins. If it has to catch up then, what
// it misses is to be read again; [Reader.Join] says where it begins after that.
// Otherwise it begins at the place returned, and is told of the loss, if there is
// one.
func Begin(want Want, log Log) (r *Reader, at uint64, lost *Loss) {
	r = new(Reader)
	if after := want.After; want.Named && after.Epoch == log.Epoch && log.Floor <= after.Next && after.Next <= log.Next {
		leads := len(want.Keys) > 0 || log.Sources.leadOnFrom(want.Positions)
		if leads && (after.Next >= log.First || !want.names()) {
			return r, after.Next, nil // what is gone is counted by the log
		}
		r.catch = newCatchUp(&want, after.Next, log.Sources)
		return r, 0, nil
	}
	at, _ = log.Newest(want.Last)
	if want.names() || want.All {
		if want.All {
			at = 0
		}
		r.catch = newCatchUp(&want, at, log.Sources)
		return r, 0, nil
	}
	r.fresh = true
	if want.Named {
		lost = &Loss{Unknown: true, Reason: NoLog}
	}
	return r, at, lost
}

// CatchesUp reports whether the reader does not stand yet where the log stands:
// all entries have to go through Entry, and places of the log are none of its.
func (r *Reader) CatchesUp() bool { return r.catch != nil }

// Covered reports whether the log has all that a reader which catches up misses, so
// that nothing needs to be read again.
func (r *Reader) Covered(log Log) bool {
	at, ok := r.catch.covered(log)
	r.catch.begin = at
	return ok
}

// Unreached reports whether the reader waits for consolidators that have no name yet.
func (r *Reader) Unreached() bool { return r.catch != nil && r.catch.others && len(r.catch.keys) > 0 }

// Ask is from where on the reader wants the records of consolidators read again. Of those
// whose names it did not know by then, what is read again need not begin there.
func (r *Reader) Ask() map[string]loss.Position {
	for _, w := range r.catch.wants {
		w.asked = true
	}
	return r.catch.positions()
}

// Positions are where a reader that catches up stands, by consolidator.
func (r *Reader) Positions() map[string]loss.Position { return r.catch.positions() }

// Keys are the positions whose consolidators have not been found.
func (r *Reader) Keys() []httpapi.KeyPosition {
	if r.catch == nil {
		return r.keys
	}
	return r.catch.keys
}

// Forget has a reader that catches up want nothing of a consolidator from which nothing comes.
func (r *Reader) Forget(consolidator string) {
	c := r.catch
	delete(c.wants, consolidator)
	if len(c.keys) > 0 {
		key := c.key(consolidator)
		c.keys = slices.DeleteFunc(c.keys, func(k httpapi.KeyPosition) bool { return k.Key == key })
	}
}

// Join says where a reader that catches up begins to read the log.
func (r *Reader) Join(log Log) (at uint64) {
	r.catch.stand(log)
	return max(log.First, r.catch.begin)
}

// Overtaken returns what the reader is told of what the log has lost for it, with
// the id of that event; nil if it is not told. log is asked for how the log
// stands, if that is needed. For a reader that does not catch up, it is what the
// log counts.
func (r *Reader) Overtaken(at fanout.Position, count uint64, unknown bool, log func() Log) (*Loss, httpapi.EventID) {
	fresh := r.fresh
	r.fresh = false
	switch {
	case count == 0 && !unknown:
	case r.catch != nil:
		// The sequence numbers will tell, where the reader has some.
		if now := log(); r.catch.stand(now) {
			return &Loss{Unknown: true, Reason: loss.TooLate}, unplaced(0, 0)
		}
	case !fresh:
		return &Loss{Count: count, Unknown: unknown}, httpapi.EventID{Epoch: at.Epoch, Next: at.Next}
	}
	return nil, httpapi.EventID{}
}

// Learn notes what the numbers in the log stand for, as of now. It is called
// before an entry with a new one comes.
func (r *Reader) Learn(sources *Sources) {
	if r.catch != nil {
		r.catch.learn(sources)
		r.catch.reached(sources)
	}
}

// Entry appends what the reader gets of an entry of the log that stands before
// the place next.
func (r *Reader) Entry(out []Event, e entry.Entry, next uint64) []Event {
	return r.catch.entry(out, e, next)
}

// Settle is called when the log was read up to a place. It appends the losses
// that are known by that. The reader may have caught up then.
func (r *Reader) Settle(out []Event, next uint64) []Event {
	out, level := r.catch.settle(out, next)
	if level {
		r.keys, r.catch = r.catch.keys, nil
	}
	return out
}

// Record notes a record that was read again, and returns the id of its event, and what is
// missing before it, if something is. It reports false when the reader has it already.
func (r *Reader) Record(sources *Sources, consolidator string, at loss.Position) (id httpapi.EventID, missing *Event, wanted bool) {
	w := r.catch.wanted(consolidator, at.Epoch)
	if w.Epoch == at.Epoch && at.Seq < w.Seq {
		return id, nil, false
	}
	missing = r.skipped(sources, w, consolidator, at)
	w.goOn(loss.Position{Epoch: at.Epoch, Seq: at.Seq + 1})
	return unplaced(r.catch.number(sources, consolidator, at.Epoch), at.Seq), missing, true
}

// Begins notes where a consolidator begins in what is read again, and returns what is
// missing before it, if something is.
func (r *Reader) Begins(sources *Sources, consolidator string, at loss.Position) (missing *Event) {
	r.catch.find(consolidator, at.Epoch)
	if w := r.catch.wants[consolidator]; w != nil {
		if missing = r.skipped(sources, w, consolidator, at); missing != nil {
			w.goOn(at)
		}
	}
	return missing
}

// skipped is what is missing of a consolidator before what is read again.
func (r *Reader) skipped(sources *Sources, w *want, consolidator string, at loss.Position) *Event {
	lost := w.skipped(at)
	if lost == nil {
		return nil
	}
	missing := &Event{ID: unplaced(0, 0), Loss: lost, Consolidator: consolidator, Next: at}
	number := r.catch.number(sources, consolidator, at.Epoch)
	if at.Seq > 0 {
		missing.ID = unplaced(number, at.Seq-1)
	}
	return missing
}

// Gap notes a loss that was found when reading again, and returns the id of its
// event.
func (r *Reader) Gap(sources *Sources, n *stream.Notice) httpapi.EventID {
	w := r.catch.wanted(n.Source, n.Position.Epoch)
	named := w.Epoch
	switch {
	case n.Position.Epoch != 0:
		w.goOn(n.Position)
		named = 0
	case n.Unknown:
		w.told = true
	default:
		w.Seq += n.Count
		named = 0
	}
	// An epoch that is the reader's word alone gets no number: it would pass for
	// the newest there, for everybody.
	if w.Epoch == 0 || named != 0 && sources.find(n.Source, named) == nil {
		return unplaced(0, 0)
	}
	number := r.catch.number(sources, n.Source, w.Epoch)
	if w.Seq == 0 {
		return unplaced(0, 0)
	}
	return unplaced(number, w.Seq-1)
}

// unplaced is an id that is no place in the log: with none of its numbers.
func unplaced(source, seq uint64) httpapi.EventID {
	return httpapi.EventID{Next: 1, Source: source, Seq: seq}
}
