package resume

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/proxy/entry"
)

// catchUp compares what a reader has with what is in the log, by the sequence
// numbers at the consolidators.
type catchUp struct {
	from    uint64            // what the reader does not know of begins at this number of the log
	wants   map[string]*want  // by consolidator
	origins map[uint64]origin // what the numbers in the log stand for

	end    uint64              // a place in the log
	stands map[string]standing // by consolidator, as of end
	others bool                // some have not been reached, and have no name
	given  uint64              // wants that were given up, and are not told yet

	keys   []httpapi.KeyPosition // whose consolidators are not known yet
	key    func(consolidator string) uint32
	shared bool   // keys may be of other streams
	all    bool   // of consolidators without a want, all is wanted
	begin  uint64 // number of the log where the reader is to begin, when that has all it misses
}

// maxStrangers is of how many consolidators that a log does not know the positions are
// kept, or twice as many as those that it knows: there may be some among them that it
// has only not reached yet.
const maxStrangers = 128

// want is the next record wanted from one consolidator.
type want struct {
	loss.Position
	told  bool // an unknown loss was reported: whatever comes next is accepted
	level bool // the log has reached this position, and records later losses itself
	asked bool // what is read again begins there, and tells itself what it misses
}

// goOn moves to a place.
func (w *want) goOn(at loss.Position) { *w = want{Position: at, asked: w.asked} }

// skipped is what is missing before a record, or a loss, that was read again and begins at
// a position, of a consolidator that was not asked for the place that is wanted; nil if
// nothing is. From now on what is read again tells by itself.
func (w *want) skipped(at loss.Position) (lost *Loss) {
	switch {
	case w.asked, w.told, w.Position == at:
	case w.Epoch != at.Epoch:
		lost = &Loss{Count: at.Seq, Unknown: true, Reason: NoLog}
	case w.Seq < at.Seq:
		lost = &Loss{Count: at.Seq - w.Seq, Reason: loss.TooLate}
	}
	w.asked = true
	return lost
}

type origin struct {
	consolidator string
	epoch        uint64 // 0 while unknown
}

// standing is where the log stood at a consolidator.
type standing struct {
	loss.Position          // the next record
	number        uint64   // of the source
	logged        bool     // the log has come to it
	later         []uint64 // epochs that came after that one
}

func newCatchUp(asked *Want, from uint64, sources *Sources) *catchUp {
	c := &catchUp{
		from: from, wants: make(map[string]*want), origins: make(map[uint64]origin),
		keys: slices.Clone(asked.Keys), key: asked.Key, shared: asked.Shared, all: asked.All,
	}
	strangers := 0
	for name, at := range asked.Positions {
		if !sources.has(name) {
			if strangers++; strangers > max(maxStrangers, 2*len(sources.rows)) {
				c.given++
				continue
			}
		}
		c.wants[strings.Clone(name)] = &want{Position: at} // the name alone, of the request
	}
	c.learn(sources)
	return c
}

func (c *catchUp) learn(sources *Sources) {
	c.others = len(sources.rows) == 0
	for _, r := range sources.rows {
		c.origins[r.Number] = origin{r.Consolidator, r.Epoch}
		c.others = c.others || r.Epoch == 0
	}
	if len(c.keys) == 0 {
		return
	}
	// What is of an epoch that there is comes first: keys can be the same.
	for _, r := range sources.rows {
		c.name(r.Consolidator, r.Epoch, httpapi.KeyPosition.Is)
	}
	for _, r := range slices.Backward(sources.rows) {
		if r.Epoch != 0 {
			c.name(r.Consolidator, r.Epoch, func(httpapi.KeyPosition, uint64) bool { return true })
		}
	}
}

// name gives a consolidator the position with its key that is right for the epoch.
func (c *catchUp) name(consolidator string, epoch uint64, right func(httpapi.KeyPosition, uint64) bool) {
	if c.wants[consolidator] != nil || len(c.keys) == 0 {
		return
	}
	key := c.key(consolidator)
	i := slices.IndexFunc(c.keys, func(p httpapi.KeyPosition) bool { return p.Key == key && right(p, epoch) })
	if i >= 0 {
		c.wants[consolidator] = &want{Position: c.keys[i].In(epoch)}
		c.keys = slices.Delete(c.keys, i, i+1)
	}
}

func (c *catchUp) positions() map[string]loss.Position {
	positions := make(map[string]loss.Position, len(c.wants))
	for name, w := range c.wants {
		if w.Epoch != 0 {
			positions[name] = w.Position
		}
	}
	return positions
}

