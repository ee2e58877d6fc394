package stream_test

import (
	"math/rand/v2"
	"testing"

	"sluice/cluster/stream"
)

// However records lie, none is counted twice or left out.
func TestSpreadCountsEachOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		c := stream.Counts{From: r.Int64N(2000) - 1000, Step: 1 + r.Int64N(50), Records: make([]uint64, r.IntN(40))}
		total := uint64(0)
		for range 1 + r.IntN(5) {
			n, from := r.Uint64N(1000), r.Int64N(4000)-2000
			total += n
			c.Spread(from, from+r.Int64N(3000)-100, n)
		}
		if c.Total() != total {
			t.Fatalf("%d records are counted as %d: %+v", total, c.Total(), c)
		}
	}
	c := stream.Counts{Step: 10, Records: make([]uint64, 4)}
	c.Spread(-5, 44, 50)
	if c.Before != 5 || c.After != 5 || c.Records[0] != 10 || c.Records[3] != 10 {
		t.Errorf("what lies evenly is counted as %+v", c)
	}
}

func TestCountsOfOthersAreChecked(t *testing.T) {
	for _, c := range []stream.Counts{
		{Records: make([]uint64, stream.MaxCounts+1), Step: 1},
		{Records: []uint64{1}},
		{Records: []uint64{1}, Step: -1},
		{Records: []uint64{1}, Step: 1 << 60},
		{Records: []uint64{1}, Step: 1, From: 1 << 62},
		{Records: []uint64{1}, Step: 1, From: -1 << 63},
		{Records: []uint64{1}, Step: 1, Gaps: []uint64{1, 2}},
		{Records: []uint64{1 << 63, 1 << 63}, Step: 1},
		{Before: 1 << 63, After: 1 << 63},
	} {
		if c.Check() == nil {
			t.Errorf("%.80v passes", c)
		}
	}
	if c := (stream.Counts{Records: []uint64{1, 2}, Step: 5}); c.Check() != nil {
		t.Error(c.Check())
	}
	if c := (stream.Counts{}); c.Check() != nil {
		t.Error(c.Check())
	}
}
