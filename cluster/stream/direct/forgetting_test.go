package direct

import (
	"fmt"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
)

// Machines that come and go for ever, each with very many streams, take no more memory
// than some of them: those that left first are forgotten.
func TestPositionsAtConsolidatorsThatAreAwayAreBounded(t *testing.T) {
	const streams = maxAwayPlaces/4 + 1
	d, err := newBackend(Config{Consolidators: []string{"tcp://127.0.0.1:1"}}, stream.NewHandover(0))
	if err != nil {
		t.Fatal(err)
	}
	cursors := make(map[string]*cursor, streams) // the same for all, to be quick
	for i := range streams {
		cursors[fmt.Sprint(i)] = nil
	}
	left := time.Now()
	for i := range 5 {
		l := newLink(d, zmtp.Endpoint{Network: "tcp", Address: fmt.Sprint("127.0.0.1:", i+1)})
		l.left, l.cursors = left.Add(time.Duration(i)), cursors
		d.away[l.endpoint] = l
	}
	d.forgetAway()
	if len(d.away) != 3 {
		t.Errorf("%d consolidators are remembered with %d positions each, want 3", len(d.away), streams)
	}
	for _, l := range d.away {
		if l.left.Before(left.Add(2)) {
			t.Errorf("%s is remembered, and others that left after it are not", l.address)
		}
	}
}
