package recorder

import (
	"fmt"
	"io"

	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// maxSources is how many sources a teller remembers, to tell each state once.
const maxSources = 1024

// teller writes notices for people, a line each, and counts what was lost.
type teller struct {
	out    io.Writer
	states map[string]state
	count  uint64 // records lost
	gaps   uint64 // gaps of unknown size
}

// state is what was last told of a source.
type state struct {
	state stream.State
	err   string
}

func newTeller(out io.Writer) *teller {
	return &teller{out: out, states: make(map[string]state)}
}

// say writes a line. Notices that cannot be written do not end a recording.
func (t *teller) say(text string) {
	_, _ = fmt.Fprintf(t.out, "sluice: %s\n", text)
}

// text counts a notice and says it in words; "" when there is nothing to say.
func (t *teller) text(n *stream.Notice) string {
	switch n.Kind {
	case stream.KindGap:
		t.count += n.Count
		if n.Unknown {
			t.gaps++
		}
		lost := n.Loss()
		return lost.Text()
	case stream.KindState:
		return t.stateText(n)
	}
	return ""
}

// stateText tells a state once, however often a source tries again.
func (t *teller) stateText(n *stream.Notice) string {
	now := state{n.State, n.Err}
	if t.states[n.Source] == now {
		return ""
	}
	if len(t.states) >= maxSources {
		clear(t.states)
	}
	t.states[n.Source] = now
	name, why := record.Safe(n.Source), ""
	if n.Err != "" {
		why = ": " + record.Safe(n.Err)
	}
	switch n.State {
	case stream.StateConnecting:
		if why == "" {
			return "" // no news yet
		}
		return name + " not had yet" + why + "; trying again"
	case stream.StateLive:
		return name + " live"
	case stream.StateLost:
		return name + " lost" + why + "; trying again"
	case stream.StateUnaccounted:
		return name + " live, but it cannot tell what is lost"
	}
	return ""
}

// trouble is stateText for those who want to hear of trouble alone: that a
// source is live is no news, unless it was not.
func (t *teller) trouble(n *stream.Notice) string {
	_, told := t.states[n.Source]
	text := t.stateText(n)
	if n.State == stream.StateLive && !told {
		return ""
	}
	return text
}

// lost reports whether anything was.
func (t *teller) lost() bool { return t.count > 0 || t.gaps > 0 }

// total is the last line. It always comes, in a form that scripts can read.
func (t *teller) total(written, unwritten uint64) {
	text := fmt.Sprintf("written=%d lost=%d", written, t.count)
	if t.gaps > 0 {
		text += fmt.Sprintf(" unknown-gaps=%d", t.gaps)
	}
	if unwritten > 0 {
		text += fmt.Sprintf(" unwritten=%d", unwritten)
	}
	t.say(text)
}
