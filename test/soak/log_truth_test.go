package main

import (
	"strings"
	"testing"
)

const epoch1, epoch2 = 11, 22

// testLog is the truth of one log, with one publisher, number 1.
func testLog(trusted trust, sent int) *logTruth {
	l := newTruth(1, 1).log(0, 0)
	n := &numbers{trust: trusted}
	n.open()
	l.numbers[1] = n
	for range sent {
		n.send(accepted)
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
			change: func(n *numbers) { n.fates = map[uint64]fate{2: discarded} }, want: "had to be refused",
		},
		{
			what: "one that was refused", seen: [][2]uint64{{0, 0}, {1, 1}, {3, 3}}, end: 4,
			change: func(n *numbers) { n.fates = map[uint64]fate{2: refused} },
		},
		{
			what: "one that was refused, and takes no number", seen: [][2]uint64{{0, 0}, {1, 1}, {2, 3}}, end: 3,
			change: func(n *numbers) { n.fates = map[uint64]fate{2: refused} }, want: "stand nowhere",
		},
		{
			what: "one that is no record, and takes a number", seen: [][2]uint64{{0, 0}, {1, 1}, {3, 3}}, end: 4,
			change: func(n *numbers) { n.fates = map[uint64]fate{2: discarded} }, want: "only 0 records can stand",
		},
		{
			what: "one that is no record", seen: [][2]uint64{{0, 0}, {1, 1}, {2, 3}}, end: 3,
			change: func(n *numbers) { n.fates = map[uint64]fate{2: discarded} },
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
		n.send(accepted)
		n.send(accepted)
		for _, s := range c.seen {
			see(t, l, s[0], s[1], s[2])
		}
		c.ending(l.lives[0])
		wantError(t, c.what, l.check(position{epoch2, 2}, l.lives[0].killed, true), c.want)
	}
}
