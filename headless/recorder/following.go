package recorder

import (
	"fmt"
	"slices"
	"time"

	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

const (
	lookSoon  = 50 * time.Millisecond  // between two looks at the list of streams, at first
	lookOften = 500 * time.Millisecond // and then; it changes each second
	wholeLog  = 1 << 30                // records of backfill: all there are

	// A source lists what is live soon after it is connected. What is listed
	// later has appeared while the recording ran.
	listWait = 2 * time.Second
	// Before that, a stream that has had more than so many records, or is listed
	// in the first list, did not.
	fewRecords = 1000
)

// following knows which streams are followed, and finds those that patterns
// match. It is used by one goroutine.
type following struct {
	config   *Config
	patterns []names.Pattern
	streams  map[string]*account // followed
	began    time.Time

	connected time.Time // when the source first was
	listed    bool      // a first list has come
	refused   map[string]bool
	say       func(string)
}

func newFollowing(config *Config, say func(string)) (*following, error) {
	f := &following{config: config, streams: make(map[string]*account), refused: make(map[string]bool), say: say}
	for _, text := range config.Streams {
		if !names.IsPattern(text) {
			continue
		}
		p, err := names.ParsePattern(text)
		if err != nil {
			return nil, err
		}
		f.patterns = append(f.patterns, p)
	}
	return f, nil
}

// begin follows what is named, and watches for the rest.
func (f *following) begin(now time.Time) {
	f.began = now
	if len(f.patterns) > 0 {
		f.config.Source.WatchStreams(true)
	}
	for _, name := range f.config.Streams {
		if !names.IsPattern(name) && f.streams[name] == nil {
			f.streams[name] = &account{stream: name}
			f.config.Source.Tail(name, stream.Backfill{Last: f.config.Last})
		}
	}
}

// next is how long to wait until the next look; 0 when there is nothing to look
// for.
func (f *following) next(now time.Time) time.Duration {
	switch {
	case len(f.patterns) == 0:
		return 0
	case f.connected.IsZero() || now.Sub(f.connected) < listWait:
		return lookSoon
	}
	return lookOften
}

// look follows the streams that have appeared.
func (f *following) look(now time.Time) {
	if len(f.patterns) == 0 {
		return
	}
	if f.connected.IsZero() && had(f.config.Source.Status()) {
		f.connected = now
	}
	live := f.config.Source.Streams()
	for i := range live {
		name := live[i].Name
		if f.streams[name] != nil || !f.matches(name) {
			continue
		}
		if len(f.streams) >= f.config.MaxStreams {
			f.refuse(name)
			continue
		}
		a := &account{stream: name}
		from := stream.Backfill{Last: f.config.Last}
		if f.appeared(now, live[i].Records) {
			a.late, a.holding = true, true
			if now.Sub(f.connected) >= listWait {
				a.slack = lateSlack
			}
			from.Last = wholeLog
		}
		f.streams[name] = a
		f.config.Source.Tail(name, from)
	}
	f.listed = f.listed || len(live) > 0
}

// appeared reports whether a stream that is listed only now, and has had so many
// records, may have begun after the recording.
func (f *following) appeared(now time.Time, records uint64) bool {
	switch {
	case f.connected.IsZero():
		return false // its list came first
	case now.Sub(f.connected) >= listWait:
		return true
	}
	return f.config.Last == 0 && f.listed && records <= fewRecords
}

func (f *following) matches(name string) bool {
	return slices.ContainsFunc(f.patterns, func(p names.Pattern) bool { return p.Match(name) })
}

// refuse tells once of each stream that it is not followed, as long as they are
// few.
func (f *following) refuse(name string) {
	if len(f.refused) > maxTold || f.refused[name] {
		return
	}
	f.refused[name] = true
	if len(f.refused) > maxTold {
		f.say("and more streams are not recorded")
		return
	}
	f.say(fmt.Sprintf("%s is not recorded: there are %d streams already; raise --max-streams", record.Safe(name), len(f.streams)))
}
