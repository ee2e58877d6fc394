package timeline

import "sluice/cluster/stream"

// Archived is the records along an axis that an archive has, and nobody has loaded: of those
// nothing but their number is known. It never changes.
type Archived struct {
	Records []uint64 // by column
	Gaps    []uint64 // losses, likewise
	Before  uint64   // records before the axis
	After   uint64   // and behind it
	Coarse  bool     // they were too many to be told apart by column
}

// Along puts counts into the columns of an axis, which are as wide as theirs at least.
func Along(a Axis, parts []stream.Counts) *Archived {
	records := stream.Counts{From: a.From, Step: a.Step, Records: make([]uint64, a.Width)}
	gaps := stream.Counts{From: a.From, Step: a.Step, Records: make([]uint64, a.Width)}
	coarse := false
	for i := range parts {
		p := &parts[i]
		records.Before += p.Before
		records.After += p.After
		coarse = coarse || p.Coarse
		for k, n := range p.Records {
			at := p.From + int64(k)*p.Step
			records.Spread(at, at+p.Step-1, n)
			if p.Gaps != nil {
				gaps.Spread(at, at+p.Step-1, p.Gaps[k])
			}
		}
	}
	return &Archived{Records: records.Records, Gaps: gaps.Records, Before: records.Before, After: records.After, Coarse: coarse}
}

// Without is the archive without what is between two times.
func (r *Archived) Without(a Axis, from, to int64) *Archived {
	c := *r
	c.Records = append([]uint64(nil), r.Records...)
	for i := range c.Records {
		if a.At(i) <= to && a.At(i+1) > from {
			c.Records[i] = 0
		}
	}
	return &c
}

// Spans is the time that counts take, from the first to the last that is counted, in Unix
// milliseconds; ok: there are any.
func Spans(parts []stream.Counts) (first, last int64, ok bool) {
	for i := range parts {
		p := &parts[i]
		if len(p.Records) == 0 {
			continue
		}
		if from, to := p.From, p.End()-1; !ok {
			first, last, ok = from, to, true
		} else {
			first, last = min(first, from), max(last, to)
		}
	}
	return first, last, ok
}