// covered finds where in the log everything that the reader misses begins: at a
// checkpoint, or at its beginning.
func (c *catchUp) covered(log Log) (at uint64, ok bool) {
	for _, point := range slices.Backward(log.Checkpoints.list) {
		if point.next >= log.First && c.leadsOn(log.Sources, point.positions) {
			return point.next, true
		}
	}
	return log.First, log.First == log.Floor && c.leadsOn(log.Sources, nil)
}

// leadsOn reports whether the log, from where it stands at these positions on, has
// all that is wanted. At a consolidator that is not among them it has all since it came
// there.
func (c *catchUp) leadsOn(sources *Sources, positions map[string]loss.Position) bool {
	began := make(map[string]bool)
	for _, r := range sources.rows { // newer epochs come later
		if !r.logged || began[r.Consolidator] {
			continue
		}
		began[r.Consolidator] = true
		at, stands := positions[r.Consolidator]
		if !stands {
			at = loss.Position{Epoch: r.Epoch, Seq: r.from}
		}
		switch w := c.wants[r.Consolidator]; {
		case r.vague && (w != nil || c.all), w == nil && c.all && at.Seq > 0, w != nil && (w.Epoch != at.Epoch || at.Seq > w.Seq):
			return false
		}
	}
	for name := range c.wants {
		if !began[name] {
			return false // it may be one that can be asked all the same
		}
	}
	return true
}

// reached notes where the log begins at consolidators that had not been reached when
// the log stood at c.end.
func (c *catchUp) reached(sources *Sources) {
	if c.stands == nil {
		return // the reader has not joined the log
	}
	for _, r := range sources.rows {
		at, known := c.stands[r.Consolidator]
		switch {
		case r.Epoch == 0 || at.Epoch == r.Epoch && at.logged == r.logged:
		case !known || !at.logged && r.logged:
			c.stands[r.Consolidator] = standing{Position: loss.Position{Epoch: r.Epoch, Seq: r.from}, number: r.Number, logged: r.logged}
		case r.Number > at.number && !slices.Contains(at.later, r.Epoch):
			at.later = append(at.later, r.Epoch)
			c.stands[r.Consolidator] = at
		}
	}
}

// wanted is what is wanted from a consolidator.
func (c *catchUp) wanted(consolidator string, epoch uint64) *want {
	c.find(consolidator, epoch)
	w := c.wants[consolidator]
	if w == nil {
		w = &want{told: true}
		c.wants[consolidator] = w
	}
	return w
}

// find gives a consolidator the position with its key, best one of the epoch.
func (c *catchUp) find(consolidator string, epoch uint64) {
	c.name(consolidator, epoch, httpapi.KeyPosition.Is)
	c.name(consolidator, epoch, func(httpapi.KeyPosition, uint64) bool { return true })
}

// number gives the epoch that a consolidator has spoken of a number.
func (c *catchUp) number(sources *Sources, consolidator string, epoch uint64) uint64 {
	n := sources.At(consolidator, epoch).Number
	c.origins[n] = origin{consolidator, epoch}
	return n
}

// isOver reports whether a source is of an epoch before the one that is wanted.
func (c *catchUp) isOver(number uint64, w *want) bool {
	o := c.origins[number]
	if o.epoch == w.Epoch || w.Epoch == 0 {
		return false
	}
	for n, later := range c.origins {
		if n > number && later.consolidator == o.consolidator && later.epoch == w.Epoch {
			return true
		}
	}
	return false
}

