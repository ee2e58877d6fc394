package group

import (
	"cmp"
	"encoding/binary"
	"slices"
)

const (
	// manyWords is from how many words on a place that divides a group is a hole.
	manyWords = 6
	// manyFirst is the same for the first word of all, which most often says what
	// happened.
	manyFirst = 20
)

// fold divides the shapes of n tokens into groups.
func (z *size) fold(n int) {
	z.dirty = false
	z.groups = z.groups[:0]
	frequency := make([]map[int32]int, n)
	for i := range frequency {
		frequency[i] = map[int32]int{}
		for _, s := range z.shapes {
			frequency[i][s.words[i]]++
		}
	}
	// Those of one pattern, in the order in which the first of each came.
	byPattern := map[string]int{}
	var patterns []pattern
	var key []byte
	var counts []level
	for _, s := range z.shapes {
		var common int
		common, counts = commonest(s, frequency, counts)
		key = binary.AppendVarint(key[:0], int64(common))
		for i, w := range s.words {
			if w > 0 && frequency[i][w] == common {
				key = binary.AppendVarint(binary.AppendUvarint(key, uint64(i)), int64(w))
			}
		}
		at, known := byPattern[string(key)]
		if !known {
			at = len(patterns)
			byPattern[string(key)] = at
			patterns = append(patterns, pattern{common: common})
		}
		patterns[at].shapes = append(patterns[at].shapes, s)
	}
	for _, p := range patterns {
		z.divide(p, frequency)
	}
	for number, shapes := range z.groups {
		for _, s := range shapes {
			s.group = number
		}
	}
}

// pattern is shapes of which the same words in the same places are equally frequent.
type pattern struct {
	common int // how frequent those are
	shapes []*shape
}

// level is how many words of a shape have a frequency.
type level struct{ frequency, words int }

// commonest is the frequency that most words of a shape have; of several, the largest.
func commonest(s *shape, frequency []map[int32]int, counts []level) (int, []level) {
	counts = counts[:0]
	best := level{}
	for i, w := range s.words {
		if w <= 0 {
			continue
		}
		f := frequency[i][w]
		at := slices.IndexFunc(counts, func(l level) bool { return l.frequency == f })
		if at < 0 {
			at = len(counts)
			counts = append(counts, level{frequency: f})
		}
		counts[at].words++
		if l := counts[at]; cmp.Or(cmp.Compare(l.words, best.words), cmp.Compare(l.frequency, best.frequency)) > 0 {
			best = l
		}
	}
	return best.frequency, counts
}

// divide makes groups of the shapes of one pattern.
func (z *size) divide(p pattern, frequency []map[int32]int) {
	holes := p.holes(frequency)
	groups := map[string]int{}
	var key []byte
	for _, s := range p.shapes {
		key = key[:0]
		for i, w := range s.words {
			if holes[i] {
				w = 0
			}
			key = binary.AppendVarint(key, int64(w))
		}
		at, known := groups[string(key)]
		if !known {
			at = len(z.groups)
			groups[string(key)] = at
			z.groups = append(z.groups, nil)
		}
		z.groups[at] = append(z.groups[at], s)
	}
}

// holes finds the places where what differs is a value.
func (p *pattern) holes(frequency []map[int32]int) []bool {
	holes := make([]bool, len(frequency))
	words, first := 0, -1 // how many places have the same word, and which has the first of all
	several := 0          // how many words that has
	for i := range holes {
		seen := map[int32]bool{}
		commoner := true
		for _, s := range p.shapes {
			w := s.words[i]
			seen[w] = true
			commoner = commoner && frequency[i][w] > p.common
		}
		if seen[0] {
			holes[i] = len(seen) > 1
			continue
		}
		holes[i] = len(seen) > 1 && (commoner || len(seen) >= manyWords)
		if p.shapes[0].words[i] < 0 {
			continue
		}
		if first < 0 {
			first, several = i, len(seen)
		}
		if !holes[i] {
			words++
		}
	}
	if first >= 0 && holes[first] && (words == 0 || first == 0 && several < manyFirst) {
		holes[first] = false
	}
	return holes
}
