package resume_test

import (
	"testing"

	"sluice/cluster/fanout"
	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/proxy/resume"
)

// A position may go by a key whose consolidator the proxy has not reached when it is read
// again. What is read again there need not begin where the reader goes on: what is missing
// is told, once.
func TestReadAgainWhereNobodyKnewTheName(t *testing.T) {
	at := loss.Position{Epoch: 9, Seq: 10}
	for _, c := range []struct {
		name  string
		has   httpapi.KeyPosition
		count uint64 // of the loss
		what  string
	}{
		{"behind", httpapi.KeyPosition{Key: 7, Epoch: 9, Next: 5}, 5, loss.TooLate},
		{"there", httpapi.KeyPosition{Key: 7, Epoch: 9, Next: 10}, 0, ""},
		{"of another epoch", httpapi.KeyPosition{Key: 7, Epoch: 8, Next: 5}, 10, resume.NoLog},
		{"somewhere else", httpapi.KeyPosition{Key: 6, Epoch: 9, Next: 5}, 0, ""},
	} {
		for _, begins := range []bool{true, false} {
			var sources resume.Sources
			r, _, _ := resume.Begin(resume.Want{
				Named: true, Keys: []httpapi.KeyPosition{c.has}, Key: func(string) uint32 { return 7 },
			}, resume.Log{Position: fanout.Position{Epoch: 1}, Gaps: new(resume.Gaps), Sources: &sources, Checkpoints: new(resume.Checkpoints)})
			if asked := r.Ask(); len(asked) > 0 {
				t.Errorf("%s: it asks for %v", c.name, asked)
			}
			var told []*resume.Event
			if begins {
				told = append(told, r.Begins(&sources, "vm-1", at))
			}
			for seq := range uint64(2) {
				_, missing, wanted := r.Record(&sources, "vm-1", loss.Position{Epoch: at.Epoch, Seq: at.Seq + seq})
				if told = append(told, missing); !wanted {
					t.Errorf("%s: record %d is not wanted", c.name, seq)
				}
			}
			for i, e := range told {
				switch {
				case i == 0 && c.count > 0:
					if e == nil || e.Loss.Count != c.count || e.Loss.Reason != c.what || e.Loss.Unknown != (c.what == resume.NoLog) || e.Next != at {
						t.Errorf("%s: told %+v, want a loss of %d", c.name, e, c.count)
					}
				case e != nil:
					t.Errorf("%s: at %d it is told %+v", c.name, i, e)
				}
			}
		}
	}
}
