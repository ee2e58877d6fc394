// Package numbered checks recordings of records that carry numbers.
package numbered

import (
	"encoding/json"
	"testing"
)

// Account holds that lines are the records {"n":from}, {"n":from+1} and so on, in
// order, but for what is reported as lost where it is missing. It returns the number
// after the last, and how many were lost.
func Account(t testing.TB, lines []string, from int) (next, lost int) {
	t.Helper()
	next = from
	for i, line := range lines {
		var l struct {
			N       *int
			Name    string
			Dropped int
			Unknown bool
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("line %d is %q: %v", i, line, err)
		}
		switch {
		case l.Name == "sluice" && l.Unknown:
			t.Fatalf("line %d is of unknown size: %s", i, line)
		case l.Name == "sluice":
			next += l.Dropped
			lost += l.Dropped
		case l.N == nil || *l.N != next:
			t.Fatalf("line %d is %q, want number %d", i, line, next)
		default:
			next++
		}
	}
	return next, lost
}
