package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
)

// What is checked with here has to find what is wrong: each test has something
// that is right, and the same with one thing wrong.

func TestRecord(t *testing.T) {
	for _, size := range []int{0, minRecord, 5000, maxRecord, maxRecord + 70_000, 2*maxRecord + 7} {
		for _, n := range []uint64{0, 99, 262_000} {
			id := identity{publisher: 11, connection: 207, stream: 3, number: n}
			rec := appendRecord([]byte("x"), id, size, time.Now())[1:]
			if size > minRecord && len(rec) != size {
				t.Errorf("a record of %d bytes, want %d", len(rec), size)
			}
			got, err := parseRecord(rec)
			if err != nil || got != id {
				t.Errorf("parsed as %+v, %v", got, err)
			}
			for _, at := range []int{len(recordHead) + 2, len(rec) / 2, len(rec) - 5, len(rec) - 1} {
				bad := bytes.Clone(rec)
				bad[at] ^= 1
				if _, err := parseRecord(bad); err == nil {
					t.Errorf("a wrong byte at %d of %d is not found", at, len(rec))
				}
			}
			if _, err := parseRecord(rec[:len(rec)-1]); err == nil {
				t.Error("a missing byte is not found")
			}
		}
	}
}

const epoch1, epoch2 = 11, 22

// testLog is the truth of one log, with one publisher, number 1.
func testLog(trusted trust, sent int) *logTruth {
	l := newTruth(1, 1).log(0, 0)
	n := &numbers{trust: trusted}
	n.open()
	l.numbers[1] = n
	for range sent {
		n.send(false)
	}
	return l
}

func see(t *testing.T, l *logTruth, epoch, seq, number uint64) {
	t.Helper()
	if err := l.saw(position{epoch, seq}, identity{1, 1, 0, number}); err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, what string, err error, text string) {
	t.Helper()
	switch {
	case text == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case text != "" && (err == nil || !strings.Contains(err.Error(), text)):
		t.Errorf("%s: got %v, want one of %q", what, err, text)
	}
}

func TestTruthAgrees(t *testing.T) {
	l := testLog(trustConnection, 5)
	see(t, l, epoch1, 7, 2)
	see(t, l, epoch1, 7, 2)
	for _, c := range []struct {
		what        string
		seq, number uint64
	}{
		{"another record at the same position", 7, 3},
		{"the same record at another position", 8, 2},
		{"a record that was not sent", 9, 5},
	} {
		if l.saw(position{epoch1, c.seq}, identity{1, 1, 0, c.number}) == nil {
			t.Errorf("%s is not found", c.what)
		}
	}
	if l.saw(position{epoch2, 7}, identity{1, 1, 0, 2}) == nil {
		t.Error("the same record in another epoch is not found")
	}
}

