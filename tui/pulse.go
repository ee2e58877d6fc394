package tui

import (
	"math"
	"time"

	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/rows"
)

// pulseSeconds is how far back a pulse remembers.
const pulseSeconds = 60

// pulse is how many records a store got in each of the last seconds, how many
// of them were errors, and from whom they came.
type pulse struct {
	records, errors [pulseSeconds]uint64 // by second, modulo
	second          int64                // Unix second of the newest
	seen            uint64               // records of the store below this number are counted
	sources         []sourcePulse        // by the store's number of the source
}

// sourcePulse is what came through one source.
type sourcePulse struct {
	records uint64
	last    time.Time // arrival of the newest
}

// bucket is where a second is counted; a recording may be from before 1970.
func bucket(second int64) int { return int(uint64(second) % pulseSeconds) }

func (p *pulse) advance(now time.Time) {
	second := now.Unix()
	if second-p.second >= pulseSeconds || p.second-second >= pulseSeconds {
		p.records, p.errors = [pulseSeconds]uint64{}, [pulseSeconds]uint64{}
		p.second = second
		return
	}
	for p.second < second {
		p.second++
		at := bucket(p.second)
		p.records[at], p.errors[at] = 0, 0
	}
}

// update counts what the store got since the last one, in this second, or, in a
// replay, in that of each record's own time. Backfill is not counted: it did not come
// now.
func (p *pulse) update(s *rows.Store, now time.Time, replay bool) {
	if p.seen == s.Next() {
		return
	}
	p.advance(now)
	at := bucket(p.second)
	for n := max(p.seen, s.First()); n < s.Next(); n++ {
		e := s.Entry(n)
		if e.Kind.Notice() {
			continue
		}
		for int(e.Source) >= len(p.sources) {
			p.sources = append(p.sources, sourcePulse{})
		}
		from := &p.sources[e.Source]
		from.records++
		from.last = s.Arrived(e.Source)
		if e.Kind == rows.KindBackfill {
			continue
		}
		if replay {
			second := min(e.Time/1000, p.second)
			if p.second-second >= pulseSeconds {
				continue
			}
			at = bucket(second)
		}
		p.records[at]++
		if e.Level >= int16(record.Error) {
			p.errors[at]++
		}
	}
	p.seen = s.Next()
}

// minute is how many errors came within the last minute.
func (p *pulse) minute(now time.Time) (errors uint64) {
	p.advance(now)
	for _, n := range p.errors {
		errors += n
	}
	return errors
}

// bars are the heights of a sparkline.
var bars = [...]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// draw appends the last minute in cells, the newest on the right: how many
// records came, or how many errors.
func (p *pulse) draw(l *cell.Line, st, none cell.Style, cells int, errors bool, now time.Time) {
	p.advance(now)
	counts := &p.records
	if errors {
		counts = &p.errors
	}
	per := int64(pulseSeconds / cells)
	sums := make([]uint64, cells)
	var most uint64
	for c := range cells {
		// Whole cells only, aligned, so that the picture moves and does not swim;
		// the one that is not over yet would always look low.
		from := p.second - p.second%per - int64(cells-c)*per
		for at := max(from, p.second-pulseSeconds+1, 0); at < from+per; at++ {
			sums[c] += counts[bucket(at)]
		}
		most = max(most, sums[c])
	}
	for _, n := range sums {
		if n == 0 {
			l.Add(none, bars[0])
			continue
		}
		l.Add(st, bars[1+int(math.Round(float64(n)/float64(most)*float64(len(bars)-2)))])
	}
}
