package resume_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/cluster/fanout"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/proxy/resume"
)

// Of consolidators that a log does not know, a reader's positions are kept of some, and
// it is told of the others once. Of those that the log knows none is given up.
func TestPositionsOfStrangers(t *testing.T) {
	sources := new(resume.Sources)
	positions := make(map[string]loss.Position)
	for i := range 100 {
		name := fmt.Sprintf("vm-%d", i)
		sources.Add(name, stream.StateLive)
		sources.Reach(name, loss.Position{Epoch: 7, Seq: 5})
		positions[name] = loss.Position{Epoch: 7, Seq: 5}
	}
	sources.Add("127.0.0.1:1", stream.StateConnecting)
	for i := range 1000 {
		positions[fmt.Sprintf("stranger-%d", i)] = loss.Position{Epoch: 1, Seq: 1}
	}
	log := resume.Log{Position: fanout.Position{Epoch: 3, Next: 1}, Floor: 1, First: 1, Gaps: new(resume.Gaps), Sources: sources, Checkpoints: new(resume.Checkpoints)}
	r, _, lost := resume.Begin(resume.Want{Named: true, Positions: positions}, log)
	if !r.CatchesUp() || lost != nil {
		t.Fatalf("it catches up: %t, and is told %+v", r.CatchesUp(), lost)
	}
	kept, known := 0, 0
	for name := range r.Positions() {
		if kept++; strings.HasPrefix(name, "vm-") {
			known++
		}
	}
	if known != 100 || kept > 100+202 {
		t.Errorf("%d positions are kept, %d of them of consolidators that are known", kept, known)
	}
	r.Join(log)
	events := r.Settle(nil, log.Next)
	if len(events) != 1 || events[0].Loss == nil || !events[0].Loss.Unknown || !strings.Contains(events[0].Loss.Reason, "798 of the consolidators") {
		t.Errorf("it is told %+v", events)
	}
	if again := r.Settle(nil, log.Next); len(again) != 0 {
		t.Errorf("it is told once more: %+v", again)
	}
}
