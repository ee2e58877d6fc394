package query_test

import (
	"strings"
	"testing"

	"sluice/cluster/query"
)

// Lists in lists are compared by their elements, but not however deep they stand:
// one record would take seconds of everybody who filters.
func TestNestedLists(t *testing.T) {
	terms, err := query.Parse("a=5")
	if err != nil || len(terms) != 1 {
		t.Fatal(terms, err)
	}
	for depth, want := range map[int]bool{0: true, 1: true, 4: true, 5: false, 9000: false} {
		data := []byte(`{"a":` + strings.Repeat("[", depth) + "5" + strings.Repeat("]", depth) + `}`)
		for range 50 {
			if got := terms[0].Match(&query.Record{Data: data}); got != want {
				t.Fatalf("in %d lists: %t", depth, got)
			}
		}
	}
}
