package replay

import "sluice/cluster/record"

const (
	// far is how far the time of a record may be from its neighbours' before they are
	// asked whether it is right, in milliseconds: 30 days.
	far = 30 * 24 * 3600 * 1000
	// neighbours is how many records that follow are asked.
	neighbours = 16
	// timeless is how many lines without a time may stand before one of those.
	timeless = 256
)

func near(a, b int64) bool { return max(a, b)-min(a, b) <= far }

// outlier reports whether the time of the next record is wrong, as of a machine
// that has not set its clock yet: those that follow are near to the records before
// it, and not to it. Of the first record in a file, the first that follows speaks for
// the others. It returns the time that the record has by its neighbours.
//
// A gap, and a clock that was set, are none: what follows agrees with them.
func (r *recording) outlier(own int64) (time int64, yes bool) {
	others := r.clock
	if others != 0 && near(own, others) {
		return own, false
	}
	withOwn, withOthers, without := 0, 0, 0
	r.lines.ahead(r.reopens, func(line []byte) bool {
		if r.marked && record.IsStreamMark(line) {
			return true // it has the time at which it was written
		}
		t := record.PeekTime(line)
		if t == 0 {
			without++
			return without < timeless
		}
		if others == 0 {
			others = t
		}
		switch {
		case near(t, own):
			withOwn++
		case near(t, others):
			withOthers++
		}
		return withOwn+withOthers < neighbours
	})
	switch {
	case r.clock == 0:
		yes = withOthers > max(withOwn, 1)
	case withOwn+withOthers > 0:
		yes = withOthers >= withOwn
	default: // nothing follows: the file is older
		yes = r.written != 0 && own > r.written+far && r.clock <= r.written+far
	}
	if yes {
		return others, true
	}
	return own, false
}
