package main

import (
	"testing"
)

func TestConnection(t *testing.T) {
	l := testLog(trustConnection, 10)
	for i := range uint64(10) {
		see(t, l, epoch1, 100+i, i)
	}
	rec := func(n uint64) identity { return identity{1, 1, 0, n} }
	for _, c := range []struct {
		what  string
		got   []int // numbers; -n for n told as lost
		jumps int
		want  string
	}{
		{"all", []int{3, 4, 5, 6, 7, 8, 9}, 0, ""},
		{"some told", []int{3, 4, -2, 7, 8, 9}, 0, ""},
		{"one not told", []int{3, 4, -1, 7, 8, 9}, 0, "stands at"},
		{"one told too much", []int{3, 4, -3, 7, 8, 9}, 0, "stands at"},
		{"the last not got", []int{3, 4, 5, 6, 7, 8}, 0, "the log ended at"},
		{"told before the first", []int{-5, 3, 4, 5, 6, 7, 8, 9}, 0, ""},
		{"another connection", []int{3, 4, 8, 9}, 1, ""},
		{"another connection, backwards", []int{3, 4, 9, 5}, 1, "stands at"},
	} {
		var conn connection
		for _, n := range c.got {
			if n < 0 {
				conn.count += uint64(-n)
			} else {
				conn.record(rec(uint64(n)))
			}
		}
		wantError(t, c.what, conn.check(l, c.jumps, &position{epoch1, 110}), c.want)
	}
}