func TestTruthAtAQuietPoint(t *testing.T) {
	for _, c := range []struct {
		what   string
		trust  trust
		seen   [][2]uint64 // sequence number, record; of 4 records
		end    uint64
		change func(n *numbers)
		want   string
	}{
		{what: "all there", seen: [][2]uint64{{0, 0}, {1, 1}, {2, 2}, {3, 3}}, end: 4},
		{what: "one seen by nobody", seen: [][2]uint64{{0, 0}, {2, 2}, {3, 3}}, end: 4},
		{what: "one that stands nowhere", seen: [][2]uint64{{0, 0}, {1, 2}, {2, 3}}, end: 3, want: "stand nowhere"},
		{what: "the last stands nowhere", seen: [][2]uint64{{0, 0}, {1, 1}, {2, 2}}, end: 3, want: "stand nowhere"},
		{
			what: "the last of a broken connection", seen: [][2]uint64{{0, 0}, {1, 1}, {2, 2}}, end: 3,
			change: func(n *numbers) { n.ended(false) },
		},
		{
			what: "an acknowledged one of a broken connection", seen: [][2]uint64{{0, 0}, {1, 1}, {2, 2}}, end: 3,
			change: func(n *numbers) { n.parts[0].acked = 4; n.ended(false) }, want: "stand nowhere",
		},
		{what: "more in the log than was sent", seen: [][2]uint64{{0, 0}, {1, 1}, {2, 2}, {4, 3}}, end: 5, want: "only 0 records can stand"},
		{what: "beyond the end", seen: [][2]uint64{{0, 0}, {1, 1}, {2, 2}, {3, 3}}, end: 3, want: "whose next is 3"},
		{what: "in another order", seen: [][2]uint64{{0, 0}, {1, 2}, {2, 1}, {3, 3}}, end: 4, want: "one after it"},
		{
			what: "one that had to be refused", seen: [][2]uint64{{0, 0}, {1, 1}, {2, 2}, {3, 3}}, end: 4,
			change: func(n *numbers) { n.refused = map[uint64]bool{2: true} }, want: "had to be refused",
		},
		{
			what: "one that was refused", seen: [][2]uint64{{0, 0}, {1, 1}, {2, 3}}, end: 3,
			change: func(n *numbers) { n.refused = map[uint64]bool{2: true} },
		},
		{what: "of a socket that drops", trust: trustNothing, seen: [][2]uint64{{0, 0}, {1, 3}}, end: 2},
	} {
		l := testLog(c.trust, 4)
		for _, s := range c.seen {
			see(t, l, epoch1, s[0], s[1])
		}
		if c.change != nil {
			c.change(l.numbers[1])
		}
		wantError(t, c.what, l.check(position{epoch1, c.end}, false, false), c.want)
	}
}

func TestTruthAcrossARestart(t *testing.T) {
	for _, c := range []struct {
		what   string
		ending func(e *life)
		seen   [][3]uint64 // epoch, sequence number, record; of 4 records
		want   string
	}{
		{"ended in order", func(e *life) { e.ended, e.known, e.end = true, true, 2 }, [][3]uint64{{epoch1, 0, 0}, {epoch1, 1, 1}, {epoch2, 0, 2}, {epoch2, 1, 3}}, ""},
		{"ended in order, and one stands behind it", func(e *life) { e.ended, e.known, e.end = true, true, 1 }, [][3]uint64{{epoch1, 0, 0}, {epoch1, 1, 1}, {epoch2, 0, 2}, {epoch2, 1, 3}}, "which ended at 1"},
		{"ended without a word", func(e *life) { e.ended = true }, [][3]uint64{{epoch1, 0, 0}, {epoch1, 1, 1}, {epoch2, 0, 2}, {epoch2, 1, 3}}, "no X-BYE"},
		{"killed", func(e *life) { e.killed = true }, [][3]uint64{{epoch1, 0, 0}, {epoch2, 0, 2}, {epoch2, 1, 3}}, ""},
	} {
		l := testLog(trustConnection, 2)
		n := l.numbers[1]
		n.ended(false)
		n.open()
		n.send(false)
		n.send(false)
		for _, s := range c.seen {
			see(t, l, s[0], s[1], s[2])
		}
		c.ending(l.lives[0])
		wantError(t, c.what, l.check(position{epoch2, 2}, l.lives[0].killed, true), c.want)
	}
}

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

// testWorld has one machine and one stream.
func testWorld() *world {
	w := &world{streams: []string{"s"}, machines: []*machine{{server: &server{name: "vm-1"}}}, truth: newTruth(1, 1)}
	w.rnd = newRand(1)
	n := &numbers{}
	n.open()
	for range 10 {
		n.send(false)
	}
	w.truth.log(0, 0).numbers[1] = n
	return w
}

