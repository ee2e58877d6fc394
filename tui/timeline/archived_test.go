package timeline

import (
	"testing"

	"sluice/cluster/stream"
)

// What several streams have is put together along an axis, and none is counted twice.
func TestCountsAlongAnAxis(t *testing.T) {
	parts := []stream.Counts{
		{From: 1000, Step: 10, Records: []uint64{1, 2, 3, 4}, Gaps: []uint64{0, 0, 1, 0}, Before: 7},
		{},
		{From: 1025, Step: 5, Records: []uint64{10, 20}, After: 5, Coarse: true},
	}
	r := Along(Axis{From: 980, Step: 20, Width: 3}, parts)
	if r.Records[0] != 0 || r.Records[1] != 3 || r.Records[2] != 37 || r.Before != 7 || r.After != 5 || !r.Coarse || r.Gaps[1] != 0 || r.Gaps[2] != 1 {
		t.Errorf("along the axis there are %+v", r)
	}
	if first, last, ok := Spans(parts); !ok || first != 1000 || last != 1039 {
		t.Errorf("they span %d to %d, %v", first, last, ok)
	}
	if _, _, ok := Spans(nil); ok {
		t.Error("nothing spans something")
	}
	if w := r.Without(Axis{From: 980, Step: 20, Width: 3}, 1005, 1010); w.Records[1] != 0 || w.Records[2] != 37 || r.Records[1] != 3 {
		t.Errorf("without a column there are %+v, of %+v", w, r)
	}
}

// Where the archive alone has records, one goes there unless a row is nearer.
func TestTheNearestMayBeInTheArchive(t *testing.T) {
	a := Axis{From: 0, Step: 10, Width: 4}
	c := (&Chart{Axis: a, Columns: make([]Column, 4)}).With(nil, &Archived{Records: []uint64{5, 0, 0, 0}})
	c.Columns[3].first = 43
	for column, want := range []int{0, 0, 3, 3} {
		if got, ok := c.Nearest(column); !ok || got != want {
			t.Errorf("from column %d one comes to %d, %v", column, got, ok)
		}
	}
}