func (c *catchUp) entry(out []Event, e entry.Entry, next uint64) []Event {
	get := Event{ID: e.ID(0, 1), Entry: e}
	o := c.origins[e.Source]
	get.Consolidator = o.consolidator
	if o.epoch == 0 { // nobody knows what it stands for
		if next > c.from {
			out = append(out, get)
		}
		return out
	}
	w, named := c.wants[o.consolidator]
	switch {
	case !named && next <= c.from:
		return out
	case !named:
		w = c.wanted(o.consolidator, o.epoch)
	case c.isOver(e.Source, w):
		return out
	}
	behind := loss.Position{Epoch: o.epoch, Seq: e.Seq + 1}
	first := e.Seq // of the sequence numbers in the entry
	if e.Lost {
		after := e.After()
		if after.Epoch != 0 {
			behind = after
		}
		switch first++; {
		case e.Count == 0:
			if !w.told || !named {
				w.told = true
				get.Next = w.Position
				out = append(out, get)
			}
			return out
		case after.Epoch != 0 && after.Epoch == w.Epoch:
			return out
		case e.OfNext() || after.Epoch != 0 && w.told:
			// An epoch ended nobody knows where, and of the next one so many
			// are lost.
			if !w.told {
				out = append(out, Event{ID: unplaced(0, 0), Loss: &Loss{Unknown: true, Reason: NoLog}})
			}
			w.goOn(behind)
			w.level = true
			get.Next = behind
			return append(out, get)
		}
		first -= min(e.Count, first)
	}
	before := unplaced(0, 0)
	if first > 0 {
		before = unplaced(e.Source, first-1) // or it would be told again after a break
	}
	switch {
	case w.Epoch == o.epoch && e.Seq < w.Seq:
		w.level = e.Seq+1 == w.Seq
		return out
	case w.told:
	case w.Epoch != o.epoch && w.level:
	case w.Epoch != o.epoch:
		out = append(out, Event{
			ID: before, Loss: &Loss{Count: first, Unknown: true, Reason: NoLog},
			Consolidator: o.consolidator, Next: loss.Position{Epoch: o.epoch, Seq: first},
		})
	case first > w.Seq:
		out = append(out, Event{
			ID: before, Loss: &Loss{Count: first - w.Seq, Reason: loss.TooLate},
			Consolidator: o.consolidator, Next: loss.Position{Epoch: o.epoch, Seq: first},
		})
	case first < w.Seq:
		get.Entry.Count = e.Seq + 1 - w.Seq
	}
	w.goOn(behind)
	w.level = true
	get.Next = behind
	return append(out, get)
}

// stand notes where the log stands: at its end by now. It reports whether the log
// has consolidators of which the reader has nothing.
func (c *catchUp) stand(log Log) (others bool) {
	c.learn(log.Sources)
	c.end = log.Next
	c.stands = make(map[string]standing)
	for _, r := range log.Sources.rows { // newer epochs come later
		others = others || c.wants[r.Consolidator] == nil && r.Epoch != 0
		at, known := c.stands[r.Consolidator]
		switch {
		case r.Epoch == 0:
		case r.logged || !known:
			c.stands[r.Consolidator] = standing{Position: loss.Position{Epoch: r.Epoch, Seq: r.Next}, number: r.Number, logged: r.logged}
		default:
			at.later = append(at.later, r.Epoch)
			c.stands[r.Consolidator] = at
		}
	}
	for _, w := range c.wants {
		w.level = false
	}
	return others
}

// settle reports whether the reader stands where the log does at every
// consolidator, now that the log was read up to a place, and so goes on like any
// other. What it misses up to there is told.
func (c *catchUp) settle(out []Event, next uint64) (events []Event, settled bool) {
	if next < c.end {
		return out, false
	}
	settled = true
	var gone []string
	for _, name := range slices.Sorted(maps.Keys(c.wants)) {
		w := c.wants[name]
		log, known := c.stands[name]
		id := unplaced(0, 0)
		if log.Seq > 0 {
			id = unplaced(log.number, log.Seq-1)
		}
		switch {
		case w.level:
			continue
		case !known && c.others:
			settled = false // it may be one of those
			continue
		case !known:
			if !w.told {
				w.told = true
				gone = append(gone, name)
			}
			continue
		case w.Epoch == log.Epoch && w.Seq > log.Seq, slices.Contains(log.later, w.Epoch):
			settled = false // the log is behind
			continue
		case w.told:
		case w.Epoch != log.Epoch:
			out = append(out, Event{ID: id, Loss: &Loss{Count: log.Seq, Unknown: true, Reason: NoLog}, Consolidator: name, Next: log.Position})
		case w.Seq < log.Seq:
			out = append(out, Event{ID: id, Loss: &Loss{Count: log.Seq - w.Seq, Reason: loss.TooLate}, Consolidator: name, Next: log.Position})
		}
		w.goOn(log.Position)
		w.level = true
	}
	switch {
	case len(c.keys) == 0:
	case c.others:
		settled = false // likewise
	case !c.shared:
		c.keys = nil
		gone = append(gone, "one that is not in the cluster any more")
	}
	if len(gone) > 0 || c.given > 0 {
		out = append(out, Event{ID: unplaced(0, 0), Loss: &Loss{Unknown: true, Reason: goneReason(gone, c.given)}})
		c.given = 0
	}
	return out, settled
}

// goneReason says what became of consolidators that are not in the cluster any more.
// Of some the names are not known.
func goneReason(names []string, nameless uint64) string {
	const shown = 3
	text := strings.Join(names[:min(len(names), shown)], ", ")
	if len(names) == 0 {
		return fmt.Sprintf("the proxy does not know %d of the consolidators that were named", nameless)
	}
	if more := max(len(names)-shown, 0) + int(nameless); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return "the proxy does not read from there any more: " + text
}
