package proxy

import (
	"slices"

	"sluice/cluster/fanout"
	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
)

// resumeID is the id of a session's next event, kept as text: most often two of its
// numbers grow a little, and are written over in place.
type resumeID struct {
	epoch, next uint64 // the place; epoch 0 for none
	placeEnd    int    // of its number in text
	slots       []slot
	more        bool // there are positions without a slot

	text []byte // "id: …"; empty when it is to be made anew
}

// slot is the position in a stream at a consolidator.
type slot struct {
	part         *part // nil while the consolidator of the key is not known
	consolidator string
	httpapi.KeyPosition
	end int // of its number in text
}

// place sets the place in the log.
func (r *resumeID) place(at fanout.Position) {
	epoch := at.Epoch & httpapi.EpochMask
	if epoch != r.epoch || !put(r.text, r.placeEnd, r.next, at.Next) {
		r.text = r.text[:0]
	}
	r.epoch, r.next = epoch, at.Next
}

// noPlace takes the place away.
func (r *resumeID) noPlace() {
	if r.epoch != 0 {
		r.epoch, r.next, r.text = 0, 0, r.text[:0]
	}
}

// put writes a number over the one that ends there, if both have as many digits.
func put(text []byte, end int, old, n uint64) bool {
	size := httpapi.NumberSize(n)
	if len(text) == 0 || end > len(text) || size != httpapi.NumberSize(old) {
		return false
	}
	httpapi.PutNumber(text[end-size:end], n)
	return true
}

// find is the number of a slot, or -1. There is one for each of the first positions.
func (r *resumeID) find(p *part, consolidator string) int {
	return slices.IndexFunc(r.slots, func(s slot) bool { return s.part == p && s.consolidator == consolidator })
}

// set sets the position in a part's stream at a consolidator, and returns its slot, or
// -1 if there is no room for it.
func (r *resumeID) set(p *part, consolidator string, at loss.Position) int {
	i := r.find(p, consolidator)
	if i < 0 {
		key := httpapi.PositionKey(p.name, consolidator)
		i = slices.IndexFunc(r.slots, func(s slot) bool { return s.part == nil && s.Key == key })
	}
	switch {
	case i >= 0:
		r.slots[i].part, r.slots[i].consolidator = p, consolidator
	case len(r.slots) == httpapi.MaxPositions:
		if !r.more {
			r.more, r.text = true, r.text[:0]
		}
		return -1
	default:
		r.slots = append(r.slots, slot{part: p, consolidator: consolidator, KeyPosition: httpapi.KeyPosition{
			Key: httpapi.PositionKey(p.name, consolidator),
		}})
		r.text = r.text[:0]
		i = len(r.slots) - 1
	}
	r.move(i, at)
	return i
}

// move sets the position of a slot.
func (r *resumeID) move(i int, at loss.Position) {
	s := &r.slots[i]
	epoch := at.Epoch & httpapi.EpochMask
	if epoch != s.Epoch || !put(r.text, s.end, s.Next, at.Seq) {
		r.text = r.text[:0]
	}
	s.Epoch, s.Next = epoch, at.Seq
}

// moveOn is move within an epoch.
func (r *resumeID) moveOn(i int, next uint64) {
	s := &r.slots[i]
	if !put(r.text, s.end, s.Next, next) {
		r.text = r.text[:0]
	}
	s.Next = next
}

// omit says that some positions are not known.
func (r *resumeID) omit() { r.more, r.text = true, r.text[:0] }

// keep keeps a position as it came.
func (r *resumeID) keep(p httpapi.KeyPosition) {
	if len(r.slots) == httpapi.MaxPositions {
		r.more = true
	} else {
		r.slots = append(r.slots, slot{KeyPosition: p})
	}
	r.text = r.text[:0]
}

// forget takes the positions of a part away; nil stands for those whose consolidators
// are not known.
func (r *resumeID) forget(p *part) {
	r.slots = slices.DeleteFunc(r.slots, func(s slot) bool { return s.part == p })
	r.text = r.text[:0]
}

// line is "id: " and the id, valid until the next call of any method.
func (r *resumeID) line() []byte {
	if len(r.text) > 0 {
		return r.text
	}
	r.text = httpapi.AppendPlace(append(r.text, idLine...), r.epoch, r.next)
	r.placeEnd = len(r.text)
	if r.epoch == 0 {
		r.placeEnd = 1 << 30
	}
	for i := range r.slots {
		r.text = r.slots[i].AppendText(r.text)
		r.slots[i].end = len(r.text)
	}
	if r.more {
		r.text = append(r.text, '~')
	}
	return r.text
}
