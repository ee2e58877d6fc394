package proxied

import (
	"slices"
	"strings"

	"sluice/cluster/httpapi"
	"sluice/cluster/names"
	"sluice/cluster/stream"
)

const (
	maxLive  = 500_000 // streams that a proxy can make us remember; more are passed over
	fewSteps = 4096    // that may wait beyond the streams that are known
)

// liveStreams is the list of live streams, put together from what a proxy says has
// changed. The zero value is empty, and nothing is known of it.
type liveStreams struct {
	list  []stream.Live // sorted by name; what was handed out is never changed
	steps []step        // not yet taken, in order
}

// step is a stream that has come or has other figures, or has gone.
type step struct {
	stream.Live
	gone bool
}

// take takes what has changed, and reports whether list is as the proxy has it now.
func (l *liveStreams) take(e *httpapi.ChangesEvent) (whole bool) {
	if e.All {
		*l = liveStreams{}
	}
	for _, s := range e.Changed {
		if names.Check(s.Name) == nil {
			s.Name = strings.Clone(s.Name)
			l.steps = append(l.steps, step{Live: stream.Live(s)})
		}
	}
	for _, name := range e.Gone {
		l.steps = append(l.steps, step{Live: stream.Live{Name: name}, gone: true})
	}
	if !e.More || len(l.steps) > len(l.list)+fewSteps {
		l.apply()
	}
	return !e.More
}

// apply takes the steps: of those with the same name, the last one.
func (l *liveStreams) apply() {
	slices.SortStableFunc(l.steps, func(a, b step) int { return strings.Compare(a.Name, b.Name) })
	before, out := l.list, make([]stream.Live, 0, min(len(l.list)+len(l.steps), maxLive))
	keep := func(list ...stream.Live) {
		out = append(out, list[:min(len(list), maxLive-len(out))]...)
	}
	for i, s := range l.steps {
		if i+1 < len(l.steps) && l.steps[i+1].Name == s.Name {
			continue
		}
		at, had := slices.BinarySearchFunc(before, s.Name, func(l stream.Live, name string) int { return strings.Compare(l.Name, name) })
		keep(before[:at]...)
		if !s.gone {
			keep(s.Live)
		}
		if had {
			at++
		}
		before = before[at:]
	}
	keep(before...)
	l.list, l.steps = out, nil
}
