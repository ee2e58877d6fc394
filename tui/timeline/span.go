package timeline

import (
	"slices"

	"sluice/tui/rows"
)

// Rows are the rows that a filter shows, or a search has found, as a query.Scan has them.
type Rows interface {
	// Count is how many there are, and At the number of one of them, by their order.
	Count() int
	At(i int) uint64
	// Hits has a bit for each record of a block that is among them; nil: none is.
	Hits(block uint64) *[rows.BlockLen / 64]uint64
	// Complete reports whether it is known of all records.
	Complete() bool
}

// sampled is how many times are looked at for the whole span.
const sampled = 1000

// Span is the time that the rows of a store take, of those with numbers below end; in
// is nil when all are rows. Few records with wild times do not count, so they may lie
// outside.
func Span(s *rows.Store, in Rows, end uint64) (first, last int64, ok bool) {
	number := func(i int) uint64 { return s.First() + uint64(i) }
	n := int(min(end, s.Next()) - min(s.First(), end))
	if in != nil {
		number, n = in.At, in.Count()
	}
	if n <= 0 {
		return 0, 0, false
	}
	times := make([]int64, 0, sampled)
	for i := range min(n, sampled) {
		k := i
		if n > sampled {
			k = int(int64(i) * int64(n-1) / (sampled - 1))
		}
		if at := number(k); at >= s.First() && at < s.Next() {
			times = append(times, s.Entry(at).Time)
		}
	}
	if len(times) == 0 {
		return 0, 0, false
	}
	slices.Sort(times)
	few := len(times) / 100
	low, high := times[few], times[len(times)-1-few]
	reach := max((high-low)/2, 60_000)
	at, _ := slices.BinarySearch(times, low-reach)
	first = times[at]
	at, _ = slices.BinarySearch(times, high+reach+1)
	return first, times[at-1], true
}
