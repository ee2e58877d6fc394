package selection

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless"
)

// Source is a source that knows which streams are live.
type Source interface {
	headless.Source
	// WatchStreams begins to know which streams are live.
	WatchStreams(on bool)
	// Streams are the live streams, while they are watched.
	Streams() []stream.Live
}

// DefaultMax is Config.Max when it is 0.
const DefaultMax = 4096

// Config is what is asked for.
type Config struct {
	Source  headless.Source // required; with patterns it must be a [Source]
	Streams []string        // names and patterns, at least one
	Last    int             // records of backfill for each stream that is there at the start
	Since   bool            // what was before the start is wanted of all streams
	Max     int             // streams that are followed; further ones are reported and passed over. 0 means DefaultMax

	// Follow is called before a stream is followed, once for each. The Newcomer is the
	// caller's; it is zero for a stream that was there at the start.
	Follow func(name string, newcomer Newcomer)
	Notify func(text string) // gets what is not followed, a line each
	More   string            // what to do about that; "" when nothing can be done
}

// Check reports what is wrong with names and patterns of streams.
func Check(streams []string) error {
	for _, name := range streams {
		var err error
		if names.IsPattern(name) {
			_, err = names.ParsePattern(name)
		} else if err = names.Check(name); err != nil {
			err = fmt.Errorf("stream %q: %w", name, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	searchSoon  = 50 * time.Millisecond  // between two searches of the list of streams, at first
	searchOften = 500 * time.Millisecond // and then; it changes each second
	wholeLog    = 1 << 30                // records of backfill: all

	// A source lists what is live soon after it is connected. What is listed
	// later has appeared while the client ran.
	listWait = 2 * time.Second
	// Before that, a stream that has had more than so many records, or is listed
	// in the first list, did not.
	fewRecords = 1000
)

// Selection is the streams that are followed.
type Selection struct {
	config   Config
	source   Source // nil when there are no patterns
	patterns []names.Pattern
	followed map[string]bool

	connected time.Time // when the source first was
	searched  time.Time // when it was last searched
	listed    bool      // a first list has come
	refused   map[string]bool
}

// New returns a Selection for a Config whose Streams were checked.
func New(config Config) (*Selection, error) {
	if config.Max == 0 {
		config.Max = DefaultMax
	}
	s := &Selection{config: config, followed: make(map[string]bool), refused: make(map[string]bool)}
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
	if len(s.patterns) > 0 {
		var lists bool
		if s.source, lists = config.Source.(Source); !lists {
			return nil, fmt.Errorf("pattern %q: the source does not know which streams there are", s.patterns[0])
		}
	}
	return s, nil
}

// Begin follows what is named, and watches for the rest.
func (s *Selection) Begin() {
	if s.source != nil {
		s.source.WatchStreams(true)
	}
	for _, name := range s.config.Streams {
		if !names.IsPattern(name) && !s.followed[name] {
			s.follow(name, Newcomer{}, stream.Backfill{Last: s.config.Last})
		}
	}
}

// Due searches the list of streams when that is due, and returns how long it is not; a
// negative time: never.
func (s *Selection) Due(now time.Time) time.Duration {
	if s.source == nil {
		return -1
	}
	every := searchOften
	if s.connected.IsZero() || now.Sub(s.connected) < listWait {
		every = searchSoon
	}
	left := s.searched.Add(every).Sub(now)
	if left > 0 {
		return left
	}
	s.searched = now
	s.search(now)
	return every
}

// search follows the streams that have appeared.
func (s *Selection) search(now time.Time) {
	if s.connected.IsZero() && headless.Connected(s.source.Status()) {
		s.connected = now
	}
	live := s.source.Streams()
	for i := range live {
		name := live[i].Name
		if s.followed[name] || !s.matches(name) {
			continue
		}
		if len(s.followed) >= s.config.Max {
			s.refuse(name)
			continue
		}
		newcomer, from := Newcomer{}, stream.Backfill{Last: s.config.Last}
		if s.mayBeNew(now, live[i].Records) {
			newcomer = Newcomer{appeared: true, holding: true}
			if now.Sub(s.connected) >= listWait {
				newcomer.slack = clockSlack
			}
			from.Last = wholeLog
		}
		s.follow(name, newcomer, from)
	}
	s.listed = s.listed || len(live) > 0
}

func (s *Selection) follow(name string, newcomer Newcomer, from stream.Backfill) {
	s.followed[name] = true
	s.config.Follow(name, newcomer)
	s.config.Source.Tail(name, from)
}

// mayBeNew reports whether a stream that is listed only now, and has had so many
// records, may have begun after the client.
func (s *Selection) mayBeNew(now time.Time, records uint64) bool {
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

func (s *Selection) matches(name string) bool {
	return slices.ContainsFunc(s.patterns, func(p names.Pattern) bool { return p.Match(name) })
}

// maxRefusals is how many streams are named that are not followed.
const maxRefusals = 5

// refuse reports once of each stream that it is not followed, as long as they are
// few.
func (s *Selection) refuse(name string) {
	if len(s.refused) > maxRefusals || s.refused[name] {
		return
	}
	s.refused[name] = true
	if len(s.refused) > maxRefusals {
		s.config.Notify("and more streams are not followed")
		return
	}
	text := fmt.Sprintf("%s is not followed: there are %d streams already", record.Safe(name), len(s.followed))
	if s.config.More != "" {
		text += "; " + s.config.More
	}
	s.config.Notify(text)
}

// Unmet is the error that it means when the time is over, if no stream is followed
// although a source is connected; nil otherwise. It is a [headless.ErrNotConnected].
func (s *Selection) Unmet(in time.Duration) error {
	if len(s.followed) > 0 || !headless.Connected(s.config.Source.Status()) {
		return nil
	}
	return &noMatch{s.config.Streams, in}
}

// noMatch means that the time ran out before any stream matched.
type noMatch struct {
	patterns []string
	in       time.Duration
}

func (e *noMatch) Error() string {
	return fmt.Sprintf("no live stream matched %s in %s: list them with \"sluice streams\"", record.Safe(strings.Join(e.patterns, ", ")), e.in)
}

func (e *noMatch) Is(target error) bool { return target == headless.ErrNotConnected }
