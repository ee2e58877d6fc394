package proxy

import (
	"strconv"

	"sluice/cluster/stream"
)

// keepEpochs is how many epochs of one consolidator a table remembers.
const keepEpochs = 3

// table numbers the sources of one stream: a number names a consolidator in one
// epoch. Its tail's lock guards it.
type table struct {
	rows    []*row // oldest first
	last    uint64 // newest number given
	version uint64 // grows with every change
}

// row is one numbered source.
type row struct {
	n            uint64
	consolidator string
	epoch        uint64 // 0 while unknown
	next         uint64 // sequence number of the next record from there
	logged       bool   // what is read from there goes into the log; false while it was only read again for sessions
	from         uint64 // sequence number with which the log begins there
	begun        uint64 // version of the table when that was known
	state        stream.State
	version      uint64 // of the table, at the row's last change
}

// newest returns the newest row of a consolidator, and makes one if there is
// none.
func (t *table) newest(consolidator string) *row {
	for i := len(t.rows) - 1; i >= 0; i-- {
		if t.rows[i].consolidator == consolidator {
			return t.rows[i]
		}
	}
	return t.add(consolidator, 0, stream.StateConnecting)
}

// logging returns the row in which the log stands at a consolidator, and makes
// one if there is none.
func (t *table) logging(consolidator string) *row {
	for i := len(t.rows) - 1; i >= 0; i-- {
		if r := t.rows[i]; r.logged && r.consolidator == consolidator {
			return r
		}
	}
	return t.newest(consolidator)
}

// at returns the row of a consolidator in an epoch, and makes one if there is
// none. A row whose epoch was unknown gets this one.
func (t *table) at(consolidator string, epoch uint64) *row {
	if r := t.find(consolidator, epoch); r != nil {
		return r
	}
	r := t.newest(consolidator)
	if r.epoch != 0 {
		return t.add(consolidator, epoch, r.state)
	}
	r.epoch = epoch
	t.touch(r)
	return r
}

// find returns the row of a consolidator in an epoch, or nil.
func (t *table) find(consolidator string, epoch uint64) *row {
	for i := len(t.rows) - 1; i >= 0; i-- {
		if r := t.rows[i]; r.epoch == epoch && r.consolidator == consolidator {
			return r
		}
	}
	return nil
}

// covers reports whether the log leads on from these places. It does not from
// an epoch that was over before the log began.
func (t *table) covers(positions map[string]stream.Position) bool {
	unreached := false // whatever its name is
	for _, r := range t.rows {
		unreached = unreached || r.epoch == 0
	}
	for name, at := range positions {
		if t.find(name, at.Epoch) == nil && (unreached || t.has(name)) {
			return false
		}
	}
	return true
}

// add gives the next number, and forgets the oldest row of a consolidator that
// has too many.
func (t *table) add(consolidator string, epoch uint64, state stream.State) *row {
	oldest, count := 0, 0
	for i := len(t.rows) - 1; i >= 0; i-- {
		if t.rows[i].consolidator == consolidator {
			oldest = i
			count++
		}
	}
	if count >= keepEpochs {
		t.rows = append(t.rows[:oldest], t.rows[oldest+1:]...)
	}
	t.last++
	r := &row{n: t.last, consolidator: consolidator, epoch: epoch, state: state}
	t.rows = append(t.rows, r)
	t.touch(r)
	return r
}

// set notes the state of a consolidator, in all its rows. known has the names
// of all there are: one that was not reached yet goes by its address, and its
// row gets the name when that is known.
func (t *table) set(consolidator string, state stream.State, known map[string]bool) {
	for i := 0; i < len(t.rows); i++ {
		r := t.rows[i]
		if r.epoch != 0 || known[r.consolidator] || r.consolidator == consolidator {
			continue
		}
		if t.has(consolidator) {
			t.rows = append(t.rows[:i], t.rows[i+1:]...)
			i--
			continue
		}
		r.consolidator = consolidator
		t.touch(r)
	}
	t.newest(consolidator)
	for _, r := range t.rows {
		if r.consolidator == consolidator && r.state != state {
			r.state = state
			t.touch(r)
		}
	}
}

func (t *table) has(consolidator string) bool {
	for _, r := range t.rows {
		if r.consolidator == consolidator {
			return true
		}
	}
	return false
}

func (t *table) touch(r *row) {
	t.version++
	r.version = t.version
}

// begin notes that the log has what is read at a row, from a sequence number on.
func (t *table) begin(r *row, from uint64) {
	if !r.logged {
		r.logged, r.from, r.begun = true, from, t.version
	}
}

// since appends the source events of the rows that have changed after a
// version, for a session that joined the log at another: one that was there
// before a row began is told where that was, however many records of it the log
// has by now.
func (t *table) since(dst []byte, version, joined uint64) []byte {
	for _, r := range t.rows {
		if r.version > version {
			e := r.event()
			if r.begun > version && r.begun > joined {
				e.Next = r.from
			}
			dst = appendSource(dst, e)
		}
	}
	return dst
}

func (r *row) event() stream.SourceEvent {
	e := stream.SourceEvent{N: r.n, Consolidator: r.consolidator, State: r.state.String(), Next: r.next}
	if r.epoch != 0 {
		e.Epoch = strconv.FormatUint(r.epoch, 36)
	}
	return e
}
