package cli

import (
	"errors"
	"testing"

	"sluice/archive/holdings"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
)

// The lag is what the consolidator has beyond what is archived, and what is not known of it
// is never 0.
func TestLag(t *testing.T) {
	at := heads{{"vm-1", "system"}: {Epoch: 7, Seq: 20}}
	for _, c := range []struct {
		name    string
		lane    holdings.Lane
		behind  uint64
		unknown bool
	}{
		{"behind", holdings.Lane{Consolidator: "vm-1", Stream: "system", Next: loss.Position{Epoch: 7, Seq: 15}}, 5, false},
		{"all of it", holdings.Lane{Consolidator: "vm-1", Stream: "system", Next: loss.Position{Epoch: 7, Seq: 20}}, 0, false},
		{"archived meanwhile", holdings.Lane{Consolidator: "vm-1", Stream: "system", Next: loss.Position{Epoch: 7, Seq: 25}}, 0, false},
		{"restarted", holdings.Lane{Consolidator: "vm-1", Stream: "system", Next: loss.Position{Epoch: 6, Seq: 15}}, 20, true},
		{"quiet", holdings.Lane{Consolidator: "vm-1", Stream: "tenant", Next: loss.Position{Epoch: 7, Seq: 15}}, 0, true},
		{"not reached", holdings.Lane{Consolidator: "vm-2", Stream: "system", Next: loss.Position{Epoch: 7, Seq: 15}}, 0, true},
		{"damaged", holdings.Lane{Consolidator: "vm-1", Stream: "system", Err: errors.New("damaged")}, 0, true},
	} {
		if behind, unknown := at.lag(&c.lane); behind != c.behind || unknown != c.unknown {
			t.Errorf("%s: %d, unknown %v; want %d, %v", c.name, behind, unknown, c.behind, c.unknown)
		}
	}
}

// Nobody waits for a consolidator that cannot be reached.
func TestConsolidatorsHaveAnswered(t *testing.T) {
	told := map[string]bool{"vm-1": true}
	for _, c := range []struct {
		name string
		all  []stream.Status
		want bool
	}{
		{"nobody yet", nil, false},
		{"told", []stream.Status{{Name: "vm-1", State: stream.StateLive}}, true},
		{"another has not", []stream.Status{{Name: "vm-1", State: stream.StateLive}, {Name: "vm-2", State: stream.StateLive}}, false},
		{"another connects", []stream.Status{{Name: "vm-1", State: stream.StateLive}, {State: stream.StateConnecting}}, false},
		{"another is not there", []stream.Status{{Name: "vm-1", State: stream.StateLive}, {State: stream.StateConnecting, Err: "refused"}}, true},
		{"another is lost", []stream.Status{{Name: "vm-1", State: stream.StateLive}, {Name: "vm-2", State: stream.StateLost, Err: "refused"}}, true},
	} {
		if got := answered(c.all, told); got != c.want {
			t.Errorf("%s: answered %v, want %v", c.name, got, c.want)
		}
	}
}
