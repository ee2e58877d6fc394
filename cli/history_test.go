package cli

import (
	"errors"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func TestTimesOfRecords(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		args     []string
		from, to string // "": none
		bad      bool
	}{
		{args: nil},
		{args: []string{"--since", "2h"}, from: "2026-03-02T10:00:00Z"},
		{args: []string{"--from", "2026-03-01T08:00"}, from: "2026-03-01T08:00:00Z"},
		{args: []string{"--since", "yesterday", "--to", "today"}, from: "2026-03-01T00:00:00Z", to: "2026-03-02T00:00:00Z"},
		{args: []string{"--since", "1h", "--to", "2026-03-03"}, from: "2026-03-02T11:00:00Z", to: "2026-03-03T00:00:00Z"},
		{args: []string{"--since", "2026-03-02T12:00:01Z"}, bad: true}, // in the future
		{args: []string{"--since", "-1h"}, from: "2026-03-02T11:00:00Z"},
		{args: []string{"--since", "+1h"}, bad: true},
		{args: []string{"--from", "14:00"}, from: "2026-03-01T14:00:00Z"}, // today's is still to come
		{args: []string{"--since", "fri 18:00", "--to", "+90m"}, from: "2026-02-27T18:00:00Z", to: "2026-02-27T19:30:00Z"},
		{args: []string{"--since", "22:00", "--to", "02:00"}, from: "2026-03-01T22:00:00Z", to: "2026-03-02T02:00:00Z"},
		{args: []string{"--since", "11:30", "--to", "12:30"}, from: "2026-03-02T11:30:00Z", to: "2026-03-02T12:30:00Z"},
		{args: []string{"--to", "+1h"}, bad: true},
		{args: []string{"--since", "1h", "--from", "1h"}, bad: true},
		{args: []string{"--since", "1h", "--to", "2h"}, bad: true},
		{args: []string{"--to", "1h"}, bad: true},
		{args: []string{"--since", "soon"}, bad: true},
		{args: []string{"--since", "1h", "--late", "-1s"}, bad: true},
	} {
		var b before
		set := pflag.NewFlagSet("", pflag.ContinueOnError)
		b.flags(set)
		if err := set.Parse(tt.args); err != nil {
			t.Fatal(err)
		}
		from, to, err := b.times(now)
		text := func(at time.Time) string {
			if at.IsZero() {
				return ""
			}
			return at.Format(time.RFC3339)
		}
		var usage *usageError
		switch {
		case tt.bad && !errors.As(err, &usage):
			t.Errorf("%q: %v, want wrong usage", tt.args, err)
		case !tt.bad && (err != nil || text(from) != tt.from || text(to) != tt.to):
			t.Errorf("%q: %s to %s, %v", tt.args, text(from), text(to), err)
		}
	}
}
