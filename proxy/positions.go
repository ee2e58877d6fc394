package proxy

import (
	"sluice/cluster/fanout"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
	"sluice/proxy/resume"
)

// positionsAt is where the log stood at the consolidators at a place that it
// still has. ok is false when the log has lost meanwhile what was to be read for
// that, or does not say it.
func (t *tail) positionsAt(at fanout.Position) (positions map[string]stream.Position, ok bool) {
	standing := t.standing(at.Next)
	if _, more := standing.More(); !more {
		return standing.Positions, true
	}
	reader := t.hub.Reader()
	defer reader.Close()
	reader.Tail(t.name, fanout.From{Kind: fanout.FromPosition, Position: at})
	for place, more := standing.More(); more; place, more = standing.More() {
		p, ok := reader.Take(maxTaken)
		if !ok {
			return nil, false
		}
		ok = p.Lost == 0 && !p.Unknown && p.Next == place
		for entries := p.Bytes; ok && more && len(entries) > 0; _, more = standing.More() {
			e, size := entry.First(entries)
			entries = entries[size:]
			ok = standing.Entry(e)
		}
		p.Release()
		if !ok {
			return nil, false
		}
	}
	return standing.Positions, true
}

func (t *tail) standing(place uint64) *resume.Standing {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.checkpoints.Before(place, t.log())
}

// giveUp takes a piece at the end of the log instead of p, and returns where the
// log stands there at the consolidators.
func (t *tail) giveUp(reader *fanout.Reader, p *fanout.Piece) map[string]stream.Position {
	t.mu.Lock() // so that the log does not grow
	defer t.mu.Unlock()
	reader.Overtake(p)
	return t.sources.Positions()
}
