package proxy

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/proxy/resume"
)

// A consolidator that comes and goes is logged once in ten seconds, with the number of
// changes in between; what it ends as is logged in any case.
func TestAFlappingConsolidatorIsLoggedRarelyAndInTheEnd(t *testing.T) {
	var text bytes.Buffer
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := consolidators{log: slog.New(slog.NewTextHandler(&text, nil)), now: func() time.Time { return now }}
	known := new(resume.Known).Renew([]stream.Status{{Name: "vm-1"}, {Name: "vm-2"}})
	told := func(want ...string) {
		t.Helper()
		got := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
		text.Reset()
		if len(want) == 0 && got[0] == "" {
			return
		}
		if len(got) != len(want) {
			t.Fatalf("%d lines, want %d: %q", len(got), len(want), got)
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("line %q, want %q", got[i], want[i])
			}
		}
	}
	c.changed("vm-1", stream.StateConnecting, "", known)
	told()
	c.changed("vm-1", stream.StateLive, "", known)
	told(`msg="consolidator connected" consolidator=vm-1`)
	now = now.Add(time.Minute)
	c.changed("vm-1", stream.StateLost, "connection refused", known)
	told(`level=WARN msg="consolidator lost: it is tried again, and sessions go on when it is back" consolidator=vm-1 err="connection refused"`)
	for range 5 {
		c.changed("vm-1", stream.StateConnecting, "", known)
		c.changed("vm-1", stream.StateLive, "", known)
		c.changed("vm-1", stream.StateLost, "", known)
	}
	c.changed("vm-1", stream.StateLive, "", known)
	c.settle()
	told()
	c.changed("vm-2", stream.StateLive, "", known) // another's changes are its own
	told(`msg="consolidator connected" consolidator=vm-2`)
	now = now.Add(quietFor)
	c.settle()
	told(`level=INFO msg="consolidator is back" consolidator=vm-1 changes_left_out=11`)
	c.settle()
	told()
	if n := c.lost.Load(); n != 6 {
		t.Errorf("%d were lost, want 6", n)
	}
	c.changed("vm-2", stream.StateLost, "", known.Renew([]stream.Status{{Name: "vm-2"}}))
	if len(c.seen) != 1 {
		t.Errorf("%d consolidators are remembered, want the one that there still is", len(c.seen))
	}
}
