package recorder

import (
	"fmt"
	"slices"
	"time"

	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless"
)

const (
	searchSoon  = 50 * time.Millisecond  // between two searches of the list of streams, at first
	searchOften = 500 * time.Millisecond // and then; it changes each second
	wholeLog    = 1 << 30                // records of backfill: all

	// A source lists what is live soon after it is connected. What is listed
	// later has appeared while the recording ran.
	listWait = 2 * time.Second
	// Before that, a stream that has had more than so many records, or is listed
	// in the first list, did not.
	fewRecords = 1000
)

// selection is the streams that are recorded. It finds those that patterns match,
// and is used by one goroutine.
type selection struct {
	config   *Config
	patterns []names.Pattern
	streams  map[string]*recorded // followed

	connected time.Time // when the source first was
	listed    bool      // a first list has come
	refused   map[string]bool
	notify    func(string)
}

func newSelection(config *Config, notify func(string)) (*selection, error) {
	s := &selection{config: config, streams: make(map[string]*recorded), refused: make(map[string]bool), notify: notify}
	for _, text := range config.Streams {
		if !names.IsPattern(text) {
			continue
		}
		p, err := names.ParsePattern(text)
		if err != nil {
			return nil, err
		}
		s.patterns = append(s.patterns, p)
	}
	return s, nil
}

// begin follows what is named, and watches for the rest.
func (s *selection) begin() {
	if len(s.patterns) > 0 {
		s.config.Source.WatchStreams(true)
	}
	for _, name := range s.config.Streams {
		if !names.IsPattern(name) && s.streams[name] == nil {
			s.streams[name] = &recorded{stream: name}
			s.config.Source.Tail(name, stream.Backfill{Last: s.config.Last})
		}
	}
}

// next is how long to wait until the next search; 0 when there are no patterns.
func (s *selection) next(now time.Time) time.Duration {
	switch {
	case len(s.patterns) == 0:
		return 0
	case s.connected.IsZero() || now.Sub(s.connected) < listWait:
		return searchSoon
	}
	return searchOften
}

// search follows the streams that have appeared.
func (s *selection) search(now time.Time) {
	if len(s.patterns) == 0 {
		return
	}
	if s.connected.IsZero() && headless.Connected(s.config.Source.Status()) {
		s.connected = now
	}
	live := s.config.Source.Streams()
	for i := range live {
		name := live[i].Name
		if s.streams[name] != nil || !s.matches(name) {
			continue
		}
		if len(s.streams) >= s.config.MaxStreams {
			s.refuse(name)
			continue
		}
		a := &recorded{stream: name}
		from := stream.Backfill{Last: s.config.Last}
		if s.mayBeNew(now, live[i].Records) {
			a.appeared, a.holding = true, true
			if now.Sub(s.connected) >= listWait {
				a.slack = clockSlack
			}
			from.Last = wholeLog
		}
		s.streams[name] = a
		s.config.Source.Tail(name, from)
	}
	s.listed = s.listed || len(live) > 0
}

// mayBeNew reports whether a stream that is listed only now, and has had so many
// records, may have begun after the recording.
func (s *selection) mayBeNew(now time.Time, records uint64) bool {
	switch {
	case s.config.Since: // what was before is wanted
		return false
	case s.connected.IsZero():
		return false // its list came first
	case now.Sub(s.connected) >= listWait:
		return true
	}
	return s.config.Last == 0 && s.listed && records <= fewRecords
}

func (s *selection) matches(name string) bool {
	return slices.ContainsFunc(s.patterns, func(p names.Pattern) bool { return p.Match(name) })
}

// maxRefusals is how many streams are named that are not recorded.
const maxRefusals = 5

// refuse reports once of each stream that it is not recorded, as long as they are
// few.
func (s *selection) refuse(name string) {
	if len(s.refused) > maxRefusals || s.refused[name] {
		return
	}
	s.refused[name] = true
	if len(s.refused) > maxRefusals {
		s.notify("and more streams are not recorded")
		return
	}
	s.notify(fmt.Sprintf("%s is not recorded: there are %d streams already; raise --max-streams", record.Safe(name), len(s.streams)))
}
