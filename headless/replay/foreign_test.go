package replay_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/moment"
	"sluice/headless/replay"
)

// zap is a record as zap writes it, so long after start.
func zap(after time.Duration, msg string) string {
	at := start.Add(after)
	return fmt.Sprintf(`{"level":"info","ts":%d.%06d,"caller":"a/b.go:1","msg":%q}`+"\n", at.Unix(), at.Nanosecond()/1e3, msg)
}

// log4j is a line as log4j's usual pattern writes it.
func log4j(after time.Duration, msg string) string {
	return start.Add(after).In(time.Local).Format("2006-01-02 15:04:05,000") + " INFO  [main] a.b.C - " + msg + "\n"
}

// Recordings of other loggers, and of text, are merged by their times, as bunyan's
// are.
func TestMergeOfOtherLoggers(t *testing.T) {
	ms := time.Millisecond
	a := file(t, "a", zap(0, "a0")+zap(400*ms, "a4")+zap(600*ms, "a6"))
	b := file(t, "b", zap(100*ms, "b1")+zap(500*ms, "b5"))
	c := file(t, "c", log4j(200*ms, "c2")+log4j(700*ms, "c7"))
	d := file(t, "d", line(300*ms, "d3"))
	got := replayed(t, replay.Config{Files: []string{a, b, c, d}})
	wantRecords(t, got, "a0", "b1", log4j(200*ms, "c2")[:len(log4j(0, "c2"))-1], "d3", "a4", "b5", "a6", log4j(700*ms, "c7")[:len(log4j(0, "c7"))-1])
	if got.lines[0]+"\n" != zap(0, "a0") {
		t.Errorf("the record left as %q", got.lines[0])
	}
}

func TestPaceOfOtherLoggers(t *testing.T) {
	s := time.Second
	path := file(t, "f", zap(0, "0")+zap(1500*time.Millisecond, "1")+log4j(3*s, "3"))
	synctest.Test(t, func(t *testing.T) {
		got := replayed(t, replay.Config{Files: []string{path}, Speed: 1})
		for i, want := range []time.Duration{0, 1500 * time.Millisecond, 3 * s} {
			if got.at[i] != want || !got.arrived[i].Equal(start.Add(want)) {
				t.Errorf("record %q came after %v, as of %v, want %v", got.records[i], got.at[i], got.arrived[i], want)
			}
		}
	})
}

// A time of day, or one before the end, is found in them, too.
func TestWindowOfOtherLoggers(t *testing.T) {
	s := time.Second
	path := file(t, "f", zap(0, "0")+zap(10*s, "1")+zap(20*s, "2")+zap(30*s, "3"))
	from, err := moment.Parse("+10s")
	if err != nil {
		t.Fatal(err)
	}
	to, err := moment.Parse("-5s")
	if err != nil {
		t.Fatal(err)
	}
	wantRecords(t, replayed(t, replay.Config{Files: []string{path}, From: from, To: to}), "1", "2")
}
