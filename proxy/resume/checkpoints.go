package resume

import (
	"maps"
	"sort"

	"sluice/cluster/loss"
	"sluice/proxy/entry"
)

// checkpointEvery is how many bytes of a log lie between two checkpoints.
const checkpointEvery = 1 << 20

// Checkpoints say where a log stood at the consolidators. Those of a log can be
// many, and its entries say only whose they are: where it stood at a place is
// known from the next checkpoint, and from what the log has up to there.
type Checkpoints struct {
	list  []checkpoint // oldest first
	since int          // bytes since the last of them
}

type checkpoint struct {
	next      uint64 // number of the entry that follows
	positions map[string]loss.Position
}

// Grown notes that a log has grown by so many bytes. log is asked for how it
// stands when a checkpoint is due; its sources are tidied then, too.
func (c *Checkpoints) Grown(size int, log func() Log) {
	if c.since += size; c.since < checkpointEvery {
		return
	}
	c.since = 0
	now := log()
	now.Sources.forget(now)
	gone := sort.Search(len(c.list), func(i int) bool { return c.list[i].next > now.First })
	c.list = append(c.list[:0], c.list[gone:]...)
	c.list = append(c.list, checkpoint{now.Next, now.Sources.Positions()})
}

// Before begins to find out where a log stood at a place: its entries from there
// on are to be given to [Standing.Entry], as long as [Standing.More].
func (c *Checkpoints) Before(place uint64, log Log) *Standing {
	s := &Standing{place: place, end: log.Next, origins: make(map[uint64]origin), seen: make(map[string]bool)}
	i := sort.Search(len(c.list), func(i int) bool { return c.list[i].next >= place })
	if i < len(c.list) {
		s.end, s.Positions = c.list[i].next, maps.Clone(c.list[i].positions)
	} else {
		s.Positions = log.Sources.Positions()
	}
	for _, r := range log.Sources.rows {
		s.origins[r.Number] = origin{r.Consolidator, r.Epoch}
	}
	s.open = len(s.Positions)
	return s
}

// Standing is where a log stood at the consolidators at a place: the first entry
// of a consolidator behind that says where it stood.
type Standing struct {
	Positions map[string]loss.Position // known when there is no more

	place, end uint64
	origins    map[uint64]origin
	seen       map[string]bool
	open       int // of Positions: those that are not known yet
}

// More is the place of the entry that is wanted next, unless all is known.
func (s *Standing) More() (place uint64, more bool) { return s.place, s.place < s.end && s.open > 0 }

// Entry takes the next entry. It reports false when that does not say what it is
// of: then nobody knows where the log stood.
func (s *Standing) Entry(e entry.Entry) bool {
	s.place += e.Numbers()
	o, known := s.origins[e.Source]
	switch {
	case !known:
		return e.Source == 0 // a loss where nothing of a consolidator was ever had
	case o.epoch == 0 || s.seen[o.consolidator]:
		return true
	}
	at := loss.Position{Epoch: o.epoch, Seq: e.Seq}
	if e.Lost {
		if at.Seq++; e.OfNext() {
			at = e.After()
		}
		if e.Count > at.Seq {
			return false
		}
		at.Seq -= e.Count
	}
	s.seen[o.consolidator] = true
	if _, has := s.Positions[o.consolidator]; has {
		s.open--
	}
	s.Positions[o.consolidator] = at
	return true
}
