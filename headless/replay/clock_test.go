package replay_test

import (
	"testing"
	"testing/synctest"
	"time"

	"sluice/headless/replay"
)

// The clock of a replay goes by the recording: at its speed, not while it is paused,
// and no further than the next record.
func TestRecordTime(t *testing.T) {
	s := time.Second
	path := file(t, "f", line(0, "0")+line(100*s, "100")+line(-time.Hour, "set back")+line(-time.Hour+100*s, "on"))
	synctest.Test(t, func(t *testing.T) {
		source, err := replay.New(replay.Config{Files: []string{path}, Speed: 10})
		if err != nil {
			t.Fatal(err)
		}
		if at := source.RecordTime(); !at.IsZero() {
			t.Fatalf("before the first record it is %v", at)
		}
		go func() { _ = source.Run(t.Context()) }()
		for _, step := range []struct {
			do   func()
			wait time.Duration
			want time.Duration
		}{
			{func() {}, 0, 0},
			{func() {}, 2 * s, 20 * s},
			{func() { source.Pause() }, time.Minute, 20 * s},
			{func() { source.Pause() }, s, 30 * s},
			{func() { source.Faster() }, s, 50 * s},
			{func() { source.SkipPause() }, 0, -time.Hour}, // 100 has come, and what is set back at once
			{func() {}, s, -time.Hour + 20*s},
			{func() {}, time.Hour, -time.Hour + 100*s},
		} {
			synctest.Wait()
			step.do()
			time.Sleep(step.wait) // of the bubble's clock
			synctest.Wait()
			if b := source.TryTake(); b != nil {
				b.Release()
			}
			// A pause that is still going on ends a millisecond before its record.
			if got := source.RecordTime().Sub(start); (got - step.want).Abs() > time.Millisecond {
				t.Fatalf("it is %v, want %v", got, step.want)
			}
		}
	})
}

// Without a pace it is the time of the newest record.
func TestRecordTimeAtFullSpeed(t *testing.T) {
	path := file(t, "f", line(0, "0")+line(time.Hour, "1"))
	synctest.Test(t, func(t *testing.T) {
		source, err := replay.New(replay.Config{Files: []string{path}})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = source.Run(t.Context()) }()
		synctest.Wait()
		if got := source.RecordTime().Sub(start); got != time.Hour {
			t.Fatalf("it is %v", got)
		}
	})
}
