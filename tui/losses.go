package tui

import (
	"slices"
	"strings"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/tui/cell"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// ledger is what was lost on its way here, by where it was lost and from which
// source it came.
type ledger struct {
	hops    map[string]*losses
	sources map[string]*losses
	losses
}

// losses are a sum of losses.
type losses struct {
	records uint64 // as far as they can be counted
	gaps    uint64
	unknown uint64 // gaps without a number
	reason  string // of the newest gap
}

func (l *losses) add(n *stream.Notice) {
	l.records += n.Count
	l.gaps++
	if n.Unknown {
		l.unknown++
	}
	l.reason = cell.Shorten(n.Reason, rowtext.MaxValue)
}

// text is the number of records, as far as it is known.
func (l *losses) text() string { return loss.Number(l.records, l.unknown > 0) }

// gapText is the number of gaps.
func (l *losses) gapText() string {
	if l.gaps == 1 {
		return "1 gap"
	}
	return record.Count(l.gaps) + " gaps"
}

func (l *losses) any() bool { return l != nil && l.gaps > 0 }

// gap enters a gap. The names come from the network, so their number is bounded;
// gaps under further names count in the sum alone.
func (l *ledger) gap(n *stream.Notice) {
	if l.hops == nil {
		l.hops, l.sources = make(map[string]*losses), make(map[string]*losses)
	}
	l.add(n)
	for table, name := range map[*map[string]*losses]string{&l.hops: n.Hop, &l.sources: n.Source} {
		entry := (*table)[name]
		if entry == nil {
			if len(*table) >= rows.MaxSources {
				continue
			}
			entry = &losses{}
			(*table)[name] = entry
		}
		entry.add(n)
	}
}

// hopNames are the hops at which something was lost, in the order of their way.
func (l *ledger) hopNames() []string {
	order := []string{loss.AtConsolidator, loss.AtNetwork, loss.AtProxy}
	names := make([]string, 0, len(l.hops))
	for name := range l.hops {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		i, j := slices.Index(order, a), slices.Index(order, b)
		if i != j {
			return i - j
		}
		return strings.Compare(a, b)
	})
	return names
}
