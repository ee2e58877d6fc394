package view

import "slices"

// ErrorFrom is the next row above or below a number that is an error.
func (v *View) ErrorFrom(from uint64, step int) (n uint64, ok bool) {
	s, end := v.store, min(v.ShownEnd(), v.store.Next())
	if step > 0 {
		if n, ok = v.past.errorFrom(from, step); ok {
			return n, true
		}
		for _, k := range v.kept.shown {
			if k.number > from && k.entry.IsError() {
				return k.number, true
			}
		}
		for n := max(from+1, s.First()); n < end; n++ {
			if s.Entry(n).IsError() && v.has(n) {
				return n, true
			}
		}
		return 0, false
	}
	for n := min(from, end); n > s.First(); n-- {
		if s.Entry(n-1).IsError() && v.has(n-1) {
			return n - 1, true
		}
	}
	for _, k := range slices.Backward(v.kept.shown) {
		if k.number < from && k.entry.IsError() {
			return k.number, true
		}
	}
	return v.past.errorFrom(from, step)
}

// has reports whether a record that the store has is known to be a row.
func (v *View) has(n uint64) bool { return v.rows == nil || v.rows.Has(n) }
