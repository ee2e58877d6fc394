package recorder_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless/internal/script"
	"sluice/headless/recorder"
)

// have sets how much is free on the disk.
func (d *memDisk) have(room int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = room
}

// A recording into rotated files goes on when its disk is full, and says in them what is
// missing, where it is missing.
func TestRotatedRecordingOutlivesAFullDisk(t *testing.T) {
	for _, out := range []string{"out.ndjson", "out.ndjson.gz", "out.ndjson.zst", "{stream}/out.ndjson"} {
		for _, room := range []int{0, 40, 1000, 3000} {
			t.Run(fmt.Sprintf("%s, %d bytes", out, room), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { outlive(t, out, room) })
			})
		}
	}
}

func outlive(t *testing.T, out string, room int) {
	d := newMemDisk()
	d.have(room)
	streams := []string{"s", "t"}
	source := &steps{play: play{Source: script.Source{End: script.ErrOver}}}
	sent := 0
	for i := range 60 {
		b := &stream.Batch{}
		for _, name := range streams {
			for n := range 5 {
				b.Records = append(b.Records, script.Records(name, fmt.Sprintf(`{"n":%d,"of":%q}`, sent+n, name))...)
			}
		}
		sent += 5
		if i == 15 { // a loss of 7 records before number 80, while the disk may be full
			b.Notices = []stream.Notice{gap(len(b.Records), "s", 7, false)}
		}
		step := step{after: 200 * time.Millisecond, batch: b}
		switch i {
		case 30, 50:
			step.do = func() { d.have(-1) }
		case 40:
			step.do = func() { d.have(10) }
		}
		source.next = append(source.next, step)
	}
	s, err := recorded(t, d, recorder.Config{Source: source, Out: out, Streams: streams, Rotate: 3 * time.Second})
	if !errors.Is(err, script.ErrOver) {
		t.Fatalf("it ended with %v", err)
	}
	names := d.names()
	slices.Sort(names)
	next := map[string]int{}
	told, records, gaps := 0, 0, 0
	for _, name := range names {
		marked := "" // in each file anew
		for _, line := range d.lines(t, name) {
			if stream, ok := record.ParseStreamMark([]byte(line)); ok {
				marked = stream
				continue
			}
			var l struct {
				N       *int
				Of      string
				Stream  string
				Dropped int
				Msg     string
			}
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatalf("%s: %q: %v", name, line, err)
			}
			switch {
			case l.N != nil && marked != l.Of && !strings.HasPrefix(out, "{stream}"):
				t.Fatalf("%s: number %d of %s is marked as of %q", name, *l.N, l.Of, marked)
			case l.N != nil && *l.N != next[l.Of]:
				t.Fatalf("%s: number %d of %s, want %d", name, *l.N, l.Of, next[l.Of])
			case l.N != nil:
				next[l.Of]++
				records++
			case strings.Contains(l.Msg, "the disk was full"):
				missing := l.Dropped
				if at := next["s"]; l.Stream == "s" && gaps == 0 && at <= 80 && at+missing >= 80+7 {
					gaps++
					missing -= 7 // the line about the loss was not taken either
				}
				next[l.Stream] += missing
				told += missing
			default:
				gaps++
			}
		}
	}
	if next["s"] != sent || next["t"] != sent {
		t.Errorf("the files account for %v of %d", next, sent)
	}
	if gaps != 1 || told == 0 || s.Unwritten != uint64(told) || s.Records != uint64(records) || s.Dropped != 7 {
		t.Errorf("%d records are there and %d are told as missing; the summary is %+v", records, told, s.Counts)
	}
}

// A disk that is full at the end fails the recording, as ever.
func TestFullDiskAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemDisk()
		d.have(100)
		source := &steps{play: play{Source: script.Source{End: script.ErrOver}}}
		for i := range 20 {
			source.next = append(source.next, step{after: 300 * time.Millisecond, batch: script.Batch(script.Records("s", fmt.Sprintf(`{"n":%d}`, i)))})
		}
		s, err := recorded(t, d, recorder.Config{Source: source, Out: "out.ndjson", Rotate: time.Hour, Count: 20})
		if !errors.Is(err, syscall.ENOSPC) || s.Unwritten == 0 || s.Records+s.Unwritten != 20 {
			t.Errorf("%v; the summary is %+v", err, s)
		}
	})
}

// A recording that was whole in the end, but not all the time, does not end well.
func TestFullDiskIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemDisk()
		d.have(0)
		source := &steps{play: play{Source: script.Source{End: script.ErrOver}}}
		for i := range 20 {
			one := step{after: 300 * time.Millisecond, batch: script.Batch(script.Records("s", fmt.Sprintf(`{"n":%d}`, i)))}
			if i == 10 {
				one.do = func() { d.have(-1) }
			}
			source.next = append(source.next, one)
		}
		s, err := recorded(t, d, recorder.Config{Source: source, Out: "out.ndjson", Rotate: time.Hour, Count: 20})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d records were not written, since the disk was full", s.Unwritten)) || s.Unwritten == 0 {
			t.Errorf("%v; the summary is %+v", err, s)
		}
	})
}
