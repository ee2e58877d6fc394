package query

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// numbers are a sorted set that loses its lowest.
func TestNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		f := &numbers{}
		var want []uint64
		start := r.Uint64N(100_000)
		low := uint64(0)
		for range 3000 {
			switch r.IntN(20) {
			case 0:
				low = max(low, start+r.Uint64N(20_000))
				f.trim(low)
				want = slices.DeleteFunc(want, func(n uint64) bool { return n < low })
			default:
				n := start + r.Uint64N(30_000)
				if n < low {
					continue
				}
				f.add(n)
				if i, ok := slices.BinarySearch(want, n); !ok {
					want = slices.Insert(want, i, n)
				}
			}
		}
		if f.total != len(want) {
			t.Fatalf("%d numbers, want %d", f.total, len(want))
		}
		for i, n := range want {
			if f.at(i) != n || f.ord(n) != i || f.ord(n+1) != i+1 {
				t.Fatalf("number %d is %d at %d, want %d", i, f.at(i), f.ord(n), n)
			}
			if _, next := slices.BinarySearch(want, n+1); !f.has(n) || f.has(n+1) != next {
				t.Fatalf("it has %d: %v; %d: %v, want %v", n, f.has(n), n+1, f.has(n+1), next)
			}
		}
		from := low + 5000
		i := f.ord(from)
		f.each(from, func(n uint64) bool {
			if n != want[i] {
				t.Fatalf("after %d comes %d, want %d", from, n, want[i])
			}
			i++
			return true
		})
		if i != len(want) {
			t.Fatalf("each ended at %d of %d", i, len(want))
		}
	}
}
