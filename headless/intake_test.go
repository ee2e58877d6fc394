package headless_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/stream"
	"sluice/headless"
	"sluice/headless/internal/script"
)

var errFull = errors.New("full")

// sink notes what it is handed, and fails before the record "fail".
type sink struct {
	intake *headless.Intake
	got    []string
	lost   int
}

func (s *sink) Record(rec *stream.Record) error {
	if string(rec.Data) == "fail" {
		return errFull
	}
	s.got = append(s.got, string(rec.Data))
	return s.intake.Taken(rec.Data)
}

func (s *sink) Notice(*stream.Notice) error {
	s.got = append(s.got, "notice")
	return nil
}

func (s *sink) Flush() error {
	s.got = append(s.got, "|")
	return nil
}

func (s *sink) Unwritten(records []stream.Record, notices []stream.Notice) {
	s.lost += len(records) + len(notices)
}

// ticking is a sink with work of its own, twice a second.
type ticking struct {
	sink
	ticks int
}

func (s *ticking) Due(time.Time) (time.Duration, error) {
	s.ticks++
	return time.Second / 2, nil
}

func notices(at ...int) (all []stream.Notice) {
	for _, n := range at {
		all = append(all, stream.Notice{At: n})
	}
	return all
}

func TestIntake(t *testing.T) {
	live := []stream.Status{{Name: "vm-1", State: stream.StateLive}}
	for _, tt := range []struct {
		name   string
		goal   headless.Goal
		states []stream.Status
		data   []string
		at     []int // of notices
		want   []string
		lost   int
		err    error
	}{
		{name: "the source ends", data: []string{"a", "b"}, want: []string{"a", "b", "|"}, err: script.ErrOver},
		{name: "notices in their places", data: []string{"a", "b"}, at: []int{0, 1, 2}, want: []string{"notice", "a", "notice", "b", "notice", "|"}, err: script.ErrOver},
		{name: "count", goal: headless.Goal{Count: 2}, data: []string{"a", "b", "c"}, at: []int{2}, want: []string{"a", "b"}, err: headless.ErrMet},
		{name: "match", goal: headless.Goal{Until: regexp.MustCompile("^b")}, data: []string{"a", "b", "c"}, want: []string{"a", "b"}, err: headless.ErrMet},
		{name: "some time after the match", goal: headless.Goal{Count: 1, After: time.Second}, data: []string{"a", "b"}, want: []string{"a", "b", "|"}, err: headless.ErrMet},
		{name: "time", goal: headless.Goal{For: time.Second}, states: live, data: []string{"a"}, want: []string{"a", "|"}},
		{name: "time before the count", goal: headless.Goal{For: time.Second, Count: 2}, states: live, data: []string{"a"}, want: []string{"a", "|"}, err: headless.ErrNotMet},
		{name: "time without a source", goal: headless.Goal{For: time.Second}, data: []string{"a"}, want: []string{"a", "|"}, err: headless.ErrNotConnected},
		{name: "the sink fails", data: []string{"a", "fail", "c", "d"}, at: []int{1, 3}, want: []string{"a", "notice"}, lost: 3, err: errFull},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &script.Source{States: tt.states, Batches: []*stream.Batch{script.Batch(script.Records("s", tt.data...), notices(tt.at...)...)}}
				if tt.goal.For == 0 && tt.goal.After == 0 {
					source.End = script.ErrOver
				}
				if err := tt.goal.Check(); err != nil {
					t.Fatal(err)
				}
				s := &ticking{sink: sink{intake: headless.NewIntake(source, tt.goal)}}
				if err := s.intake.Run(t.Context(), s); !errors.Is(err, tt.err) {
					t.Errorf("Run returned %v, want %v", err, tt.err)
				}
				if !slices.Equal(s.got, tt.want) || s.lost != tt.lost {
					t.Errorf("handed on %q, and %d unwritten; want %q, and %d", s.got, s.lost, tt.want, tt.lost)
				}
			})
		})
	}
}

// What arrives while a sink fails is counted, too.
func TestIntakeAbandons(t *testing.T) {
	source := &script.Source{End: script.ErrOver, Batches: []*stream.Batch{
		script.Batch(script.Records("s", "fail")), script.Batch(script.Records("s", "b", "c")),
	}}
	s := &sink{intake: headless.NewIntake(source, headless.Goal{})}
	if err := s.intake.Run(t.Context(), s); !errors.Is(err, errFull) || s.lost != 2 {
		t.Errorf("Run returned %v, %d unwritten", err, s.lost)
	}
}

// A sink with work of its own is not kept waiting for records, and what has
// arrived when the context ends is taken.
func TestIntakeDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second+time.Millisecond)
		defer cancel()
		source := &script.Source{}
		source.Before = func(int) {
			if ctx.Err() != nil {
				source.Batches = []*stream.Batch{script.Batch(script.Records("s", "last"))}
			}
		}
		s := &ticking{sink: sink{intake: headless.NewIntake(source, headless.Goal{})}}
		if err := s.intake.Run(ctx, s); err != nil {
			t.Errorf("Run returned %v", err)
		}
		if s.ticks < 7 || s.ticks > 9 || !slices.Equal(s.got, []string{"last", "|"}) {
			t.Errorf("%d ticks, and %q", s.ticks, s.got)
		}
	})
}

func TestGoalChecks(t *testing.T) {
	for _, goal := range []headless.Goal{{Count: -1}, {For: -1}, {After: -1}, {After: time.Second}} {
		if goal.Check() == nil {
			t.Errorf("%+v was accepted", goal)
		}
	}
}
