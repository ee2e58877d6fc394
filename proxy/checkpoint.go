package proxy

import (
	"maps"
	"sort"

	"sluice/cluster/fanout"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
)

// checkpointEvery is how many bytes of a log lie between two checkpoints.
const checkpointEvery = 1 << 20

// checkpoint is where a log stood at the consolidators. The consolidators of a
// log can be many, its records say only whose they are: so a place that the log
// has lost everything before is known from the next checkpoint, and from what
// the log has up to there.
type checkpoint struct {
	next      uint64 // number of the entry that follows
	positions map[string]stream.Position
}

// appended notes that the log has grown to a place. t.mu is held.
func (t *tail) appended(size int, next uint64) {
	t.unchecked += size
	if t.unchecked < checkpointEvery {
		return
	}
	t.unchecked = 0
	if stat, ok := t.hub.Stat(t.name); ok {
		gone := sort.Search(len(t.checkpoints), func(i int) bool { return t.checkpoints[i].next > stat.First })
		t.checkpoints = append(t.checkpoints[:0], t.checkpoints[gone:]...)
	}
	t.checkpoints = append(t.checkpoints, checkpoint{next, t.table.standing()})
}

// standing is where the log stands at the consolidators that count.
func (t *table) standing() map[string]stream.Position {
	positions := make(map[string]stream.Position)
	for _, r := range t.rows { // newer epochs come later
		if r.logged && r.epoch != 0 {
			positions[r.consolidator] = stream.Position{Epoch: r.epoch, Seq: r.next}
		}
	}
	return positions
}

// checkpointFrom is the first one that is not before a place. Without one it is
// made of where the log stands now.
func (t *tail) checkpointFrom(at fanout.Position) (to checkpoint, rows map[uint64]row, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	stat, ok := t.hub.Stat(t.name)
	if !ok || t.closed || stat.Epoch != at.Epoch || at.Next < t.floor {
		return to, nil, false
	}
	rows = make(map[uint64]row, len(t.table.rows))
	for _, r := range t.table.rows {
		rows[r.n] = *r
	}
	i := sort.Search(len(t.checkpoints), func(i int) bool { return t.checkpoints[i].next >= at.Next })
	if i < len(t.checkpoints) {
		return t.checkpoints[i], rows, true
	}
	return checkpoint{stat.Next, t.table.standing()}, rows, true
}

// positionsAt is where the log stood at the consolidators at a place that it
// still has. It reads on from there up to the next checkpoint: the first entry
// of a consolidator says where it stood. ok is false when the log lost what was
// to be read meanwhile, or has the entry between the end of an epoch and the
// next one first.
func (t *tail) positionsAt(at fanout.Position) (positions map[string]stream.Position, ok bool) {
	to, rows, ok := t.checkpointFrom(at)
	if !ok {
		return nil, false
	}
	positions = maps.Clone(to.positions)
	seen := make(map[string]bool)
	reader := t.hub.Reader()
	defer reader.Close()
	reader.Tail(t.name, fanout.From{Kind: fanout.FromPosition, Position: at})
	for place := at.Next; place < to.next; {
		p, ok := reader.Take(maxTaken)
		if !ok || p.Lost > 0 || p.Unknown || p.Next != place {
			if ok {
				p.Release()
			}
			return nil, false
		}
		for entries := p.Bytes; len(entries) > 0 && place < to.next; {
			e, size := entry.First(entries)
			if !standsBefore(&e, rows, seen, positions) {
				p.Release()
				return nil, false
			}
			entries = entries[size:]
			place += e.Numbers()
		}
		p.Release()
	}
	return positions, true
}

// standsBefore notes where the log stood at a consolidator before an entry, if
// that is the first of it. It reports false when the entry does not say.
func standsBefore(e *entry.Entry, rows map[uint64]row, seen map[string]bool, positions map[string]stream.Position) bool {
	r, known := rows[e.Source]
	switch {
	case !known:
		return e.Source == 0 // a loss where nothing of a consolidator was ever had
	case r.epoch == 0 || seen[r.consolidator]:
		return true
	}
	first := e.Seq
	if e.Lost {
		if after := e.After(); after.Epoch != 0 && e.Count > 0 && after.Epoch != r.epoch {
			return false // of the old epoch, or of the new one
		}
		if first++; e.Count > first {
			return false
		}
		first -= e.Count
	}
	seen[r.consolidator] = true
	positions[r.consolidator] = stream.Position{Epoch: r.epoch, Seq: first}
	return true
}
