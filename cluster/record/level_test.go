package record_test

import (
	"strings"
	"testing"

	"sluice/cluster/record"
)

func TestParseLevel(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want record.Level
	}{
		{"trace", record.Trace},
		{"DEBUG", record.Debug},
		{"Info", record.Info},
		{"warn", record.Warn},
		{"warning", record.Warn},
		{"error", record.Error},
		{"fatal", record.Fatal},
		{"35", 35},
		{"lvl35", 35},
		{"LVL35", 35},
		{"0", 0},
		{"none", 0},
	} {
		if got, err := record.ParseLevel(tt.in); err != nil || got != tt.want {
			t.Errorf("ParseLevel(%q) = %v, %v, want %v", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"", "loud", "-1", "1e3", "lvl", "99999999999999999999"} {
		if got, err := record.ParseLevel(in); err == nil || !strings.Contains(err.Error(), "want trace") {
			t.Errorf("ParseLevel(%q) = %v, %v, want an error that says what is wanted", in, got, err)
		}
	}
	for _, l := range []record.Level{0, record.Trace, record.Debug, record.Info, record.Warn, record.Error, record.Fatal, 35, 1} {
		if got, err := record.ParseLevel(l.String()); err != nil || got != l {
			t.Errorf("ParseLevel(%q) = %v, %v, want %d", l, got, err, int(l))
		}
	}
}
