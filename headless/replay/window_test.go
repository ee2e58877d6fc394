package replay_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/moment"
	"sluice/headless/internal/packed"
	"sluice/headless/replay"
)

func TestFromTo(t *testing.T) {
	m := time.Minute
	var data strings.Builder
	for i := range 11 {
		data.WriteString(line(time.Duration(i)*m, fmt.Sprint(i)))
	}
	data.WriteString("no time\n" + line(5*m, "5 late") + line(20*time.Hour, "next day, 08:00"))
	for _, c := range []struct{ from, to, want string }{
		{"", "", "0 1 2 3 4 5 6 7 8 9 10 no time 5 late next day, 08:00"},
		{"2026-03-01T12:03:00Z", "2026-03-01T12:05:00Z", "3 4"},
		{"2026-03-01 12:09", "", "9 10 no time next day, 08:00"},
		{"", "2026-03-01T13:01:00+01:00", "0"},
		{"12:08", "12:09:59.9", "8 9"},
		{"12:10", "07:00", "10 no time"},
		{"08:00", "", "next day, 08:00"},
		{"11:00", "12:01", "0"},
		{"+8m", "+10m", "8 9"},
		{"-19h51m", "-19h50m", "9"},
		{"2026-03-02", "", "next day, 08:00"},
		{"12:05", "12:06", "5 5 late"},
		{"5m", "", "next day, 08:00"},
		{"sun 12:09", "Mon", "9 10 no time"},
		{"Mar 2", "", "next day, 08:00"},
		{"2 days", "+1m", "0"},
	} {
		for _, pack := range []func(string) string{func(s string) string { return s }, packed.Gzip} {
			config := replay.Config{Files: []string{file(t, "f", pack(data.String()))}, Location: time.UTC}
			var err error
			if c.from != "" {
				if config.From, err = moment.Parse(c.from); err != nil {
					t.Fatal(err)
				}
			}
			if c.to != "" {
				if config.To, err = moment.Parse(c.to); err != nil {
					t.Fatal(err)
				}
			}
			got := replayed(t, config)
			if got.err != nil || strings.Join(got.records, " ") != c.want {
				t.Errorf("from %q to %q: %q, %v, want %q", c.from, c.to, got.records, got.err, c.want)
			}
			if n := uint64(len(got.records)) + got.stats.Outside; n != 14 {
				t.Errorf("from %q to %q: %d of 14 records are accounted for", c.from, c.to, n)
			}
		}
	}
}

func TestFromToRefused(t *testing.T) {
	for _, text := range []string{"", "noon", "25:00", "5", "--5m", "+-5m", "2026-13-01", "12:00:61"} {
		if _, err := moment.Parse(text); err == nil {
			t.Errorf("%q is taken for a time", text)
		}
	}
	parse := func(text string) moment.Moment {
		m, err := moment.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	path := file(t, "f", line(0, "0"))
	got := replayed(t, replay.Config{Files: []string{path}, From: parse("12:05"), To: parse("12:04"), Location: time.UTC})
	var wrong *replay.ConfigError
	if !errors.As(got.err, &wrong) || len(got.records) > 0 {
		t.Errorf("records %q, error %v", got.records, got.err)
	}
	got = replayed(t, replay.Config{Files: []string{"-"}, Stdin: stdin(t, line(0, "0")), From: parse("-1m")})
	if got.err == nil || !strings.Contains(got.err.Error(), "give a time") {
		t.Errorf("counted from the end of a pipe: %v", got.err)
	}
	got = replayed(t, replay.Config{Files: []string{file(t, "g", "text\n")}, From: parse("12:00")})
	if got.err == nil {
		t.Errorf("no record has a time: records %q", got.records)
	}
}
