package replay_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless/replay"
)

func TestPace(t *testing.T) {
	s := time.Second
	data := line(0, "0") + line(s, "1") + line(s, "1") + "no time\n" + line(61*s, "61") + line(60*s, "back") + line(62*s, "62") +
		line(-time.Hour, "set back") + line(-time.Hour+s, "on")
	for _, c := range []struct {
		name  string
		speed float64
		idle  time.Duration
		want  []time.Duration
	}{
		{"as recorded", 1, 0, []time.Duration{0, s, s, s, 61 * s, 61 * s, 62 * s, 62 * s, 63 * s}},
		{"ten times", 10, 0, []time.Duration{0, s / 10, s / 10, s / 10, 6100 * time.Millisecond, 6100 * time.Millisecond, 6200 * time.Millisecond, 6200 * time.Millisecond, 6300 * time.Millisecond}},
		{"half", 0.5, 0, []time.Duration{0, 2 * s, 2 * s, 2 * s, 122 * s, 122 * s, 124 * s, 124 * s, 126 * s}},
		{"idle limit", 1, 2 * s, []time.Duration{0, s, s, s, 3 * s, 3 * s, 4 * s, 4 * s, 5 * s}},
		{"idle limit and speed", 10, 2 * s, []time.Duration{0, s / 10, s / 10, s / 10, 2100 * time.Millisecond, 2100 * time.Millisecond, 2200 * time.Millisecond, 2200 * time.Millisecond, 2300 * time.Millisecond}},
		{"at once", 0, 0, make([]time.Duration, 9)},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := file(t, "f", data)
			synctest.Test(t, func(t *testing.T) {
				got := replayed(t, replay.Config{Files: []string{path}, Speed: c.speed, IdleLimit: c.idle})
				if len(got.at) != len(c.want) {
					t.Fatalf("records %q", got.records)
				}
				for i := range c.want {
					if got.at[i] != c.want[i] {
						t.Errorf("record %q came after %v, want %v", got.records[i], got.at[i], c.want[i])
					}
				}
			})
		})
	}
}

// Whoever takes late makes the replay late, and it does not hurry.
func TestPaceLateTaker(t *testing.T) {
	path := file(t, "f", line(0, "0")+line(time.Second, "1")+line(2*time.Second, "2")+line(3*time.Second, "3"))
	synctest.Test(t, func(t *testing.T) {
		s, err := replay.New(replay.Config{Files: []string{path}, Speed: 1, Inbox: 1})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = s.Run(t.Context()) }()
		time.Sleep(time.Minute) // of the bubble's clock
		began := time.Now()
		for i, want := range []time.Duration{0, 0, time.Second, 2 * time.Second} {
			b, err := s.Take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := time.Since(began); got != want || string(b.Records[0].Data)+"\n" != line(time.Duration(i)*time.Second, fmt.Sprint(i)) {
				t.Errorf("record %d, %s, came after %v, want %v", i, b.Records[0].Data, got, want)
			}
			b.Release()
		}
		if _, err := s.Take(t.Context()); !errors.Is(err, stream.ErrClosed) {
			t.Errorf("at the end: %v", err)
		}
	})
}

// The keys of the client: a pause pauses, the speed changes in the middle of a
// pause between records, and skip ends one.
func TestControl(t *testing.T) {
	s := time.Second
	path := file(t, "f", line(0, "0")+line(100*s, "100")+line(200*s, "200")+line(1000*s, "1000")+line(1001*s, "1001"))
	synctest.Test(t, func(t *testing.T) {
		source, err := replay.New(replay.Config{Files: []string{path}, Speed: 1, Location: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = source.Run(t.Context()) }()
		began := time.Now()
		take := func(msg string, want time.Duration) {
			t.Helper()
			b, err := source.Take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer b.Release()
			if got := record.Parse(b.Records[0].Data).Msg; got != msg || time.Since(began) != want {
				t.Errorf("record %q after %v, want %q after %v", got, time.Since(began), msg, want)
			}
			synctest.Wait()
		}
		take("0", 0)
		time.Sleep(40 * s)
		if note := source.Faster(); !strings.Contains(note, "replay 2×") || !strings.Contains(note, "next at 12:01:40") {
			t.Errorf("note %q", note)
		}
		take("100", 40*s+30*s) // 60 s were left, at twice the speed
		time.Sleep(10 * s)
		if note := source.Pause(); !strings.Contains(note, "replay 2× paused · at 2026-03-01 12:01:40") {
			t.Errorf("note %q", note)
		}
		time.Sleep(time.Hour)
		source.Slower()
		source.Pause()
		take("200", 40*s+30*s+10*s+time.Hour+80*s)
		time.Sleep(s)
		source.SkipPause()
		take("1000", 40*s+30*s+10*s+time.Hour+80*s+s)
		take("1001", 40*s+30*s+10*s+time.Hour+80*s+2*s)
		if note := source.Note(); note != "replay ended · at 2026-03-01 12:16:41" {
			t.Errorf("note %q", note)
		}
		for range 20 {
			source.Faster()
		}
		if note := source.Slower(); !strings.Contains(note, "replay ended") {
			t.Errorf("note %q", note)
		}
	})
}
