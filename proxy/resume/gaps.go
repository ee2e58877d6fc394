package resume

// maxGaps is how many gaps of a log are remembered.
const maxGaps = 1024

// Gaps remembers which numbers of a log stand for lost records, so that so many
// records can be counted back from its end.
type Gaps struct{ list []gap }

type gap struct{ first, count uint64 }

// Add notes that count numbers from first on are a gap, behind all others.
func (g *Gaps) Add(first, count uint64) {
	if len(g.list) == maxGaps {
		g.list = append(g.list[:0], g.list[1:]...)
	}
	g.list = append(g.list, gap{first, count})
}

// before is the number of the entry that has n records from it to end, or as many as
// there are from first, and how many those are.
func (g *Gaps) before(first, end, n uint64) (at, records uint64) {
	left := n
	for i := len(g.list) - 1; i >= 0 && g.list[i].first >= first; i-- {
		after := g.list[i].first + g.list[i].count
		if left <= end-after {
			break
		}
		left -= end - after
		end = g.list[i].first
	}
	have := min(left, end-first)
	return end - have, n - left + have
}
