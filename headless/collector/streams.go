package collector

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"sluice/headless/collector/naming"
)

// streams names the streams of one source, and bounds how many it names.
type streams struct {
	rule     *naming.Rule
	most     int
	fallback string // where what is beyond goes

	mu    sync.Mutex
	named map[string]bool

	beyond atomic.Uint64 // messages that went to the fallback, since their stream was one too many, or no name
}

func newStreams(rule *naming.Rule, most int) *streams {
	return &streams{rule: rule, most: most, fallback: rule.Fallback(), named: make(map[string]bool)}
}

// checkHoles refuses holes that nothing fills.
func checkHoles(rule *naming.Rule, known ...string) error {
	for _, hole := range rule.Holes() {
		if !slices.Contains(known, hole) {
			return fmt.Errorf("stream %q: nothing fills the hole {%s}: there are {%s}", rule, hole, strings.Join(known, "}, {"))
		}
	}
	return nil
}

// name is the stream of a message. first reports that it is the first that went to the
// fallback.
func (s *streams) name(value func(hole string) string) (stream string, first bool) {
	stream, err := s.rule.Name(value)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.named[stream] {
			return stream, false
		}
		if len(s.named) < s.most {
			s.named[stream] = true
			return stream, false
		}
	}
	return s.fallback, s.beyond.Add(1) == 1
}