func TestDirect(t *testing.T) {
	begin := stream.Notice{Kind: stream.KindPosition, Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: epoch1, Seq: 5}}
	again := begin
	again.Position = stream.Position{Epoch: epoch2, Seq: 1}
	lost := func(n uint64, unknown bool) stream.Notice {
		return stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Count: n, Unknown: unknown}
	}
	type at struct{ epoch, seq, number uint64 }
	for _, c := range []struct {
		what  string
		got   []any
		old   func(e *life) // how the first epoch ended
		final position
		want  string
	}{
		{"in order", []any{begin, at{epoch1, 5, 0}, at{epoch1, 6, 1}}, nil, position{epoch1, 7}, ""},
		{"one left out", []any{begin, at{epoch1, 5, 0}, at{epoch1, 7, 1}}, nil, position{epoch1, 8}, "the one expected"},
		{"one told as lost", []any{begin, at{epoch1, 5, 0}, lost(1, false), at{epoch1, 7, 1}}, nil, position{epoch1, 8}, ""},
		{"two told as lost", []any{begin, at{epoch1, 5, 0}, lost(2, false), at{epoch1, 7, 1}}, nil, position{epoch1, 8}, "the one expected"},
		{"the last told as lost", []any{begin, at{epoch1, 5, 0}, lost(2, false)}, nil, position{epoch1, 8}, ""},
		{"the last not told", []any{begin, at{epoch1, 5, 0}}, nil, position{epoch1, 8}, "and the log at"},
		{"twice", []any{begin, at{epoch1, 5, 0}, at{epoch1, 5, 0}}, nil, position{epoch1, 6}, "came after"},
		{"a record before a position", []any{at{epoch1, 5, 0}}, nil, position{epoch1, 6}, "before a KindPosition"},
		{
			"ended in order",
			[]any{begin, at{epoch1, 5, 0}, lost(3, false), again, at{epoch2, 1, 3}},
			func(e *life) { e.ended, e.known, e.end = true, true, 8 },
			position{epoch2, 2},
			"",
		},
		{
			"ended in order, told too little",
			[]any{begin, at{epoch1, 5, 0}, lost(2, false), again, at{epoch2, 1, 3}},
			func(e *life) { e.ended, e.known, e.end = true, true, 8 },
			position{epoch2, 2},
			"told as lost",
		},
		{
			"ended in order, told as unknown",
			[]any{begin, at{epoch1, 5, 0}, lost(1, true), again, at{epoch2, 1, 3}},
			func(e *life) { e.ended, e.known, e.end = true, true, 8 },
			position{epoch2, 2},
			"unknown number",
		},
		{
			"killed",
			[]any{begin, at{epoch1, 5, 0}, lost(1, true), again, at{epoch2, 1, 3}},
			func(e *life) { e.killed = true },
			position{epoch2, 2},
			"",
		},
		{
			"killed, and not told",
			[]any{begin, at{epoch1, 5, 0}, lost(1, false), again, at{epoch2, 1, 3}},
			func(e *life) { e.killed = true },
			position{epoch2, 2},
			"no unknown gap",
		},
	} {
		w := testWorld()
		w.closers = nil
		d := &directReader{tally: newTally(w, kindDirect, "direct", -1), at: [][]cursor{{{}}}}
		var err error
		for _, g := range c.got {
			b := &stream.Batch{}
			switch g := g.(type) {
			case stream.Notice:
				b.Notices = append(b.Notices, g)
			case at:
				b.Records = append(b.Records, stream.Record{
					Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: g.epoch, Seq: g.seq},
					Data: appendRecord(nil, identity{1, 1, 0, g.number}, 0, time.Now()),
				})
			}
			if err == nil {
				err = d.batch(b)
			}
		}
		if c.old != nil {
			c.old(w.truth.log(0, 0).lives[0])
		}
		if err == nil {
			err = d.check(&quiet{w: w, final: [][]position{{c.final}}})
		}
		wantError(t, c.what, err, c.want)
	}
}

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
		{"anew", blended{received: 7, anew: true}, false, nil, position{epoch1, 20}, ""},
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
