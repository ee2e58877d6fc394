package headless_test

import (
	"strings"
	"testing"

	"sluice/cluster/stream"
	"sluice/headless"
)

// What is lost is unknown while a source is not there, unless nothing of it was wanted yet: whoever
// has enough of history before that has missed nothing.
func TestWhatIsLostIsKnownWhereNobodyIsMissing(t *testing.T) {
	for want, sources := range map[string][]stream.Status{
		"lost=0": {
			{Name: "vm-1", State: stream.StateLive},
			{Name: "vm-2", State: stream.StateConnecting, Unread: true},
			{Name: "archive", Archive: true, State: stream.StateLost},
		},
		"lost=unknown": {{Name: "vm-1", State: stream.StateLive, Unread: true}, {Name: "vm-2", State: stream.StateConnecting}},
	} {
		var out strings.Builder
		headless.NewReporter(&out).Total(30, 0, sources)
		if got := out.String(); got != "sluice: written=30 "+want+"\n" {
			t.Errorf("%+v: %q", sources, got)
		}
	}
}
