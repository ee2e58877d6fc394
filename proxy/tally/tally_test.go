package tally_test

import (
	"net/http"
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

func TestARefusalOfWhichOnlyTheStatusIsKnown(t *testing.T) {
	for status, want := range map[int]tally.Reason{
		http.StatusBadRequest: tally.BadRequest, http.StatusUnauthorized: tally.Unauthorized, http.StatusForbidden: tally.Forbidden,
		http.StatusNotFound: tally.NotFound, http.StatusMethodNotAllowed: tally.BadMethod, http.StatusTooManyRequests: tally.Unavailable,
		http.StatusServiceUnavailable: tally.Unavailable, http.StatusTeapot: tally.BadRequest, http.StatusInternalServerError: tally.Unavailable,
		http.StatusRequestHeaderFieldsTooLarge: tally.TooManyFields,
	} {
		if got := tally.OfStatus(status); got != want {
			t.Errorf("%d is %q, want %q", status, got, want)
		}
	}
}
