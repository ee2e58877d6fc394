package cli

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sluice/archive/engine"
	"sluice/archive/holdings"
	"sluice/archive/importer"
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

// Of consolidators that were not asked, or have not answered, the status says how to ask them.
func TestStatusNamesTheConsolidatorsThatHaveToldNothing(t *testing.T) {
	at := heads{{"vm-1", "system"}: {Epoch: 7, Seq: 20}}
	lane := func(consolidator, stream string) holdings.Lane {
		return holdings.Lane{Consolidator: consolidator, Stream: stream, Next: loss.Position{Epoch: 7, Seq: 15}}
	}
	for _, c := range []struct {
		lanes []holdings.Lane
		want  string
	}{
		{[]holdings.Lane{lane("vm-1", "system"), lane("vm-1", "quiet"), lane(importer.Consolidator, "system")}, ""},
		{[]holdings.Lane{lane("vm-3", "system"), lane("vm-1", "system"), lane("vm-2", "system"), lane("vm-3", "tenant")}, "The lag of vm-2, vm-3 is not known: name"},
		{[]holdings.Lane{lane("a", "s"), lane("b", "s"), lane("c", "s"), lane("d", "s"), lane("e", "s"), lane("f", "s"), lane("g", "s")}, "The lag of a, b, c, d, e and 2 more is not known: name"},
	} {
		var out strings.Builder
		if err := writeStatus(&out, &engine.State{}, c.lanes, at, time.Now()); err != nil {
			t.Fatal(err)
		}
		if text := out.String(); !strings.Contains(text, c.want) || c.want == "" && strings.Contains(text, "not known") {
			t.Errorf("want %q in\n%s", c.want, text)
		}
	}
}
