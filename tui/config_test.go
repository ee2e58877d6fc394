package tui_test

import (
	"regexp"
	"strings"
	"testing"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/tui"
)

func TestNewRefuses(t *testing.T) {
	feed := newFeed()
	for name, test := range map[string]struct {
		config tui.Config
		want   string
	}{
		"no feed":         {tui.Config{}, "no feed"},
		"a negative last": {tui.Config{Feed: feed, Last: -1}, "negative bound"},
		"an empty name":   {tui.Config{Feed: feed, Streams: []string{""}}, `open stream ""`},
		"a control":       {tui.Config{Feed: feed, Streams: []string{"a\x1b"}}, `open stream "a\x1b"`},
		"a taken key":     {tui.Config{Feed: feed, Actions: []tui.Action{{Key: "q", Help: "boom", Do: func() string { return "" }}}}, `key "q" is taken by "quit"`},
		"an empty action": {tui.Config{Feed: feed, Actions: []tui.Action{{Key: "x"}}}, "it needs a key and something to do"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := tui.New(test.config); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("New returned %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestTheFirstFilter(t *testing.T) {
	s := open(t, 100, 24, tui.Config{Filter: query.Filter{Level: record.Warn, Grep: regexp.MustCompile(`"line [24]"`)}}, "system")
	s.lines("system", 5)
	s.want("None of 5 records matches level ≥ warn, grep \"line [24]\".")
	s.keys("L", "L", "L", "L")
	s.want("line 2", "line 4")
	s.wantNot("line 3")
}
