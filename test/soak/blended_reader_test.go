package main

import (
	"testing"
)

func TestBlended(t *testing.T) {
	for _, c := range []struct {
		what       string
		got        blended
		mayUnknown bool
		old        func(l *logTruth) // how the epoch ended in which it began
		final      position
		want       string
	}{
		{"all", blended{received: 7, told: 3}, false, nil, position{epoch1, 20}, ""},
		{"too little", blended{received: 7, told: 2}, false, nil, position{epoch1, 20}, "1 too few"},
		{"too much", blended{received: 8, told: 3}, false, nil, position{epoch1, 20}, "-1 too few"},
		{"unknown for nothing", blended{received: 7, told: 3, unknown: true}, false, nil, position{epoch1, 20}, "unknown number was told"},
		{"unknown with a reason", blended{received: 7, unknown: true}, true, nil, position{epoch1, 20}, ""},
		{"unknown, and too much", blended{received: 11, unknown: true}, true, nil, position{epoch1, 20}, "more than"},
		{"restarted", blended{received: 7, restarted: true}, false, nil, position{epoch1, 20}, ""},
		{"ended in order", blended{received: 7, told: 3}, false, func(l *logTruth) { l.lives[0].known, l.lives[0].end = true, 15 }, position{epoch2, 5}, ""},
		{"ended in order, one too few", blended{received: 7, told: 3}, false, func(l *logTruth) { l.lives[0].known, l.lives[0].end = true, 15 }, position{epoch2, 6}, "too few"},
		{"killed, and told", blended{received: 7, unknown: true}, false, func(l *logTruth) { l.lives[0].killed = true }, position{epoch2, 5}, ""},
		{"killed, and not told", blended{received: 7}, false, func(l *logTruth) { l.lives[0].killed = true }, position{epoch2, 5}, "no loss of unknown number"},
	} {
		w := testWorld()
		l := w.truth.log(0, 0)
		l.life(epoch1)
		if c.old != nil {
			c.old(l)
		}
		c.got.began = []position{{epoch1, 10}}
		err := c.got.check(w, &quiet{w: w, final: [][]position{{c.final}}}, 0, c.mayUnknown)
		wantError(t, c.what, err, c.want)
	}
	b := blended{at: []position{{epoch1, 10}}}
	wantError(t, "in order", b.place(0, position{epoch1, 12}), "")
	wantError(t, "once more", b.place(0, position{epoch1, 12}), "had been read to")
}
