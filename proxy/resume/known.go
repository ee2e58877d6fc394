package resume

import (
	"slices"

	"sluice/cluster/stream"
)

// Known is the names of the consolidators that there are. It is made once for all logs
// that are told of them, and never changed. Those of nil are none.
type Known struct {
	names []string       // sorted, each once: numbers are given in this order
	at    map[string]int // in names
}

// Renew returns the names that a status has: k itself if they are the same, which saves
// all logs that know it the comparing.
func (k *Known) Renew(all []stream.Status) *Known {
	if k.same(all) {
		return k
	}
	now := &Known{names: make([]string, 0, len(all)), at: make(map[string]int, len(all))}
	for i := range all {
		now.names = append(now.names, all[i].Name)
	}
	slices.Sort(now.names)
	now.names = slices.Compact(now.names)
	for i, name := range now.names {
		now.at[name] = i
	}
	return now
}

func (k *Known) same(all []stream.Status) bool {
	if k == nil || len(all) != len(k.names) {
		return false
	}
	seen := make([]bool, len(all))
	for i := range all {
		at, ok := k.at[all[i].Name]
		if !ok || seen[at] {
			return false
		}
		seen[at] = true
	}
	return true
}

// Has reports whether a consolidator is among them.
func (k *Known) Has(consolidator string) bool {
	if k == nil {
		return false
	}
	_, ok := k.at[consolidator]
	return ok
}

// Meet notes all consolidators that there are, and how they stand, at once. known are
// their names.
func (s *Sources) Meet(all []stream.Status, known *Known) {
	s.admit(known)
	states := make([]stream.State, len(known.names))
	for i := range all {
		states[known.at[all[i].Name]] = all[i].State
	}
	for _, r := range s.rows {
		if at, ok := known.at[r.Consolidator]; ok {
			s.stand(r, states[at])
		}
	}
}

// SetState notes the state of a consolidator, in all its epochs. All that are known are
// sources from now on: one that was not reached yet goes by its address, and its source
// gets the name when that is known. One that is not among them, and was never reached, is
// no source any more.
func (s *Sources) SetState(consolidator string, state stream.State, known *Known) {
	if s.met != known {
		s.rename(consolidator, known)
		s.admit(known)
	}
	for _, r := range s.rows {
		if r.Consolidator == consolidator {
			s.stand(r, state)
		}
	}
}

// rename gives a consolidator that was reached now, and is no source yet, the source of
// one that is not known any more and was not reached.
func (s *Sources) rename(consolidator string, known *Known) {
	if !known.Has(consolidator) || s.has(consolidator) {
		return
	}
	for _, r := range s.rows {
		if r.Epoch == 0 && !known.Has(r.Consolidator) {
			r.Consolidator = consolidator
			s.origins = nil
			s.touch(r)
			return
		}
	}
}

// admit makes sources of all that are known, and drops those that are not and were
// never reached.
func (s *Sources) admit(known *Known) {
	if s.met == known {
		return
	}
	is := make([]bool, len(known.names))
	missing, before := len(is), len(s.rows)
	s.rows = slices.DeleteFunc(s.rows, func(r *Source) bool {
		at, ok := known.at[r.Consolidator]
		if ok && !is[at] {
			is[at] = true
			missing--
		}
		return !ok && r.Epoch == 0
	})
	if len(s.rows) < before {
		s.origins = nil
	}
	if missing > 0 {
		rows := make([]Source, missing) // one piece of memory
		s.rows = slices.Grow(s.rows, missing)
		for i, name := range known.names {
			if !is[i] {
				s.add(&rows[0], name, stream.StateConnecting)
				rows = rows[1:]
			}
		}
	}
	s.met = known
}

// stand notes the state of a source.
func (s *Sources) stand(r *Source, state stream.State) {
	if r.State != state {
		r.State = state
		s.touch(r)
	}
}
