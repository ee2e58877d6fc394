package stream_test

import (
	"encoding/json"
	"testing"
	"time"

	"sluice/cluster/stream"
)

func TestAway(t *testing.T) {
	for _, tt := range []struct {
		away  time.Duration
		stood bool
		want  string
	}{
		{6 * time.Second, false, "vm-2 was away 6 s"},
		{40 * time.Millisecond, false, "vm-2 was away 0 s"},
		{1340 * time.Millisecond, true, "vm-2 stood still for 1.3 s"},
		{59700 * time.Millisecond, false, "vm-2 was away 60 s"},
		{185 * time.Second, false, "vm-2 was away 3 min 5 s"},
		{26*time.Hour + 90*time.Second, false, "vm-2 was away 26 h 2 min"},
		{-time.Second, false, "vm-2 was away 0 s"},
	} {
		n := stream.Notice{Kind: stream.KindAway, Source: "vm-2", Away: tt.away, Stood: tt.stood}
		if got, want := n.AwayText(), tt.want+"; what its publishers dropped meanwhile is unknown"; got != want {
			t.Errorf("%v: %q, want %q", tt.away, got, want)
		}
	}
	n := stream.Notice{Kind: stream.KindAway, Source: "vm\x1b[2J\n", Away: time.Second, Time: time.Unix(1, 0)}
	var rec struct {
		Level       int
		Msg, Source string
		Away        float64
	}
	line := n.AppendAway(nil)
	if err := json.Unmarshal(line, &rec); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if rec.Level != 40 || rec.Away != 1 || rec.Source != n.Source || rec.Msg != "vm␛[2J␊ was away 1 s; what its publishers dropped meanwhile is unknown" {
		t.Errorf("recorded as %s", line)
	}
}
