package tally_test

import (
	"testing"

	"sluice/proxy/tally"
)

func TestEachReasonIsOneSeries(t *testing.T) {
	var c tally.Counts
	c.Add(tally.Filter, 3)
	c.Add(tally.Filter, 4)
	seen := make(map[string]bool)
	last, kinds := tally.Kind(""), make(map[tally.Kind]bool)
	for r, n := range c.All() {
		series := string(r.Kind()) + " " + r.String()
		if r.Kind() == "" || r.String() == "" || seen[series] {
			t.Errorf("reason %d is %q", r, series)
		}
		seen[series] = true
		if r.Kind() != last && kinds[r.Kind()] {
			t.Errorf("%s does not stand with its kind", series)
		}
		last, kinds[r.Kind()] = r.Kind(), true
		if (r.Status() != 0) != (r.Kind() == tally.Refused) {
			t.Errorf("%s has status %d", series, r.Status())
		}
		if want := map[bool]uint64{true: 7}[r == tally.Filter]; n != want {
			t.Errorf("%s: %d, want %d", series, n, want)
		}
	}
}
