package discovery

import (
	"cmp"
	"slices"
)

// Clone is what is found, for somebody who may keep it.
func (f Found) Clone() Found {
	f.Consolidators = slices.Clone(f.Consolidators)
	return f
}

// Equal reports whether the same is found, in whatever order.
func (f Found) Equal(other Found) bool {
	return f.Known == other.Known && f.Partial == other.Partial && f.Trouble == other.Trouble &&
		slices.Equal(sorted(f.Consolidators), sorted(other.Consolidators))
}

// sorted is a set in the order of its endpoints.
func sorted(list []Consolidator) []Consolidator {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Consolidator) int {
		return cmp.Or(cmp.Compare(a.Subscribe, b.Subscribe), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key))
	})
	return list
}

// Bound keeps a set within [Max]: those that were known before stay, then come the
// others in the order of their names and endpoints. It returns how many it leaves out.
func Bound(list, known []Consolidator) (kept []Consolidator, left int) {
	if len(list) <= Max {
		return list, 0
	}
	before := make(map[string]bool)
	for _, c := range known {
		before[c.Subscribe] = true
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Consolidator) int {
		return cmp.Or(
			-compareBool(before[a.Subscribe], before[b.Subscribe]),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Subscribe, b.Subscribe),
		)
	})
	return list[:Max], len(list) - Max
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
