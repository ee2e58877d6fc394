package headless

import (
	"fmt"
	"io"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// maxSources is how many sources a Reporter remembers, to report each state once.
const maxSources = 1024

// Reporter writes notices for people, a line each, and counts what was lost. It is
// for one goroutine.
type Reporter struct {
	out    io.Writer
	states map[string]state
	count  uint64 // records lost
	gaps   uint64 // gaps of unknown size

	refused   map[string]bool // streams that are refused now
	uncounted bool            // there was a source of which nobody knows what it lost
}

// state is what was last reported of a source.
type state struct {
	state stream.State
	err   string
}

// NewReporter returns a Reporter that writes to out; nil drops the lines.
func NewReporter(out io.Writer) *Reporter {
	if out == nil {
		out = io.Discard
	}
	return &Reporter{out: out, states: make(map[string]state), refused: make(map[string]bool)}
}

// Notify writes a line. One that cannot be written ends nothing.
func (r *Reporter) Notify(text string) {
	_, _ = fmt.Fprintf(r.out, "sluice: %s\n", text)
}

// Text counts a notice and puts it in words; "" when it is no news.
func (r *Reporter) Text(n *stream.Notice) string {
	switch n.Kind {
	case stream.KindGap:
		r.count += n.Count
		if n.Unknown {
			r.gaps++
		}
		lost := n.Loss()
		return lost.Text()
	case stream.KindState:
		return r.stateText(n)
	case stream.KindAway:
		return n.AwayText()
	case stream.KindRefused:
		return r.refusedText(n)
	}
	return ""
}

// refusedText reports that a source does not give a stream, or gives it now.
func (r *Reporter) refusedText(n *stream.Notice) string {
	name := record.Safe(n.Source)
	if n.Err == "" {
		delete(r.refused, n.Stream)
		return name + " gives " + record.Safe(n.Stream) + " now"
	}
	if len(r.refused) < maxSources {
		r.refused[n.Stream] = true
	}
	return name + " does not give " + record.Safe(n.Stream) + ": " + record.Safe(n.Err) + "; trying again"
}

// stateText reports a state once, however often a source tries again.
func (r *Reporter) stateText(n *stream.Notice) string {
	now := state{n.State, n.Err}
	if r.states[n.Source] == now {
		return ""
	}
	if len(r.states) >= maxSources {
		clear(r.states)
	}
	r.states[n.Source] = now
	r.uncounted = r.uncounted || n.State == stream.StateUnaccounted
	name, why := record.Safe(n.Source), ""
	if n.Err != "" {
		why = ": " + record.Safe(n.Err)
	}
	switch n.State {
	case stream.StateConnecting:
		if why == "" {
			return "" // no news yet
		}
		return name + " not reached yet" + why + "; trying again"
	case stream.StateLive:
		return name + " live"
	case stream.StateLost:
		if n.Gone {
			return name + " is no part of the cluster any more" + why
		}
		return name + " lost" + why + "; trying again"
	case stream.StateUnaccounted:
		return name + " live, but it cannot tell what is lost"
	}
	return ""
}

// Trouble is the text of a state, for a reader who wants to know of trouble alone:
// that a source is live is no news, unless it was not.
func (r *Reporter) Trouble(n *stream.Notice) string {
	_, reported := r.states[n.Source]
	text := r.stateText(n)
	if n.State == stream.StateLive && !reported {
		return ""
	}
	return text
}

// Lost reports whether any record was.
func (r *Reporter) Lost() bool { return r.count > 0 || r.gaps > 0 }

// unaccounted reports whether what was lost is not known of some source: it could
// not count, is not there as it stands now, or refuses a stream.
func (r *Reporter) unaccounted(now []stream.Status) bool {
	for _, s := range now {
		// That others may have come meanwhile costs nothing of those that are read; what was
		// not had of history was told as lost, and whoever ends within that has missed
		// nothing of what comes behind it.
		if !s.Archive && !s.Unread && s.State != stream.StateLive && !(s.Finder && s.State == stream.StateLost) {
			return true
		}
	}
	return r.uncounted || len(r.refused) > 0
}

// Total writes the last line, in a form that scripts can read. now is the sources as
// they stand at the end.
func (r *Reporter) Total(written, unwritten uint64, now []stream.Status) {
	text := fmt.Sprintf("written=%d lost=%s", written, loss.Field(r.count, r.gaps > 0 || r.unaccounted(now)))
	if r.gaps > 0 {
		text += fmt.Sprintf(" unknown-gaps=%d", r.gaps)
	}
	if unwritten > 0 {
		text += fmt.Sprintf(" unwritten=%d", unwritten)
	}
	r.Notify(text)
}
