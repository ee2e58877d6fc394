package paths

import (
	"slices"
	"strings"
)

// maxEntry is the longest entry of a directory, in bytes.
const maxEntry = 255

// Hole is what a hole holds in a path.
type Hole struct {
	Name, Value string
	Other       string // another value that it could have, since the path can be divided in another way; "" when there is none
}

// Depth is how many parts the paths have: the last one is the file's.
func (p *Pattern) Depth() int { return len(p.elements) }

// Literal returns part number i, from 0, if one entry alone matches it.
func (p *Pattern) Literal(i int) (entry string, ok bool) {
	e := p.elements[i]
	return e[0].literal, len(e) == 1 && e[0].literal != ""
}

// Matches reports whether an entry of a directory can be part number i of a path.
func (p *Pattern) Matches(i int, entry string) bool {
	e := p.elements[i]
	return mayBe(e, entry) && reach(e, entry)[len(e)][len(entry)]
}

// Match reports whether an absolute path matches.
func (p *Pattern) Match(path string) bool {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if len(parts) != len(p.elements) {
		return false
	}
	for i, part := range parts {
		if !p.Matches(i, part) {
			return false
		}
	}
	return true
}

// Divide returns what the holes hold, in their order, if an absolute path matches.
func (p *Pattern) Divide(path string) (holes []Hole, ok bool) {
	if !p.Match(path) {
		return nil, false
	}
	for i, part := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		holes = appendHoles(holes, p.elements[i], part)
	}
	return holes, true
}

// mayBe excludes what is no entry, and what a shell does not show.
func mayBe(e []piece, entry string) bool {
	hidden := strings.HasPrefix(entry, ".") && !strings.HasPrefix(e[0].literal, ".")
	return entry != "" && len(entry) <= maxEntry && !hidden
}

// reach returns for each number of pieces which beginnings of an entry they can
// hold, by their length.
func reach(e []piece, entry string) [][]bool {
	r := newTable(e, entry)
	r[0][0] = true
	for t := range e {
		for from, there := range r[t] {
			if there {
				e[t].each(entry, from, func(to int) bool { r[t+1][to] = true; return true })
			}
		}
	}
	return r
}

// reachBack returns for each number of pieces from which place on the others can hold
// the rest of an entry.
func reachBack(e []piece, entry string) [][]bool {
	r := newTable(e, entry)
	r[len(e)][len(entry)] = true
	for t := len(e) - 1; t >= 0; t-- {
		for from := range len(entry) + 1 {
			e[t].each(entry, from, func(to int) bool {
				r[t][from] = r[t+1][to]
				return !r[t][from]
			})
		}
	}
	return r
}

func newTable(e []piece, entry string) [][]bool {
	r := make([][]bool, len(e)+1)
	all := make([]bool, len(r)*(len(entry)+1))
	for i := range r {
		r[i] = all[i*(len(entry)+1):][:len(entry)+1]
	}
	return r
}

// each calls of with all places up to which the piece can hold an entry from a place
// on, the nearest first, until it returns false.
func (p *piece) each(entry string, from int, of func(to int) bool) {
	if p.literal != "" {
		if strings.HasPrefix(entry[from:], p.literal) {
			of(from + len(p.literal))
		}
		return
	}
	most := len(entry) - from
	if p.most >= 0 {
		most = min(most, p.most)
	}
	for n := 0; n <= most; n++ {
		if n > 0 && p.set != nil && !p.set[entry[from+n-1]] {
			return
		}
		if n >= p.least && !of(from+n) {
			return
		}
	}
}

// appendHoles appends what the holes of an element hold in an entry that matches.
func appendHoles(holes []Hole, e []piece, entry string) []Hole {
	if !slices.ContainsFunc(e, func(p piece) bool { return p.hole != "" }) {
		return holes
	}
	before, behind := reach(e, entry), reachBack(e, entry)
	at := 0
	for t := range e {
		end := -1
		e[t].each(entry, at, func(to int) bool {
			if behind[t+1][to] {
				end = to
			}
			return end < 0 || e[t].hole != "" // a hole goes on, up to the last
		})
		if e[t].hole != "" {
			h := Hole{Name: e[t].hole, Value: entry[at:end]}
			for from, there := range before[t] {
				if !there {
					continue
				}
				e[t].each(entry, from, func(to int) bool {
					if behind[t+1][to] && entry[from:to] != h.Value {
						h.Other = entry[from:to]
					}
					return h.Other == ""
				})
			}
			holes = append(holes, h)
		}
		at = end
	}
	return holes
}
