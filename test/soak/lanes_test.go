package main

import (
	"testing"
)

func TestLanes(t *testing.T) {
	var l lanes
	for _, c := range []struct {
		what               string
		connection, number int
		want               string
	}{
		{"the first", 3, 7, ""},
		{"the next", 3, 9, ""},
		{"once more", 3, 9, "came after"},
		{"another connection", 4, 20, ""},
		{"the rest of the old one", 3, 12, ""},
		{"the rest of one that is older than the first", 2, 5, ""},
		{"backwards", 4, 19, "came after"},
		{"quiet", 0, 0, ""},
		{"over", 3, 30, "before the last quiet point"},
		{"goes on", 4, 21, ""},
		{"backwards, later", 4, 20, "came after"},
	} {
		if c.what == "quiet" {
			l.quiet()
			continue
		}
		wantError(t, c.what, l.take(identity{publisher: 1, connection: c.connection, number: uint64(c.number)}), c.want)
	}
}
