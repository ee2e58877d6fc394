package recorder

import (
	"sluice/cluster/loss"
	"sluice/headless/selection"
)

// recorded is one stream that is recorded.
type recorded struct {
	Counts
	selection.Newcomer
	stream string
	writer *writer // nil until something comes
	mark   int     // bytes of a mark of it; 0: not known yet
}

// countLoss counts a loss.
func (s *recorded) countLoss(l *loss.Loss) {
	s.Gaps++
	s.Dropped += l.Count
	if l.Unknown {
		s.Unknown++
	}
}
