package query

import (
	"runtime"

	"sluice/tui/rows"
)

// Reader goes through the rows of a lease that pass a probe, for one of its readers.
type Reader struct {
	passing background
	take    func(n uint64, r *Row)
	row     *Row
}

// NewReader returns a reader that calls take with each row that passes, and its number.
// The row is valid until take returns.
func NewReader(l *rows.Lease, p Probe, take func(n uint64, r *Row)) *Reader {
	r := &Reader{take: take, passing: background{lease: l, probe: p}, row: newRow(l.Names())}
	r.passing.driven = p.driven(l.Names())
	return r
}

// Read goes through a part that is taken. It returns false when the lease ended before
// it was through.
func (r *Reader) Read(p *rows.Part) (complete bool) {
	found, complete := r.passing.examine(p, r.row)
	if found == nil || !complete {
		return complete
	}
	from, _ := p.Bounds()
	base := from / rows.BlockLen * rows.BlockLen
	row := r.row
	tested := 0
	for s := range p.Stretches() {
		for i := s.From; i < s.To; i++ {
			if found[i/64]&(1<<(i%64)) == 0 {
				continue
			}
			e := p.Entry(i)
			row.set(e, e.In(s.Mem))
			r.take(base+uint64(i), row)
			if tested++; tested%yieldEvery == 0 {
				if r.passing.lease.Ended() {
					return false
				}
				runtime.Gosched()
			}
		}
	}
	return true
}
